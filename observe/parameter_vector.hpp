#pragma once
#include <ebb/autograd/leaf.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell.hpp>
#include <memory>
#include <string>
#include <vector>

namespace ebb::detail {

/// Parameters as one vector theta of N numbers: one parameter after another, each in row-major order, without padding.
class ParameterVector {
 public:
  explicit ParameterVector(std::vector<Leaf> leaves);
  int size() const { return begin_.back(); }  ///< N
  int count() const { return static_cast<int>(leaves_.size()); }
  const Leaf& leaf(int k) const { return leaves_[static_cast<std::size_t>(k)]; }
  int begin(int k) const { return begin_[static_cast<std::size_t>(k)]; }  ///< position of parameter k
  int end(int k) const { return begin(k + 1); }
  std::vector<std::string> names() const;
  Array values() const;                         ///< [N] in float64, with arrays that the leaves are bound to
  Var part(const Var& theta, int k) const;      ///< parameter k of theta [N], in its shape
  Array part(const Array& theta, int k) const;  ///< its columns of theta [..., N]

 private:
  std::vector<Leaf> leaves_;
  std::vector<int> begin_;
};

/// The parameter's values, or the array that it is bound to.
Array bound_values(const Leaf&);
/// The trained parameters of a set.
std::vector<Leaf> trained_leaves(const LeafSet&);
/// The trained parameters of a set that a step of the cell reads.
std::vector<Leaf> leaves_of_step(const Cell&, const LeafSet&, const Array& x, const StepContext&);

/// While it lives, uses of the parameters on this tape read theta, a Var [N].
class BoundParameters {
 public:
  BoundParameters(const ParameterVector&, const Var& theta);

 private:
  std::vector<std::unique_ptr<Bind>> binds_;
};

}  // namespace ebb::detail
