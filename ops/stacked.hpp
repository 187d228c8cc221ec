#pragma once
#include <ebb/ops/array.hpp>
#include <ebb/ops/kernels.hpp>
#include <vector>

namespace ebb {

/// Matrices of equal width, stacked vertically without copying, so that many short products become a long one. Shares
/// their memory; `clear` keeps its capacity.
class Stacked {
 public:
  /// Leading axes are flattened into rows. Errors: ShapeError or ValueError if the width or the element type differs
  /// from the first part's
  void add(const Array& part);
  void clear() noexcept;
  std::int64_t rows() const { return rows_; }
  int columns() const { return arrays_.empty() ? 0 : arrays_.front().columns(); }
  DType dtype() const { return arrays_.empty() ? f32 : arrays_.front().dtype(); }
  bool empty() const { return arrays_.empty(); }
  const detail::MatmulPart* parts() const { return parts_.data(); }
  /// Equal if they refer to the same memory in the same order.
  friend bool operator==(const Stacked&, const Stacked&);

 private:
  std::vector<Array> arrays_;
  std::vector<detail::MatmulPart> parts_;
  std::int64_t rows_ = 0;
};

}  // namespace ebb
