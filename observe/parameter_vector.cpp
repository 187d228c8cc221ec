#include <ebb/autograd/binding.hpp>
#include <ebb/observe/parameter_vector.hpp>
#include <ebb/observe/trajectory.hpp>
#include <ebb/ops/error.hpp>
#include <utility>

namespace ebb::detail {

namespace {

/// Notes whether a parameter is used, and leaves its value as it is.
class UseOfLeaf final : public VarByTime {
 public:
  explicit UseOfLeaf(const Leaf& leaf) : binding_(leaf, leaf.shape(), Var(), bound_values(leaf), false) {
    binding_.by_time = this;
  }
  UseOfLeaf(const UseOfLeaf&) = delete;
  UseOfLeaf& operator=(const UseOfLeaf&) = delete;
  Var at(int) override {
    used_ = true;
    return {};
  }
  bool used() const { return used_; }

 private:
  Binding binding_;
  bool used_ = false;
};

}  // namespace

Array bound_values(const Leaf& leaf) {
  const Binding* bound = binding_of(leaf.get());
  return bound && bound->array && !bound->transformed ? bound->array : leaf.value();
}

ParameterVector::ParameterVector(std::vector<Leaf> leaves) : leaves_(std::move(leaves)) {
  std::int64_t end = 0;
  begin_.push_back(0);
  for (const Leaf& l : leaves_) {
    end += l.shape().size();
    if (end > INT32_MAX) throw ValueError("the parameters have more than 2^31 values");
    begin_.push_back(static_cast<int>(end));
  }
}

std::vector<std::string> ParameterVector::names() const {
  std::vector<std::string> list;
  for (const Leaf& l : leaves_) list.emplace_back(l.name());
  return list;
}

Array ParameterVector::values() const {
  Array theta = Array::empty({size()}, f64);
  for (int k = 0; k < count(); ++k)
    theta.range(begin(k), end(k)).assign(bound_values(leaf(k)).reshape({end(k) - begin(k)}));
  return theta;
}

Var ParameterVector::part(const Var& theta, int k) const {
  return reshape(range(theta, begin(k), end(k)), leaf(k).shape());
}
Array ParameterVector::part(const Array& theta, int k) const { return theta.column_block(begin(k), end(k)); }

std::vector<Leaf> trained_leaves(const LeafSet& set) {
  std::vector<Leaf> list;
  for (int k = 0; k < set.count(); ++k)
    if (set[k].trained()) list.push_back(set[k]);
  return list;
}

std::vector<Leaf> leaves_of_step(const Cell& cell, const LeafSet& set, const Array& x, const StepContext& at) {
  const std::vector<Leaf> trained = trained_leaves(set);
  std::vector<std::unique_ptr<UseOfLeaf>> uses;
  for (const Leaf& l : trained) uses.push_back(std::make_unique<UseOfLeaf>(l));
  const Tape tape{{.dtype = f64}};
  const NoGrad off;
  (void)cell.step(constant(x), as_state(cell, constant(initial_state(cell, x.dim(0)))), at.at_time(0));
  std::vector<Leaf> list;
  for (std::size_t k = 0; k < trained.size(); ++k)
    if (uses[k]->used()) list.push_back(trained[k]);
  return list;
}

BoundParameters::BoundParameters(const ParameterVector& p, const Var& theta) {
  for (int k = 0; k < p.count(); ++k) binds_.push_back(std::make_unique<Bind>(p.leaf(k), p.part(theta, k)));
}

}  // namespace ebb::detail
