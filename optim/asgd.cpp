#include <algorithm>
#include <cmath>
#include <ebb/nn/archive.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/optim/asgd.hpp>
#include <ebb/optim/exchange.hpp>

namespace ebb {

Asgd::Asgd(const LeafSet& set, AsgdOptions o) : Optimizer("asgd", set, o.lr, o.decay, 1), o_(o), start_(o.start) {
  check_not_negative("lambda", o.lambda);
  check_not_negative("alpha", o.alpha);
  check_not_negative("start", static_cast<double>(o.start));
}

void Asgd::start_averaging() {
  if (!averaging()) start_ = updates() - 1;
}

void Asgd::swap() {
  if (!memory(0)) throw ValueError("asgd: there is no mean before the first update");
  detail::exchange("asgd", set(), memory(0));
}

Array Asgd::first_memory(int) const { return set().flat().copy(); }

void Asgd::visit(Archive& a) {
  Optimizer::visit(a);
  a("start", start_);
}

template <class T> void Asgd::run(const Slice<T>& s) const {
  const auto before = static_cast<double>(updates() - 1);
  const double eta = s.lr / std::pow(1 + o_.lambda * s.lr * before, o_.alpha);
  const T rate = static_cast<T>(eta), kept = static_cast<T>(1 - o_.lambda * eta), decay = static_cast<T>(s.decay);
  const T fresh = static_cast<T>(1 / std::max(1., before - static_cast<double>(start_)));
  T* const mean = s.memory[0];
  for (std::int64_t i = 0; i < s.size; ++i) {
    const T g = s.g[i] + decay * s.w[i];
    s.w[i] = kept * s.w[i] - rate * g;
    mean[i] = fresh == T(1) ? s.w[i] : mean[i] + (s.w[i] - mean[i]) * fresh;  // bitwise the weights
  }
}

void Asgd::update(const Slice<float>& s) { run(s); }
void Asgd::update(const Slice<double>& s) { run(s); }

}  // namespace ebb
