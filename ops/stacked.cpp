#include <ebb/ops/error.hpp>
#include <ebb/ops/stacked.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

void Stacked::add(const Array& a) {
  if (!empty()) {
    const Array& first = arrays_.front();
    if (a.columns() != first.columns() || a.rank() == 0)
      throw ShapeError("stacked: " + text(a.shape()) + " does not fit rows of " + std::to_string(columns()));
    if (a.dtype() != first.dtype()) throw ValueError("stacked: element types differ");
  }
  const std::int64_t rows = a.rows();
  arrays_.push_back(a);
  parts_.push_back({a.raw(), a.row_stride(), rows});
  rows_ += rows;
}

void Stacked::clear() noexcept {
  arrays_.clear();
  parts_.clear();
  rows_ = 0;
}

bool operator==(const Stacked& a, const Stacked& b) {
  if (a.parts_.size() != b.parts_.size() || a.columns() != b.columns()) return false;
  for (std::size_t k = 0; k < a.parts_.size(); ++k) {
    const detail::MatmulPart &x = a.parts_[k], &y = b.parts_[k];
    if (x.p != y.p || x.row != y.row || x.rows != y.rows) return false;
  }
  return true;
}

}  // namespace ebb
