#include <ebb/online/rtrl.hpp>
#include <ebb/ops/matmul.hpp>

namespace ebb {

namespace {

class DenseRtrl final : public Influence {
 public:
  DenseRtrl(const StepMap& map, int rows) : map_(map), rows_(rows), seeds_(identity_matrix(map.size(), map.dtype())) {}
  void reset() override { P_.reset(); }
  Array advance(const StepPoint& at) override {
    const StepDerivatives d = map_.derivatives(at, seeds_);
    P_ = P_ ? matmul(d.J, P_) : Array::zeros({rows_, map_.size(), map_.count()}, map_.dtype());
    detail::add_immediate(map_, d, P_);
    return d.next;
  }
  Array gradient(const Array& u) const override {
    return P_ ? detail::gradient_through(u, P_) : Array::zeros({map_.count()}, map_.dtype());
  }
  std::int64_t values() const override { return std::int64_t{map_.size()} * map_.count(); }

 private:
  const StepMap& map_;
  const int rows_;
  const Array seeds_;
  Array P_;
};

}  // namespace

std::unique_ptr<Influence> make_dense_rtrl(const StepMap& map, int rows) {
  return std::make_unique<DenseRtrl>(map, rows);
}

std::unique_ptr<Influence> make_rtrl(const StepMap& map, int rows) {
  const StepStructure s = structure_of(map, StepPaths::all);
  std::string why;
  if (is_diagonal(map, s))
    if (const std::optional<Units> units = units_of(map, s, why))
      return std::make_unique<detail::LocalRecursion>(map, *units, rows, StepPaths::all);
  return make_dense_rtrl(map, rows);
}

}  // namespace ebb
