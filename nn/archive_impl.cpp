#include <fmt/format.h>
#include <cstring>
#include <ebb/nn/archive_impl.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

std::string text(const std::vector<int>& shape) {
  return ebb::text(Shape(shape.data(), static_cast<int>(shape.size())));
}

}  // namespace

std::string Archive::Impl::full(const char* name) const {
  std::string path;
  for (const std::string& s : scope) path += s + "/";
  return path + name;
}

void Archive::Impl::reject(const char* name, const std::string& why) const { reject_full(full(name), why); }

void Archive::Impl::reject_full(const std::string& name, const std::string& why) const {
  const std::size_t slash = name.find('/');
  const std::string member = slash == std::string::npos ? "" : ", '" + name.substr(slash + 1) + "'";
  throw FileError(fmt::format("{}: part {}{}: {}", path, name.substr(0, slash), member, why));
}

void Archive::Impl::reject_what_is_left() const {
  const char* why = "is in the file but not expected here";
  if (!arrays.empty()) reject_full(arrays.begin()->first, why);
  if (!texts.empty()) reject_full(texts.begin()->first, why);
}

void Archive::Impl::add_text(const char* name, std::string text) {
  if (!texts.emplace(full(name), std::move(text)).second)
    throw ValueError("archive: two members are named '" + full(name) + "'");
}

std::string Archive::Impl::take_text(const char* name) {
  const auto it = texts.find(full(name));
  if (it == texts.end()) reject(name, "is missing from the file");
  std::string text = it->second;
  texts.erase(it);
  return text;
}

bool Archive::Impl::take_nothing(const char* name) {
  const auto it = texts.find(full(name));
  if (it == texts.end() || it->second != detail::archived_nothing) return false;
  texts.erase(it);
  return true;
}

void Archive::Impl::add_array(const char* name, detail::ArchivedArray a) {
  if (!arrays.emplace(full(name), std::move(a)).second)
    throw ValueError("archive: two members are named '" + full(name) + "'");
}

detail::ArchivedArray Archive::Impl::take_array(const char* name) {
  const auto it = arrays.find(full(name));
  if (it == arrays.end()) reject(name, "is missing from the file");
  detail::ArchivedArray a = std::move(it->second);
  arrays.erase(it);
  return a;
}

void Archive::Impl::add(const char* name, const Array& a) {
  if (!a) return add_text(name, detail::archived_nothing);
  std::vector<int> shape;
  for (int k = 0; k < a.rank(); ++k) shape.push_back(a.dim(k));
  add_array(name, {a.dtype() == f32 ? "F32" : "F64", shape, a.compact(), {}});
}

Array Archive::Impl::take(const char* name) {
  if (take_nothing(name)) return {};
  const detail::ArchivedArray a = take_array(name);
  if (a.type != "F32" && a.type != "F64")
    reject(name, "is " + a.type + ", but an array of float32 or float64 is expected");
  Array values = Array::empty(Shape(a.shape.data(), static_cast<int>(a.shape.size())), a.type == "F32" ? f32 : f64);
  if (!a.bytes.empty()) std::memcpy(values.raw(), a.bytes.data(), a.bytes.size());
  return values;
}

Array Archive::Impl::take(const char* name, const Shape& shape, DType dtype) {
  if (const auto it = arrays.find(full(name)); it != arrays.end() && it->second.shape.size() <= Shape::max_rank) {
    const std::string there = text(it->second.shape), here = ebb::text(shape);
    if (there != here) reject(name, "is " + there + " in the file and " + here + " here");
  }
  const Array a = take(name);
  if (!a) reject(name, "is empty in the file");
  if (a.dtype() != dtype)
    reject(name, fmt::format("is {} in the file and {} here", name_of(a.dtype()), name_of(dtype)));
  return a;
}

}  // namespace ebb
