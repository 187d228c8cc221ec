#pragma once
#include <ebb/online/influence.hpp>
#include <ebb/online/structure.hpp>

namespace ebb::detail {

/// An influence where each parameter reaches the values of one unit only, [B, F, N], and each unit's values depend on
/// its own:
///
///     P'[f, n] = sum over f' of J[(f, u), (f', u)] P[f', n] + D[(f, u), n],   u the unit of parameter n
class LocalInfluence {
 public:
  /// With `immediate_only`, P[f, n] stays zero where the immediate derivative is.
  LocalInfluence(const StepMap&, Units, int rows, bool immediate_only = false);
  void reset();
  /// J [B, F, S] and terms [B, F, M]: of each field, the sum over its units.
  void advance(const Array& J, const std::vector<ImmediateTerm>&);
  Array gradient(const Array& u) const;
  const Units& units() const { return units_; }
  std::int64_t values() const { return std::int64_t{units_.fields} * P_.dim(2); }
  /// [F, S], one for each field: ones over its units.
  Array seeds() const;

 private:
  const StepMap& map_;
  const Units units_;
  const bool immediate_only_;
  Array P_;
};

/// The recursion of a method that follows these paths and keeps a LocalInfluence: exact where recurrences are diagonal.
class LocalRecursion final : public Influence {
 public:
  LocalRecursion(const StepMap& map, const Units& units, int rows, StepPaths paths)
      : map_(map), paths_(paths), P_(map, units, rows), seeds_(P_.seeds()) {}
  void reset() override { P_.reset(); }
  Array advance(const StepPoint& at) override {
    const StepDerivatives d = map_.derivatives(at, seeds_, paths_);
    P_.advance(d.J, d.terms);
    return d.next;
  }
  Array gradient(const Array& u) const override { return P_.gradient(u); }
  std::int64_t values() const override { return P_.values(); }

 private:
  const StepMap& map_;
  const StepPaths paths_;
  LocalInfluence P_;
  const Array seeds_;
};

}  // namespace ebb::detail
