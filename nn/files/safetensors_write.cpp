#include <zlib.h>

#include <fmt/format.h>
#include <bit>
#include <ebb/nn/files/safetensors_file.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/new_file.hpp>
#include <ebb/ops/printable.hpp>
#include <nlohmann/json.hpp>

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

namespace ebb {

namespace {

using Json = nlohmann::json;

std::string dumped(const std::string& path, const Json& table) {
  try {
    return table.dump();
  } catch (const Json::exception&) {
    throw ValueError(detail::printable(path) + ": a name or a string is not UTF-8, which the format requires");
  }
}

Json table_of(const std::string& path, const std::vector<detail::ToStore>& arrays, const Metadata& metadata) {
  Json table = Json::object();
  std::size_t at = 0;
  for (const detail::ToStore& a : arrays) {
    if (a.name == "__metadata__")
      throw ValueError(detail::printable(path) + ": an array cannot be named '__metadata__'");
    Json entry = {{"dtype", a.type}, {"shape", a.shape}, {"data_offsets", {at, at + a.bytes}}};
    if (!table.emplace(a.name, std::move(entry)).second)
      throw ValueError(detail::printable(path) + ": two arrays are named '" + a.name + "'");
    at += a.bytes;
  }
  for (const auto& [key, text] : metadata)
    if (key == "format" || key == "crc32")
      throw ValueError(detail::printable(path) + ": the metadata '" + key + "' is reserved");
  if (!metadata.empty()) table["__metadata__"] = metadata;
  return table;
}

}  // namespace

void detail::write_stored(const std::string& path, const std::vector<ToStore>& arrays, const Metadata& metadata) {
  Json table = table_of(path, arrays, metadata);
  const std::string listed = dumped(path, table);
  uLong sum = crc32_z(0, reinterpret_cast<const Bytef*>(listed.data()), listed.size());
  for (const ToStore& a : arrays)  // zlib restarts the checksum at a null pointer, which an empty array may have
    if (a.bytes > 0) sum = crc32_z(sum, static_cast<const Bytef*>(a.data), a.bytes);
  table["__metadata__"]["format"] = "ebb";
  table["__metadata__"]["crc32"] = fmt::format("{:08x}", sum);
  std::string header = dumped(path, table);
  header.resize((header.size() + 7) / 8 * 8, ' ');  // the data is aligned to eight bytes

  detail::NewFile file(path);
  const std::uint64_t length = header.size();
  file.write(&length, sizeof length);
  file.write(header.data(), header.size());
  for (const ToStore& a : arrays) file.write(a.data, a.bytes);
  file.publish();
}

void write_safetensors(const std::string& path, const std::vector<NamedArray>& arrays, const Metadata& metadata) {
  std::vector<Array> data;  // contiguous copies, kept until they are written
  std::vector<detail::ToStore> list;
  for (const NamedArray& a : arrays) {
    data.push_back(a.values.compact());
    std::vector<int> shape;
    for (int k = 0; k < a.values.rank(); ++k) shape.push_back(a.values.dim(k));
    list.push_back({a.name, a.values.dtype() == f32 ? "F32" : "F64", shape, data.back().raw(), data.back().bytes()});
  }
  detail::write_stored(path, list, metadata);
}

}  // namespace ebb
