#include <ebb/online/dense_influence.hpp>
#include <ebb/online/local_influence.hpp>
#include <ebb/online/snap1.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb {

namespace {

/// [B, S, n] -> [B, F, n]: entry (f, j) is that of (f, unit of column j), [b, f H + unit[j], j].
template <class T> void pick_units(const Array& from, int H, const std::vector<int>& unit, Array& to) {
  const int B = from.dim(0), S = from.dim(1), n = from.dim(2), F = S / H;
  for (std::int64_t b = 0; b < B; ++b)
    for (std::int64_t f = 0; f < F; ++f)
      for (std::int64_t j = 0; j < n; ++j)
        to.data<T>()[(b * F + f) * n + j] = from.data<T>()[(b * S + f * H + unit[static_cast<std::size_t>(j)]) * n + j];
}

Array of_own_unit(const Array& from, int H, const std::vector<int>& unit) {
  Array to = Array::empty({from.dim(0), from.dim(1) / H, from.dim(2)}, from.dtype());
  if (from.dtype() == f64) pick_units<double>(from, H, unit, to);
  else pick_units<float>(from, H, unit, to);
  return to;
}

class UnitSnap1 final : public Influence {
 public:
  UnitSnap1(const StepMap& map, const Units& units, int rows)
      : map_(map), P_(map, units, rows, true), seeds_(identity_matrix(map.size(), map.dtype())) {
    for (int j = 0; j < map.size(); ++j) unit_of_state_.push_back(j % units.units);
  }
  void reset() override { P_.reset(); }
  Array advance(const StepPoint& at) override {
    StepDerivatives d = map_.derivatives(at, seeds_);
    const int H = P_.units().units;
    for (ImmediateTerm& t : d.terms)
      t.G = of_own_unit(t.G, H, P_.units().of_column[static_cast<std::size_t>(t.parameter)]);
    P_.advance(of_own_unit(d.J, H, unit_of_state_), d.terms);
    return d.next;
  }
  Array gradient(const Array& u) const override { return P_.gradient(u); }
  std::int64_t values() const override { return P_.values(); }

 private:
  const StepMap& map_;
  detail::LocalInfluence P_;
  const Array seeds_;
  std::vector<int> unit_of_state_;
};

class MaskedSnap1 final : public Influence {
 public:
  MaskedSnap1(const StepMap& map, const StepStructure& s, int rows)
      : map_(map), rows_(rows), seeds_(identity_matrix(map.size(), map.dtype())),
        mask_(Array::empty({1, map.size(), map.count()}, map.dtype())) {
    for (std::size_t k = 0; k < s.immediate.size(); ++k)
      mask_.set_flat(static_cast<std::int64_t>(k), s.immediate[k] ? 1 : 0);
  }
  void reset() override { P_.reset(); }
  Array advance(const StepPoint& at) override {
    const StepDerivatives d = map_.derivatives(at, seeds_);
    P_ = P_ ? matmul(d.J, P_) * mask_ : Array::zeros({rows_, map_.size(), map_.count()}, map_.dtype());
    detail::add_immediate(map_, d, P_);
    return d.next;
  }
  Array gradient(const Array& u) const override {
    return P_ ? detail::gradient_through(u, P_) : Array::zeros({map_.count()}, map_.dtype());
  }
  std::int64_t values() const override { return static_cast<std::int64_t>(sum(mask_).item()); }

 private:
  const StepMap& map_;
  const int rows_;
  const Array seeds_;
  Array mask_, P_;
};

}  // namespace

std::unique_ptr<Influence> make_snap1(const StepMap& map, int rows) {
  const StepStructure s = structure_of(map, StepPaths::all);
  std::string why;
  if (const std::optional<Units> units = units_of(map, s, why)) return std::make_unique<UnitSnap1>(map, *units, rows);
  return std::make_unique<MaskedSnap1>(map, s, rows);
}

}  // namespace ebb
