#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <ebb/nn/safetensors.hpp>
#include <ebb/ops/error.hpp>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

namespace ebb {

namespace {

using Json = nlohmann::json;
using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

struct Place {
  std::string name;
  Shape shape;
  DType dtype;
  std::uint64_t begin, end;
};

[[noreturn]] void refuse(const std::string& path, const std::string& why) { throw FileError(path + ": " + why); }

File open_file(const std::string& path, std::uint64_t& size) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) refuse(path, std::string("cannot be read: ") + std::strerror(errno));
  if (!S_ISREG(about.st_mode)) refuse(path, "is not a file");   // before opening: opening a pipe would wait
  File file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) refuse(path, std::string("cannot be read: ") + std::strerror(errno));
  size = static_cast<std::uint64_t>(about.st_size);
  return file;
}

void read_bytes(const std::string& path, const File& file, void* to, std::size_t bytes) {
  if (bytes > 0 && std::fread(to, 1, bytes, file.get()) != bytes) refuse(path, "is torn: it ends too early");
}

Json parse_header(const std::string& path, const std::string& text) {
  std::set<std::string> names;
  std::string twice;
  const auto notice = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::key && depth == 1 && !names.insert(parsed.get<std::string>()).second)
      twice = parsed.get<std::string>();
    return depth <= 8;   // the format needs three levels
  };
  Json header = Json::parse(text, notice, false);
  if (!header.is_object()) refuse(path, "is not a safetensors file: its header is not a JSON object");
  if (!twice.empty()) refuse(path, "names '" + twice + "' twice");
  return header;
}

Place parse_place(const std::string& path, const std::string& name, const Json& entry, std::uint64_t data_bytes) {
  const auto bad = [&](const std::string& what) { refuse(path, "parameter '" + name + "': " + what); };
  const auto list = [&](const char* key) -> const Json& {
    if (!entry.is_object() || !entry.contains(key) || !entry[key].is_array()) bad(std::string("has no list ") + key);
    for (const Json& x : entry[key])
      if (!x.is_number_unsigned()) bad(std::string(key) + " holds something that is not a whole number");
    return entry[key];
  };
  const Json& shape = list("shape");
  const Json& offsets = list("data_offsets");
  if (shape.size() > Shape::max_rank) bad("has more than four axes");
  if (offsets.size() != 2) bad("data_offsets is not a pair");
  const Json dtype = entry.value("dtype", Json());
  if (dtype != "F32" && dtype != "F64") bad("its type is neither F32 nor F64");

  Place p{name, {}, dtype == "F32" ? f32 : f64, offsets[0], offsets[1]};
  int extents[Shape::max_rank] = {};
  std::uint64_t bytes = bytes_of(p.dtype);
  for (std::size_t k = 0; k < shape.size(); ++k) {
    const std::uint64_t n = shape[k];
    if (n == 0 || n > INT_MAX || n > data_bytes / bytes) bad("its shape " + shape.dump() + " does not fit into the file");
    extents[k] = static_cast<int>(n);
    bytes *= n;
  }
  if (p.begin > p.end || p.end > data_bytes || p.end - p.begin != bytes)
    bad("data_offsets " + offsets.dump() + " do not fit the shape " + shape.dump() + " or the file");
  p.shape = Shape(extents, static_cast<int>(shape.size()));
  return p;
}

/// The places of all arrays, in the file's order: side by side, none over another, nothing left over.
std::vector<Place> parse_table(const std::string& path, const Json& table, std::uint64_t data_bytes) {
  std::vector<Place> places;
  for (const auto& [name, entry] : table.items()) places.push_back(parse_place(path, name, entry, data_bytes));
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.begin < b.begin; });
  std::uint64_t at = 0;
  for (const Place& p : places) {
    if (p.begin != at) refuse(path, "parameter '" + p.name + "' " + (p.begin < at ? "overlaps another" : "leaves a gap"));
    at = p.end;
  }
  if (at != data_bytes) refuse(path, fmt::format("holds {} bytes of numbers where its header lists {}", data_bytes, at));
  return places;
}

/// The checksum that the header holds; takes the metadata out of it.
uLong take_checksum(const std::string& path, Json& header) {
  const Json metadata = header.value("__metadata__", Json());
  header.erase("__metadata__");
  if (!metadata.is_object() || metadata.value("format", Json()) != "ebb" || !metadata.value("crc32", Json()).is_string())
    refuse(path, "was not written by Ebb: its metadata has no format \"ebb\" with a checksum");
  const std::string text = metadata["crc32"];
  if (text.size() != 8 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
    refuse(path, "its checksum is not one");
  return std::strtoul(text.c_str(), nullptr, 16);
}

}  // namespace

std::vector<NamedArray> read_safetensors(const std::string& path) {
  std::uint64_t size = 0, length = 0;
  const File file = open_file(path, size);
  if (size < sizeof length) refuse(path, "is no safetensors file: it is shorter than eight bytes");
  read_bytes(path, file, &length, sizeof length);
  if (length > size - sizeof length) refuse(path, "is torn, or no safetensors file: its header would be longer than the file");
  std::string text(length, '\0');
  read_bytes(path, file, text.data(), text.size());
  Json header = parse_header(path, text);
  const uLong wanted = take_checksum(path, header);
  const std::vector<Place> places = parse_table(path, header, size - sizeof length - length);

  const std::string listed = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  uLong sum = crc32_z(0, reinterpret_cast<const Bytef*>(listed.data()), listed.size());
  std::vector<NamedArray> arrays;
  for (const Place& p : places) {
    Array a = Array::empty(p.shape, p.dtype);
    read_bytes(path, file, a.raw(), a.bytes());
    sum = crc32_z(sum, static_cast<const Bytef*>(a.raw()), a.bytes());
    arrays.push_back({p.name, a});
  }
  if (sum != wanted) refuse(path, "has been altered: its checksum does not fit");
  return arrays;
}

}  // namespace ebb
