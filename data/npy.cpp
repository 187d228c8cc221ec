#include <fmt/format.h>
#include <bit>
#include <climits>
#include <cstring>
#include <ebb/data/byte_reader.hpp>
#include <ebb/data/npy_format.hpp>
#include <ebb/ops/new_file.hpp>

static_assert(std::endian::native == std::endian::little,
              "the format is little-endian, and elements are read without conversion");

namespace ebb {

namespace detail {

namespace {

void exactly(const NpySource& from, void* to, std::size_t n, const char* what) {
  if (n > 0 && from.read(to, n) != n) from.reject(fmt::format("is truncated: it ends before the end of {}", what));
}

std::string header_text(const NpySource& from) {
  unsigned char begin[8] = {};
  exactly(from, begin, sizeof begin, "the first eight bytes");
  if (std::memcmp(begin, "\x93NUMPY", 6) != 0)
    from.reject("is not in NumPy's format: it does not begin with \\x93NUMPY");
  const int version = begin[6];
  if (version < 1 || version > 3 || begin[7] != 0)
    from.reject(fmt::format("has version {}.{} of the format, expected 1.0 to 3.0", version, begin[7]));
  unsigned char length[4] = {};
  exactly(from, length, version == 1 ? 2 : 4, "the header length");
  const std::size_t n =
      length[0] | std::size_t{length[1]} << 8 | std::size_t{length[2]} << 16 | std::size_t{length[3]} << 24;
  if (n > (1 << 16)) from.reject(fmt::format("has a header of {} bytes, which is too long", n));
  std::string text(n, '\0');
  exactly(from, text.data(), n, "the header");
  return text;
}

/// Reorders elements from Fortran's order to C's.
template <class T> void from_fortran(T* values, const Shape& shape) {
  const std::vector<T> as_read(values, values + shape.size());
  int index[Shape::max_rank] = {};
  std::int64_t stride[Shape::max_rank] = {};
  for (int k = shape.rank(); k-- > 0;) stride[k] = k + 1 == shape.rank() ? 1 : stride[k + 1] * shape[k + 1];
  for (const T x : as_read) {  // the first axis runs fastest
    std::int64_t at = 0;
    for (int k = 0; k < shape.rank(); ++k) at += index[k] * stride[k];
    values[at] = x;
    for (int k = 0; k < shape.rank() && ++index[k] == shape[k]; ++k) index[k] = 0;
  }
}

template <class T> Tokens read_whole(const NpySource& from, const Shape& shape) {
  std::vector<T> read(static_cast<std::size_t>(shape.size()));
  exactly(from, read.data(), read.size() * sizeof(T), "the data");
  Tokens tokens(shape);
  for (std::size_t i = 0; i < read.size(); ++i) {
    if (static_cast<std::int64_t>(read[i]) != static_cast<int>(read[i]))
      from.reject(fmt::format("element {}, {}, does not fit an int", i, read[i]));
    tokens.data()[i] = static_cast<int>(read[i]);
  }
  return tokens;
}

Array read_floating(const NpySource& from, const NpyHeader& h, DType t) {
  Array a = Array::empty(h.shape, t);
  exactly(from, a.raw(), a.bytes(), "the data");
  if (h.fortran_order) with_dtype(t, [&](auto zero) { from_fortran(a.data<decltype(zero)>(), h.shape); });
  return a;
}

std::size_t element_bytes(const NpySource& from, const std::string& descr) {
  if (descr == "|u1") return 1;
  if (descr == "<f4" || descr == "<i4") return 4;
  if (descr == "<f8" || descr == "<i8") return 8;
  from.reject(fmt::format("has elements of type '{}', expected <f4, <f8, <i4, <i8 or |u1", descr.substr(0, 40)));
  return 0;
}

}  // namespace

NpyArray parse_npy(const NpySource& from) {
  const NpyHeader h = parse_npy_header(header_text(from), from);
  const std::size_t bytes = element_bytes(from, h.descr);
  if (static_cast<std::uint64_t>(h.shape.size()) > from.most / bytes)
    from.reject("is truncated: it ends before the end of the data");
  NpyArray a;
  if (h.descr[1] == 'f') {
    a.values = read_floating(from, h, bytes == 4 ? f32 : f64);
  } else {
    a.tokens = bytes == 1   ? read_whole<unsigned char>(from, h.shape)
               : bytes == 4 ? read_whole<std::int32_t>(from, h.shape)
                            : read_whole<std::int64_t>(from, h.shape);
    if (h.fortran_order) from_fortran(a.tokens.data(), h.shape);
  }
  char more = 0;
  if (from.read(&more, 1) != 0) from.reject("has extra bytes after the data");
  return a;
}

}  // namespace detail

namespace {

void write(const std::string& path, const char* descr, const Shape& shape, const void* values, std::size_t bytes) {
  std::string extents;
  for (int k = 0; k < shape.rank(); ++k) extents += (k ? ", " : "") + std::to_string(shape[k]);
  if (shape.rank() == 1) extents += ',';  // Python's tuple of one
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, extents);
  constexpr std::size_t before = 10, multiple = 64;  // the data is aligned to 64 bytes
  header.append((multiple - (before + header.size() + 1) % multiple) % multiple, ' ');
  header += '\n';
  std::string begin("\x93NUMPY\x01\x00", 8);
  begin += static_cast<char>(header.size() & 255);
  begin += static_cast<char>(header.size() >> 8);
  detail::NewFile file(path);
  file.write(begin.data(), begin.size());
  file.write(header.data(), header.size());
  file.write(values, bytes);
  file.publish();
}

}  // namespace

NpyArray read_npy(const std::string& path) {
  detail::ByteReader file(path, detail::Content::bytes);
  return detail::parse_npy({.read = [&](void* to, std::size_t n) { return file.read(to, n); },
                            .reject = [&](const std::string& why) { file.reject(why); },
                            .most = file.length()});
}

void write_npy(const std::string& path, const Array& a) {
  const Array whole = a.compact();
  write(path, a.dtype() == f32 ? "<f4" : "<f8", a.shape(), whole.raw(), whole.bytes());
}

void write_npy(const std::string& path, const Tokens& t) {
  static_assert(sizeof(int) == 4);
  write(path, "<i4", t.shape(), t.data(), static_cast<std::size_t>(t.size()) * sizeof(int));
}

Array NpyArray::as_array(DType dtype) const {
  if (values) return values;
  Array a = Array::empty(tokens.shape(), dtype);
  for (std::int64_t i = 0; i < tokens.size(); ++i) a.set_flat(i, tokens.data()[i]);
  return a;
}

}  // namespace ebb
