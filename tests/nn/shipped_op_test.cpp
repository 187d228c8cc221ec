#include "catch.hpp"

#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/op_list.hpp>
#include <ebb/nn/layers/attention_ops.hpp>
#include <ebb/nn/layers/conv_images.hpp>
#include <ebb/nn/layers/conv_unfold.hpp>
#include <ebb/nn/layers/pool.hpp>
#include <ebb/nn/losses/ctc.hpp>
#include <ebb/nn/sequence/packing.hpp>
#include <ebb/nn/shipped_op.hpp>
#include <limits>

#pragma GCC diagnostic error "-Wswitch"  // an op without a sample does not compile

namespace shipped_op_test {

using namespace ebb;

namespace {

using Vars = const std::vector<Var>&;
using detail::Windows;

detail::Seen seen() { return {Lengths({2}, {3, 1}), 1}; }  // two rows of up to three keys

constexpr Windows tall{5, 3, 2, 1, 1, 1}, wide{3, 2, 1, 2, 1, 2};  // a stride, uneven padding, dilation

OpSample sample(NnOp op) {
  switch (op) {
    case NnOp::attention_scores:
      return {"attention scores",
              [](Vars in) { return square(detail::scores(in[0], in[1], seen())); },
              {{{2, 2, 4}, {3, 2, 4}}}};
    case NnOp::attention_mix:
      return {
          "attention mix", [](Vars in) { return square(detail::mix(in[0], in[1], seen())); }, {{{2, 2, 3}, {3, 2, 4}}}};
    case NnOp::attention_softmax:
      return {"attention softmax",
              [](Vars in) {
                return square(detail::seen_softmax(in[0], seen(), true)) + detail::seen_softmax(in[0], seen(), false);
              },
              {{{2, 3, 3}}}};
    case NnOp::unfold_steps:
      return {"unfold steps",
              [](Vars in) { return square(detail::unfold_steps(in[0], Windows{5, 3, 2, 1, 1, 1})); },
              {{{5, 2, 3}}}};
    case NnOp::conv2d:
      return {"conv2d",
              [](Vars in) { return square(detail::convolve_images(in[0], in[1], tall, wide)); },
              {{{2, 2, 5, 3}, {2 * 3 * 2, 3}}}};
    case NnOp::conv2d_input:
      return {"conv2d_input",
              [](Vars in) { return square(detail::convolve_images_input(in[0], in[1], tall, wide)); },
              {{{2, 3, 3, 4}, {2 * 3 * 2, 3}}}};
    case NnOp::conv2d_weight:
      return {"conv2d_weight",
              [](Vars in) { return square(detail::convolve_images_weight(in[0], in[1], tall, wide)); },
              {{{2, 2, 5, 3}, {2, 3, 3, 4}}}};
    case NnOp::max_pool:
      return {"max_pool",
              [](Vars in) { return square(max_pool2d(in[0], {.kernel = {2, 3}, .stride = 1, .padding = 1})); },
              {{{1, 2, 3, 4}}}};
    case NnOp::mean_pool:
      return {"mean_pool",
              [](Vars in) { return square(mean_pool2d(in[0], {.kernel = 2, .stride = {1, 2}, .padding = 1})); },
              {{{1, 2, 3, 4}}}};
    case NnOp::unpack:
      return {"unpack",
              [](Vars in) { return square(unpack(Packed{in[0], Packing(Lengths({3}, {3, 1, 2}), 3)}).all()); },
              {{{6, 2}}}};
    case NnOp::ctc:
      return {
          "ctc",
          [](Vars in) { return ctc(in[0], Lengths({2}, {4, 3}), Tokens({2, 2}, {1, 1, 2, 0}), Lengths({2}, {2, 1})); },
          {{{4, 2, 3}}}};
    case NnOp::count: break;
  }
  return {};
}

std::vector<Array> drawn(const OpSample& op) {
  std::vector<Array> in;
  for (std::size_t k = 0; k < op.shapes[0].size(); ++k)
    in.push_back(uniform(op.shapes[0][k], Key{3}.named(op.name).at(k), op.low, op.high, f64));
  return in;
}

template <class F> void each(const F& f) {
  for (int k = 0; k < static_cast<int>(NnOp::count); ++k) f(sample(static_cast<NnOp>(k)));
}

}  // namespace

TEST_CASE("every op of nn has the gradient of its value, to second order") {
  each([](const OpSample& op) {
    REQUIRE(op.call);
    const GradcheckReport r = gradcheck(op.call, drawn(op), {.order = 2});
    INFO(op.name << "\n" << r);
    CHECK(r.ok());
  });
}

TEST_CASE("every op of nn has the same gradient on first-order and second-order tapes") {
  each([](const OpSample& op) {
    const GradcheckReport r = gradcheck(op.call, drawn(op), {.order = 1});
    INFO(op.name << "\n" << r);
    CHECK(r.ok());
  });
}

TEST_CASE("every op of nn has the same value and gradient in float32 as in float64") {
  each([](const OpSample& op) {
    INFO(op.name);
    std::vector<Array> seen[2];
    for (int k = 0; k < 2; ++k) {
      Tape tape{{.dtype = k ? f64 : f32}};
      std::vector<Var> v;
      for (const Array& a : drawn(op)) v.push_back(variable(a.to(f32)));
      const Var y = op.call(v);
      seen[k].push_back(y.value().to(f64));
      const Grads g = tape.backward(sum(y));
      for (const Var& x : v) seen[k].push_back(g[x].to(f64));
    }
    for (std::size_t k = 0; k < seen[0].size(); ++k)
      for (std::int64_t i = 0; i < seen[0][k].size(); ++i)
        CHECK(seen[0][k].at_flat(i) == Approx(seen[1][k].at_flat(i)).epsilon(1e-4).margin(1e-4));
  });
}

TEST_CASE("a NaN among the inputs of an op of nn propagates to its result") {
  each([](const OpSample& op) {
    INFO(op.name);
    std::vector<Array> in = drawn(op);
    in[0].set_flat(0, std::numeric_limits<double>::quiet_NaN());
    Tape tape{{.dtype = f64}};
    std::vector<Var> v;
    for (const Array& a : in) v.push_back(constant(a));
    CHECK_FALSE(std::isfinite(sum(op.call(v)).item()));
  });
}

}  // namespace shipped_op_test
