#include <fmt/format.h>
#include <bit>
#include <cmath>
#include <cstring>
#include <ebb/nn/files/safetensors_file.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/number.hpp>
#include <set>

namespace ebb {

namespace {

using detail::Stored;
using detail::StoredFile;

/// IEEE 754 binary16: 1 bit sign, 5 exponent, 10 fraction.
float of_half(std::uint16_t h) {
  const std::uint32_t sign = (h & 0x8000u) << 16, exponent = (h >> 10) & 31u, fraction = h & 1023u;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | fraction << 13);
  if (exponent > 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  const float small = static_cast<float>(fraction) * 0x1p-24f;  // subnormal as a half, normal as a float
  return sign ? -small : small;
}
/// The upper half of a float32.
float of_bfloat(std::uint16_t h) { return std::bit_cast<float>(static_cast<std::uint32_t>(h) << 16); }

template <class From, class To, class Convert>
void convert(const std::vector<char>& from, Array& to, const Convert& f) {
  To* out = to.data<To>();
  for (std::int64_t i = 0; i < to.size(); ++i) {
    From x;
    std::memcpy(&x, from.data() + static_cast<std::size_t>(i) * sizeof x, sizeof x);
    out[i] = f(x);
  }
}

/// Converts integers; a value that To cannot represent exactly is an error.
template <class From, class To>
void convert_whole(const StoredFile& file, const Stored& a, const std::vector<char>& from, Array& to) {
  convert<From, To>(from, to, [&](From x) {
    if constexpr (sizeof(From) == sizeof(double)) {
      constexpr From last = From{1} << 53;  // beyond it, integers are not unique in float64
      if (x > last || (std::is_signed_v<From> && x < From{} - last))
        file.reject(
            fmt::format("array '{}': {} {} is beyond 2^53, so float64 cannot represent it exactly", a.name, a.type, x));
    }
    return static_cast<To>(x);
  });
}

bool as_f64(const std::string& type) {
  return type == "F64" || type == "I64" || type == "U64" || type == "I32" || type == "U32";
}

void fill(const StoredFile& file, const Stored& a, const std::vector<char>& from, Array& to) {
  if (a.type == "F16") return convert<std::uint16_t, float>(from, to, of_half);
  if (a.type == "BF16") return convert<std::uint16_t, float>(from, to, of_bfloat);
  if (a.type == "I64") return convert_whole<std::int64_t, double>(file, a, from, to);
  if (a.type == "U64") return convert_whole<std::uint64_t, double>(file, a, from, to);
  if (a.type == "I32") return convert_whole<std::int32_t, double>(file, a, from, to);
  if (a.type == "U32") return convert_whole<std::uint32_t, double>(file, a, from, to);
  if (a.type == "I16") return convert_whole<std::int16_t, float>(file, a, from, to);
  if (a.type == "U16") return convert_whole<std::uint16_t, float>(file, a, from, to);
  if (a.type == "I8") return convert_whole<std::int8_t, float>(file, a, from, to);
  if (a.type == "U8" || a.type == "BOOL") return convert_whole<std::uint8_t, float>(file, a, from, to);
  file.reject(fmt::format("array '{}': its type {} is not supported", a.name, a.type));
}

Array read_array(StoredFile& file, const Stored& a) {
  file.check(a);
  Array values = Array::empty(Shape(a.shape.data(), static_cast<int>(a.shape.size())), as_f64(a.type) ? f64 : f32);
  if (a.type == "F32" || a.type == "F64") {
    file.read(values.raw(), values.bytes());
    return values;
  }
  std::vector<char> bytes(a.bytes());
  file.read(bytes.data(), bytes.size());
  fill(file, a, bytes, values);
  return values;
}

}  // namespace

std::vector<NamedArray> detail::read_arrays(StoredFile& file, const std::function<bool(const Stored&)>& wanted) {
  std::vector<NamedArray> arrays;
  for (const Stored& a : file.table()) {
    if (wanted(a)) arrays.push_back({a.name, read_array(file, a)});
    else file.skip(a.bytes());
  }
  file.finish();
  return arrays;
}

void detail::check_fits(const std::string& path, const NamedArray& a, DType t) {
  if (t == f64 || a.values.dtype() == f32) return;
  const Array whole = a.values.compact();
  const double* x = whole.data<double>();
  for (std::int64_t i = 0; i < whole.size(); ++i)
    if (std::isfinite(x[i]) && !fits(x[i], t))
      throw FileError(fmt::format("{}: array '{}': {} is out of range for {}", path, a.name, x[i], name_of(t)));
}

std::vector<NamedArray> read_safetensors(const std::string& path, const std::vector<std::string>& names) {
  StoredFile file(path);
  std::set<std::string> left(names.begin(), names.end());
  auto arrays = detail::read_arrays(file, [&](const Stored& a) { return left.erase(a.name) > 0 || names.empty(); });
  if (!left.empty()) file.reject("has no array '" + *left.begin() + "'");
  return arrays;
}

Metadata read_safetensors_metadata(const std::string& path) {
  StoredFile file(path);
  for (const Stored& a : file.table()) file.skip(a.bytes());
  file.finish();
  return file.metadata();
}

}  // namespace ebb
