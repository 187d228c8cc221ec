#include <algorithm>
#include <cmath>
#include <ebb/nn/pattern.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/optim/adam_step.hpp>
#include <ebb/optim/muon.hpp>
#include <ebb/optim/optimizer_list.hpp>

namespace ebb {

namespace {

// Values are scaled to at most 1 before squaring, to avoid overflow and underflow.
template <class T> double scaled_norm(const Array& x) {
  const T* const values = x.data<T>();
  double largest = 0, sum = 0;
  for (std::int64_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(static_cast<double>(values[i])));
  if (!(largest > 0)) return largest;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const double part = static_cast<double>(values[i]) / largest;
    sum += part * part;
  }
  return largest * std::sqrt(sum);
}

// Approximates the orthogonal polar factor of x, using the Gram matrix of the smaller side.
Array orthogonal(Array x, double norm, int iterations) {
  const bool tall = x.dim(0) > x.dim(1);
  scale_in_place(x, 1 / (norm + 1e-7));
  for (int k = 0; k < iterations; ++k) {
    const Array gram = tall ? matmul(x, x, Trans::yes, Trans::no) : matmul(x, x, Trans::no, Trans::yes);
    Array polynomial = matmul(gram, gram) * 2.0315;
    add_scaled_into(polynomial, -4.7750, gram);
    Array next = x * 3.4445;
    if (tall) matmul_into(next, x, polynomial, Trans::no, Trans::no, true);
    else matmul_into(next, polynomial, x, Trans::no, Trans::no, true);
    x = next;
  }
  return x;
}

bool fits_any(const std::string& patterns, const char* name) {
  for (std::size_t at = 0; at <= patterns.size();) {
    const std::size_t end = std::min(patterns.find('|', at), patterns.size());
    if (end > at && detail::fits(patterns.substr(at, end - at).c_str(), name)) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace

void MuonOptions::declare(GivenOptions& given) {
  given("momentum", momentum, "decay rate of the running mean")("decay", decay, "decoupled weight decay");
  iterations = static_cast<int>(given.whole("iterations", iterations, 1, 100, "Newton-Schulz iterations"));
  given("nesterov", nesterov, "Nesterov momentum");
  given("others", others, "name patterns, separated by |, of matrices that AdamW updates, like all vectors");
  given("others_rate", others_rate, "AdamW's learning rate, as a factor of lr");
  given("beta1", beta1, "AdamW's")("beta2", beta2, "AdamW's")("epsilon", epsilon, "AdamW's");
}

Muon::Muon(const LeafSet& set, MuonOptions o) : Optimizer("muon", set, o.lr, o.decay, 2), o_(std::move(o)) {
  check("momentum", o_.momentum, 0, 1);
  check("beta1", o_.beta1, 0, 1);
  check("beta2", o_.beta2, 0, 1);
  check_not_negative("epsilon", o_.epsilon);
  check_not_negative("others_rate", o_.others_rate);
  check("iterations", o_.iterations, 1, 101);
}

bool Muon::hidden(const char* name, const Shape& shape) const {
  return shape.rank() >= 2 && !fits_any(o_.others, name);
}

template <class T> void Muon::run(const Slice<T>& s) const {
  if (hidden(s.name, s.shape)) run_hidden(s);
  else run_other(s);
}

template <class T> void Muon::run_hidden(const Slice<T>& s) const {
  const int in = static_cast<int>(s.shape.rows()), out = s.shape.columns();
  const T momentum = static_cast<T>(o_.momentum), fresh = static_cast<T>(1 - o_.momentum);
  Array u = Array::empty({in, out}, dtype_of<T>);
  T* const means = s.memory[0];
  for (std::int64_t i = 0; i < s.size; ++i) {
    T& m = means[i];
    m = momentum * m + fresh * s.g[i];
    u.data<T>()[i] = o_.nesterov ? fresh * s.g[i] + momentum * m : m;
  }
  const Array step = orthogonal(u, scaled_norm<T>(u), o_.iterations);
  const T rate = static_cast<T>(s.lr * std::sqrt(std::max(1., static_cast<double>(out) / in)));
  const T kept = static_cast<T>(1 - s.lr * s.decay);
  for (std::int64_t i = 0; i < s.size; ++i) s.w[i] = kept * s.w[i] - rate * step.data<T>()[i];
}

template <class T> void Muon::run_other(const Slice<T>& s) const {
  const double lr = s.lr * o_.others_rate;
  const detail::AdamStep<T> step({.beta1 = o_.beta1, .beta2 = o_.beta2, .epsilon = o_.epsilon}, lr, s.t);
  const T kept = static_cast<T>(1 - lr * s.decay);
  T *const m = s.memory[0], *const v = s.memory[1];
  for (std::int64_t i = 0; i < s.size; ++i) s.w[i] = kept * s.w[i] - step(s.g[i], m[i], v[i]);
}

void Muon::update(const Slice<float>& s) { run(s); }
void Muon::update(const Slice<double>& s) { run(s); }

EBB_OPTIMIZER(muon, Muon, "orthogonalised momentum for hidden matrices, AdamW for the rest, Jordan 2024");

}  // namespace ebb
