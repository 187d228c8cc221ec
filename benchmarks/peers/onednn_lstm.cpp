// oneDNN's LSTM, forward and backward, as one row of benchmarks/compare (see row.hpp). Its gate order is i f g o, like
// the problem's. It always computes dx, which is not needed but cannot be disabled. The initial state is passed as
// zeros, since without one version 2.6 computes a wrong gradient of Wh.
#include <xmmintrin.h>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "row.hpp"

using dnnl::memory;
using tag = memory::format_tag;

namespace {

class Lstm {
 public:
  Lstm(const compare::Arguments& a, std::vector<float> problem)
      : T_(a.number("T")), B_(a.number("B")), I_(a.number("I")), H_(a.number("H")), engine_(dnnl::engine::kind::cpu, 0),
        stream_(engine_), problem_(std::move(problem)) {
    const memory::desc x = dense({T_, B_, I_}, tag::tnc), y = dense({T_, B_, H_}, tag::tnc);
    const memory::desc Wx_any = dense({1, 1, I_, 4, H_}, tag::any), Wh_any = dense({1, 1, H_, 4, H_}, tag::any);
    const memory::desc bias = dense({1, 1, 4, H_}, tag::ldgo), none;
    const memory::desc start = dense({1, 1, B_, H_}, tag::ldnc);
    using namespace dnnl;
    const lstm_forward::desc forward(prop_kind::forward_training, rnn_direction::unidirectional_left2right, x, start,
                                     start, Wx_any, Wh_any, bias, y, none, none);
    forward_ = lstm_forward::primitive_desc(forward, engine_);
    const lstm_backward::desc backward(prop_kind::backward, rnn_direction::unidirectional_left2right, x, start, start,
                                       Wx_any, Wh_any, bias, y, none, none, x, start, start, Wx_any, Wh_any, bias, y,
                                       none, none);
    backward_ = lstm_backward::primitive_desc(backward, engine_, forward_);
    make_memory(x, y, bias, start);
    run_forward_ = lstm_forward(forward_);
    run_backward_ = lstm_backward(backward_);
  }

  /// Forward, loss, backward; first reorders the weights to oneDNN's layout, as after an optimiser's update.
  void step() {
    move(Wx_, Wx_forward_);
    move(Wh_, Wh_forward_);
    run_forward_.execute(stream_, {{DNNL_ARG_SRC_LAYER, x_},
                                   {DNNL_ARG_SRC_ITER, h0_},
                                   {DNNL_ARG_SRC_ITER_C, c0_},
                                   {DNNL_ARG_WEIGHTS_LAYER, Wx_forward_},
                                   {DNNL_ARG_WEIGHTS_ITER, Wh_forward_},
                                   {DNNL_ARG_BIAS, b_},
                                   {DNNL_ARG_DST_LAYER, y_},
                                   {DNNL_ARG_WORKSPACE, workspace_}});
    stream_.wait();
    loss_ = mean_square();
    for (const memory& m : {dWx_, dWh_, db_}) zero(m);
    move(Wx_, Wx_backward_);
    move(Wh_, Wh_backward_);
    run_backward_.execute(stream_, {{DNNL_ARG_SRC_LAYER, x_},
                                    {DNNL_ARG_SRC_ITER, h0_},
                                    {DNNL_ARG_SRC_ITER_C, c0_},
                                    {DNNL_ARG_WEIGHTS_LAYER, Wx_backward_},
                                    {DNNL_ARG_WEIGHTS_ITER, Wh_backward_},
                                    {DNNL_ARG_BIAS, b_},
                                    {DNNL_ARG_DST_LAYER, y_},
                                    {DNNL_ARG_WORKSPACE, workspace_},
                                    {DNNL_ARG_DIFF_DST_LAYER, dy_},
                                    {DNNL_ARG_DIFF_SRC_LAYER, dx_},
                                    {DNNL_ARG_DIFF_SRC_ITER, dh0_},
                                    {DNNL_ARG_DIFF_SRC_ITER_C, dc0_},
                                    {DNNL_ARG_DIFF_WEIGHTS_LAYER, dWx_},
                                    {DNNL_ARG_DIFF_WEIGHTS_ITER, dWh_},
                                    {DNNL_ARG_DIFF_BIAS, db_}});
    stream_.wait();
    move(dWx_, dWx_plain_);
    move(dWh_, dWh_plain_);
    stream_.wait();
  }

  std::vector<double> numbers() const {
    std::vector<double> all{loss_};
    for (const memory& m : {dWx_plain_, dWh_plain_, db_}) {
      const float* from = static_cast<const float*>(m.get_data_handle());
      all.insert(all.end(), from, from + m.get_desc().get_size() / sizeof(float));
    }
    return all;
  }

 private:
  static memory::desc dense(const memory::dims& dims, tag t) { return {dims, memory::data_type::f32, t}; }

  void make_memory(const memory::desc& x, const memory::desc& y, const memory::desc& bias, const memory::desc& start) {
    float* at = problem_.data();
    const memory::desc Wx = dense({1, 1, I_, 4, H_}, tag::ldigo), Wh = dense({1, 1, H_, 4, H_}, tag::ldigo);
    x_ = memory(x, engine_, at);
    Wx_ = memory(Wx, engine_, at += T_ * B_ * I_);
    Wh_ = memory(Wh, engine_, at += I_ * 4 * H_);
    b_ = memory(bias, engine_, at += H_ * 4 * H_);
    for (memory* m : {&y_, &dy_}) *m = memory(y, engine_);
    dx_ = memory(x, engine_);
    db_ = memory(bias, engine_);
    dWx_plain_ = memory(Wx, engine_);
    dWh_plain_ = memory(Wh, engine_);
    Wx_forward_ = memory(forward_.weights_layer_desc(), engine_);
    Wh_forward_ = memory(forward_.weights_iter_desc(), engine_);
    Wx_backward_ = memory(backward_.weights_layer_desc(), engine_);
    Wh_backward_ = memory(backward_.weights_iter_desc(), engine_);
    dWx_ = memory(backward_.diff_weights_layer_desc(), engine_);
    dWh_ = memory(backward_.diff_weights_iter_desc(), engine_);
    workspace_ = memory(forward_.workspace_desc(), engine_);
    for (memory* m : {&h0_, &c0_, &dh0_, &dc0_}) zero(*m = memory(start, engine_));
    zero(dy_);
  }

  double mean_square() {
    const memory::dim n = B_ * H_, first = (T_ - 1) * n;
    const float* h = static_cast<const float*>(y_.get_data_handle()) + first;
    float* dh = static_cast<float*>(dy_.get_data_handle()) + first;
    double sum = 0;
    for (memory::dim k = 0; k < n; ++k) {
      sum += static_cast<double>(h[k]) * static_cast<double>(h[k]);
      dh[k] = 2 * h[k] / static_cast<float>(n);
    }
    return sum / static_cast<double>(n);
  }

  void move(const memory& from, const memory& to) {
    dnnl::reorder(from, to).execute(stream_, const_cast<memory&>(from), const_cast<memory&>(to));
  }
  static void zero(const memory& m) {
    std::fill_n(static_cast<char*>(m.get_data_handle()), m.get_desc().get_size(), char(0));
  }

  memory::dim T_, B_, I_, H_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<float> problem_;
  dnnl::lstm_forward::primitive_desc forward_;
  dnnl::lstm_backward::primitive_desc backward_;
  dnnl::lstm_forward run_forward_;
  dnnl::lstm_backward run_backward_;
  memory x_, h0_, c0_, dh0_, dc0_, Wx_, Wh_, b_, y_, dy_, dx_, db_, dWx_, dWh_, dWx_plain_, dWh_plain_, workspace_;
  memory Wx_forward_, Wh_forward_, Wx_backward_, Wh_backward_;
  double loss_ = 0;
};

std::string version() {
  const dnnl::version_t* v = dnnl::version();
  return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
}

std::string isa() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41: return "sse4.1";
    case dnnl::cpu_isa::avx: return "avx";
    case dnnl::cpu_isa::avx2: return "avx2";
    case dnnl::cpu_isa::avx2_vnni: return "avx2";
    default: return "avx512";
  }
}

}  // namespace

int main(int argc, char** argv) try {
  _mm_setcsr(_mm_getcsr() | 0x8040);  // denormals are zero, as in Ebb and XLA; threads inherit it
  const compare::Arguments a(argc, argv);
  Lstm lstm(a, compare::read_problem(a.text("problem")));
  lstm.step();
  const std::int64_t end = compare::now();
  compare::write_result(a.text("result"), lstm.numbers());
  compare::print_ready(a, end, version(), isa());
  compare::serve([&] { lstm.step(); });
} catch (const std::exception& e) {
  std::fprintf(stderr, "onednn_lstm: %s\n", e.what());
  return 1;
}
