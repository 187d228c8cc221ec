#include <cmath>
#include <ebb/online/dense_influence.hpp>
#include <ebb/online/kf_rtrl.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb {

namespace {

bool same_elements(const Array& a, const Array& b) {
  if (!(a.shape() == b.shape())) return false;
  for (std::int64_t k = 0; k < a.size(); ++k)
    if (a.at_flat(k) != b.at_flat(k)) return false;
  return true;
}

/// Terms with one sum z, by their position among a step's terms.
struct SumGroup {
  std::vector<std::size_t> terms;
  Array u, A;  // [B, K], [B, S, M], with K over all terms
};

double factor_of(double a, double b) { return a > 0 && b > 0 ? std::sqrt(a / b) : 1; }

class KfRtrl final : public Influence {
 public:
  KfRtrl(const StepMap& map, int rows, std::uint64_t seed)
      : map_(map), rows_(rows), key_(Key{seed}.named("kf-rtrl")), seeds_(identity_matrix(map.size(), map.dtype())) {
    find_groups();
  }
  void reset() override {
    for (SumGroup& g : groups_) {
      g.u.reset();
      g.A.reset();
    }
  }
  Array advance(const StepPoint& at) override {
    const StepDerivatives d = map_.derivatives(at, seeds_);
    for (std::size_t k = 0; k < groups_.size(); ++k) move(groups_[k], d, 2 * k);
    ++steps_;
    return d.next;
  }
  Array gradient(const Array& u) const override {
    Array g = Array::zeros({map_.count()}, map_.dtype());
    const int B = rows_, S = map_.size();
    for (const SumGroup& group : groups_) {
      if (!group.u) continue;
      const Array through =
          matmul(u.to(map_.dtype()).compact().reshape({B, 1, S}), group.A).reshape({B, group.A.dim(2)});
      int begin = 0;
      for (const std::size_t t : group.terms) {
        const int K = map_.rows_of(parameter_[t]);
        detail::add_outer(map_, parameter_[t], group.u.column_block(begin, begin + K).copy(), through, g);
        begin += K;
      }
    }
    return g;
  }
  std::int64_t values() const override {
    std::int64_t all = 0;
    for (const SumGroup& group : groups_) {
      for (const std::size_t t : group.terms) all += map_.rows_of(parameter_[t]);
      all += std::int64_t{map_.size()} * map_.columns_of(parameter_[group.terms[0]]);
    }
    return all;
  }

 private:
  void find_groups() {
    const Key key = Key{19}.named("kf-rtrl");
    Array state = initial_state(map_.cell(), 2).to(map_.dtype()).copy();
    state.range(1, 2).fill(0);  // as in structure_of
    const StepPoint at{.x = normal({2, map_.inputs()}, key.named("x"), 0, 1, map_.dtype()),
                       .state = state + normal({2, map_.size()}, key.named("state"), 0, .5, map_.dtype()),
                       .theta = map_.theta() + normal({map_.count()}, key.named("theta"), 0, .3, map_.dtype())};
    const StepDerivatives d = map_.derivatives(at, seeds_);
    if (!d.dense.empty())
      throw ValueError(std::string("kf-rtrl does not apply to cell ") + map_.cell().name() + ": its parameter " +
                       map_.parameters().leaf(d.dense[0].parameter).name() +
                       " is used in other ways than in a product or elementwise");
    for (std::size_t t = 0; t < d.terms.size(); ++t) {
      parameter_.push_back(d.terms[t].parameter);
      std::size_t k = 0;
      while (k < groups_.size() && !same_elements(d.terms[groups_[k].terms[0]].G, d.terms[t].G)) ++k;
      if (k == groups_.size()) groups_.emplace_back();
      groups_[k].terms.push_back(t);
    }
  }

  /// What multiplies the group's parameters, [B, K].
  Array operands(const SumGroup& g, const StepDerivatives& d) const {
    std::vector<Array> parts;
    for (const std::size_t t : g.terms)
      parts.push_back(d.terms[t].a ? d.terms[t].a : Array::full({rows_, 1}, 1, map_.dtype()));
    return concat(parts.data(), static_cast<int>(parts.size()), -1);
  }

  void move(SumGroup& g, const StepDerivatives& d, std::size_t draw) {
    const Array a = operands(g, d), &G = d.terms[g.terms[0]].G;
    if (!g.u) {
      g.u = Array::zeros(a.shape(), map_.dtype());
      g.A = Array::zeros(G.shape(), map_.dtype());
    }
    const Array JA = matmul(d.J, g.A);
    const Array c = bernoulli({rows_, 2}, key_.at(steps_).at(draw), .5, f64) * 2. - 1.;
    for (int b = 0; b < rows_; ++b) {
      Array u = g.u[b], A = g.A[b];
      const double p0 = factor_of(norm_of(JA[b]), norm_of(u)), p1 = factor_of(norm_of(G[b]), norm_of(a[b])),
                   c0 = c.at({b, 0}), c1 = c.at({b, 1});
      u.assign(u * (c0 * p0) + a[b] * (c1 * p1));
      A.assign(JA[b] * (c0 / p0) + G[b] * (c1 / p1));
    }
  }

  const StepMap& map_;
  const int rows_;
  const Key key_;
  const Array seeds_;
  std::uint64_t steps_ = 0;
  std::vector<int> parameter_;  // of each term
  std::vector<SumGroup> groups_;
};

}  // namespace

std::unique_ptr<Influence> make_kf_rtrl(const StepMap& map, int rows, std::uint64_t seed) {
  return std::make_unique<KfRtrl>(map, rows, seed);
}

}  // namespace ebb
