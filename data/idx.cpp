#include <fmt/format.h>
#include <climits>
#include <ebb/data/byte_reader.hpp>
#include <ebb/data/idx.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

namespace {

struct Idx {
  Shape shape;
  std::vector<unsigned char> bytes;
};

Idx read_idx(const std::string& path, int most_axes) {
  detail::ByteReader file(path, detail::Content::bytes);
  const auto head = file.bytes(4, "the first four bytes");
  if (head[0] != 0 || head[1] != 0) file.reject("is not an idx file: it does not begin with two zero bytes");
  if (head[2] != 8) file.reject(fmt::format("has elements of type {:#04x}, expected bytes (0x08)", head[2]));
  const int axes = head[3];
  if (axes < 1 || axes > most_axes)
    file.reject(fmt::format("its number of axes is {}, expected {}", axes,
                            most_axes == 1 ? "1" : fmt::format("1 to {}", most_axes)));
  int extents[Shape::max_rank] = {};
  std::uint64_t size = 1;
  for (int k = 0; k < axes; ++k) {
    const auto b = file.bytes(4, "the extents");
    const std::uint64_t n = std::uint64_t{b[0]} << 24 | std::uint64_t{b[1]} << 16 | std::uint64_t{b[2]} << 8 | b[3];
    if (n == 0 || n > INT_MAX || size > (std::uint64_t{1} << 48) / n)
      file.reject(fmt::format("extent {} of axis {} is out of range", n, k));
    extents[k] = static_cast<int>(n);
    size *= n;
  }
  Idx idx{Shape(extents, axes), file.bytes(size, "its entries")};
  if (file.peek() != detail::ByteReader::end)
    file.reject(
        fmt::format("has extra bytes after its {}", size == 1 ? "only entry" : fmt::format("{} entries", size)));
  return idx;
}

}  // namespace

Array read_idx_images(const std::string& path, const IdxOptions& options) {
  const Idx idx = read_idx(path, Shape::max_rank);
  Array images = Array::empty(idx.shape, options.dtype);
  with_dtype(options.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T most = options.scaled ? T{255} : T{1};
    T* to = images.data<T>();
    for (const unsigned char b : idx.bytes) *to++ = static_cast<T>(b) / most;
  });
  return images;
}

Tokens read_idx_labels(const std::string& path) {
  const Idx idx = read_idx(path, 1);
  Tokens labels(idx.shape);
  std::copy(idx.bytes.begin(), idx.bytes.end(), labels.data());
  return labels;
}

}  // namespace ebb
