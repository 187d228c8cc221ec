#include <cmath>
#include <ebb/online/dense_influence.hpp>
#include <ebb/online/uoro.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb {

namespace {

/// sqrt(|a| / |b|), or 1 if a norm is zero and the product of both sides so too.
double balance(double a, double b) { return a > 0 && b > 0 ? std::sqrt(a / b) : 1; }

class Uoro final : public Influence {
 public:
  Uoro(const StepMap& map, int rows, std::uint64_t seed)
      : map_(map), key_(Key{seed}.named("uoro")), v_(Array::zeros({rows, map.size()}, map.dtype())),
        w_(Array::zeros({rows, map.count()}, map.dtype())) {}
  void reset() override {
    v_.fill(0);
    w_.fill(0);
  }
  Array advance(const StepPoint& at) override {
    const int B = v_.dim(0), S = map_.size(), N = map_.count();
    const Array nu = bernoulli({B, 1, S}, key_.at(steps_++), .5, map_.dtype()) * 2. - 1.;
    const StepDerivatives d = map_.derivatives(at, nu);
    Array nuD = Array::zeros({B, 1, N}, map_.dtype());
    detail::add_immediate(map_, d, nuD);
    const Array Jv = map_.along(at, v_);
    for (int b = 0; b < B; ++b) {
      const Array fresh = nuD[b].reshape({N}), sign = nu[b].reshape({S});
      const double r0 = balance(norm_of(w_[b]), norm_of(Jv[b])), r1 = balance(norm_of(fresh), std::sqrt(S));
      Array v = v_[b], w = w_[b];
      v.assign(Jv[b] * r0 + sign * r1);
      w.assign(w * (1 / r0) + fresh * (1 / r1));
    }
    return d.next;
  }
  Array gradient(const Array& u) const override {
    const Array weight = sum(u.to(map_.dtype()) * v_, {1});
    return matmul(weight.reshape({1, v_.dim(0)}), w_).reshape({map_.count()});
  }
  std::int64_t values() const override { return std::int64_t{map_.size()} + map_.count(); }

 private:
  const StepMap& map_;
  const Key key_;
  std::uint64_t steps_ = 0;
  Array v_, w_;
};

}  // namespace

std::unique_ptr<Influence> make_uoro(const StepMap& map, int rows, std::uint64_t seed) {
  return std::make_unique<Uoro>(map, rows, seed);
}

}  // namespace ebb
