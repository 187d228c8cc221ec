#pragma once
#include <ebb/ops/array.hpp>
#include <ebb/ops/kernels.hpp>
#include <vector>

namespace ebb {

/// Matrices with as many columns, one under the other, not yet copied: many short products become a long one. Holds
/// their memory; `clear` keeps the room for as many again.
class Stacked {
 public:
  /// Leading axes are folded into rows. Errors: ShapeError or ValueError if the columns or the element type are not
  /// those of the first
  void add(const Array& part);
  void clear() noexcept;
  std::int64_t rows() const { return rows_; }
  int columns() const { return arrays_.empty() ? 0 : arrays_.front().columns(); }
  DType dtype() const { return arrays_.empty() ? f32 : arrays_.front().dtype(); }
  bool empty() const { return arrays_.empty(); }
  const detail::MatmulPart* parts() const { return parts_.data(); }
  Array joined() const;  ///< [rows, columns], contiguous; the only part itself if there is no other
  /// The same memory in the same order.
  friend bool operator==(const Stacked&, const Stacked&);

 private:
  std::vector<Array> arrays_;
  std::vector<detail::MatmulPart> parts_;
  std::int64_t rows_ = 0;
};

}  // namespace ebb
