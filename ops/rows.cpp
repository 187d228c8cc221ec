#include <ebb/ops/rows.hpp>

namespace ebb::detail {

void copy_rows(Array& to, const Array& from) {
  if (from.size() == 0) return;
  if (to.contiguous() && from.contiguous()) {
    std::memmove(to.raw(), from.raw(), from.bytes());
    return;
  }
  const std::size_t size = bytes_of(from.dtype()), row = static_cast<std::size_t>(from.columns()) * size;
  char* dst = static_cast<char*>(to.raw());
  const char* src = static_cast<const char*>(from.raw());
  for_rows(from, [&](std::int64_t r) {
    std::memmove(dst + static_cast<std::size_t>(r * to.row_stride()) * size,
                 src + static_cast<std::size_t>(r * from.row_stride()) * size, row);
  });
}

}  // namespace ebb::detail
