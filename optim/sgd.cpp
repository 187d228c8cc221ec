#include <ebb/ops/error.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <ebb/optim/sgd.hpp>

namespace ebb {

void SgdOptions::declare(GivenOptions& given) {
  given("momentum", momentum, "decay rate of the velocity")("dampening", dampening,
                                                            "reduces the gradient's weight in the velocity")(
      "decay", decay, "weight decay, added to the gradient")("nesterov", nesterov, "Nesterov momentum");
}

Sgd::Sgd(const LeafSet& set, SgdOptions o) : Optimizer("sgd", set, o.lr, o.decay, o.momentum != 0 ? 1 : 0), o_(o) {
  check_not_negative("momentum", o.momentum);
  if (o.nesterov && (o.momentum == 0 || o.dampening != 0))
    throw ValueError("sgd: nesterov requires momentum and no dampening");
}

template <class T> void Sgd::run(const Slice<T>& s) const {
  const T rate = static_cast<T>(s.lr), decay = static_cast<T>(s.decay), momentum = static_cast<T>(o_.momentum);
  const T fresh =
      s.t == 1 ? T(1) : static_cast<T>(1 - o_.dampening);  // as in PyTorch, the first velocity is not dampened
  T* const w = s.w;
  const T* const g = s.g;
  if (o_.momentum == 0) {
    for (std::int64_t i = 0; i < s.size; ++i) w[i] -= rate * (g[i] + decay * w[i]);
    return;
  }
  T* const v = s.memory[0];
  for (std::int64_t i = 0; i < s.size; ++i) {
    const T d = g[i] + decay * w[i];
    v[i] = momentum * v[i] + fresh * d;
    w[i] -= rate * (o_.nesterov ? d + momentum * v[i] : v[i]);
  }
}

void Sgd::update(const Slice<float>& s) { run(s); }
void Sgd::update(const Slice<double>& s) { run(s); }

EBB_OPTIMIZER(sgd, Sgd, "gradient descent, with or without momentum");

}  // namespace ebb
