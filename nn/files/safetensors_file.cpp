#include <zlib.h>

#include <fmt/format.h>
#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ebb/nn/files/safetensors_file.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/regular_file.hpp>
#include <ebb/ops/shape.hpp>
#include <nlohmann/json.hpp>
#include <set>

namespace ebb::detail {

namespace {

using Json = nlohmann::json;
using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

[[noreturn]] void reject(const std::string& path, const std::string& why) { throw FileError(path + ": " + why); }

File open_file(const std::string& path, std::uint64_t& size) {
  size = regular_file_size(path);
  File file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) reject(path, std::string("cannot be read: ") + std::strerror(errno));
  return file;
}

void read_bytes(const std::string& path, const File& file, void* to, std::size_t bytes) {
  if (bytes > 0 && std::fread(to, 1, bytes, file.get()) != bytes) reject(path, "is truncated");
}

std::string read_header(const std::string& path, const File& file, std::uint64_t size) {
  std::uint64_t length = 0;
  if (size < sizeof length) reject(path, "is not a safetensors file: it is shorter than eight bytes");
  read_bytes(path, file, &length, sizeof length);
  if (length > size - sizeof length)
    reject(path, "is truncated or not a safetensors file: its header would be longer than the file");
  std::string text(length, '\0');
  read_bytes(path, file, text.data(), text.size());
  return text;
}

Json parse_header(const std::string& path, const std::string& text) {
  std::vector<std::set<std::string>> names;  // keys of each open object
  std::string twice;
  const auto notice = [&](int depth, Json::parse_event_t event, Json& parsed) {
    const auto level = static_cast<std::size_t>(depth);
    if (event == Json::parse_event_t::object_start) {
      names.resize(std::max(names.size(), level + 2));
      names[level + 1].clear();
    }
    if (event == Json::parse_event_t::key && !names[level].insert(parsed.get<std::string>()).second)
      twice = parsed.get<std::string>();
    return depth <= 8;  // the format needs three levels
  };
  Json header = Json::parse(text, notice, false);
  if (!header.is_object() || text.find('\0') != std::string::npos)  // the parser would stop at a zero byte
    reject(path, "is not a safetensors file: its header is not a JSON object");
  if (!twice.empty()) reject(path, "names '" + twice + "' twice");
  return header;
}

Stored parse_place(const std::string& path, const std::string& name, const Json& entry, std::uint64_t data_bytes) {
  const auto bad = [&](const std::string& what) { reject(path, "array '" + name + "': " + what); };
  const auto list = [&](const char* key) -> const Json& {
    if (!entry.is_object() || !entry.contains(key) || !entry[key].is_array()) bad(std::string("has no list ") + key);
    for (const Json& x : entry[key])
      if (!x.is_number_unsigned()) bad(std::string(key) + " has an entry that is not an unsigned integer");
    return entry[key];
  };
  const Json& shape = list("shape");
  const Json& offsets = list("data_offsets");
  if (offsets.size() != 2) bad("data_offsets is not a pair");
  const Json type = entry.value("dtype", Json());
  if (!type.is_string()) bad("has no type");

  Stored p{name, type, {}, {}, offsets[0], offsets[1]};
  if (p.begin > p.end || p.end > data_bytes) bad("data_offsets " + offsets.dump() + " exceed the file");
  const std::size_t each = stored_bytes(p.type);
  std::uint64_t bytes = each;
  for (const Json& n : shape) {  // checked for empty arrays too: no extent may exceed the file's size
    const std::uint64_t extent = n;
    if (extent > INT_MAX) p.strange = "has an axis longer than an array can have";
    if (each > 0 && extent > data_bytes / std::max<std::uint64_t>(bytes, 1))
      bad("its shape " + shape.dump() + " exceeds the file");
    bytes *= extent;
    p.shape.push_back(static_cast<int>(extent));
  }
  if (each > 0 && p.bytes() != bytes) bad("data_offsets " + offsets.dump() + " do not match the shape " + shape.dump());
  if (each == 0) p.strange = "has the unknown type " + type.dump(-1, ' ', true, Json::error_handler_t::replace);
  else if (shape.size() > Shape::max_rank) p.strange = "has more than four axes";
  if (!p.strange.empty()) p.shape.clear();
  return p;
}

/// The offsets of all arrays, in the file's order; checks that they are contiguous.
std::vector<Stored> parse_table(const std::string& path, const Json& table, std::uint64_t data_bytes) {
  std::vector<Stored> places;
  for (const auto& [name, entry] : table.items())
    if (name != "__metadata__") places.push_back(parse_place(path, name, entry, data_bytes));
  std::sort(places.begin(), places.end(),
            [](const Stored& a, const Stored& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  std::uint64_t at = 0;
  for (const Stored& p : places) {
    if (p.begin != at) reject(path, "array '" + p.name + "' " + (p.begin < at ? "overlaps another" : "leaves a gap"));
    at = p.end;
  }
  if (at != data_bytes) reject(path, fmt::format("has {} bytes of data, but its header lists {}", data_bytes, at));
  return places;
}

Metadata parse_metadata(const std::string& path, const Json& header) {
  Metadata texts;
  if (!header.contains("__metadata__")) return texts;
  const Json& given = header["__metadata__"];
  if (!given.is_object()) reject(path, "its metadata is not a JSON object");
  for (const auto& [key, text] : given.items()) {
    if (!text.is_string()) reject(path, "its metadata '" + key + "' is not a string");
    texts[key] = text;
  }
  return texts;
}

/// Extracts the checksum from the metadata, if Ebb wrote the file. Either of its two entries alone marks a file as
/// Ebb's, so that a file in which one was altered is not mistaken for another program's.
bool take_checksum(const std::string& path, Metadata& texts, uLong& wanted) {
  const auto format = texts.find("format"), sum = texts.find("crc32");
  const bool named = format != texts.end() && format->second == "ebb";
  if (!named && sum == texts.end()) return false;
  if (!named || sum == texts.end())
    reject(path, "is corrupt: its metadata has only one of format \"ebb\" and a checksum");
  const std::string text = sum->second;
  if (text.size() != 8 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
    reject(path, "its checksum is not a CRC-32");
  wanted = std::strtoul(text.c_str(), nullptr, 16);
  texts.erase("format");
  texts.erase("crc32");
  return true;
}

}  // namespace

std::uint64_t Stored::count() const {
  if (!strange.empty()) return bytes();
  std::uint64_t n = 1;
  for (const int extent : shape) n *= static_cast<std::uint64_t>(extent);
  return n;
}

std::size_t stored_bytes(const std::string& type) {
  static const std::map<std::string, std::size_t> known{
      {"F64", 8}, {"I64", 8}, {"U64", 8}, {"F32", 4}, {"I32", 4},  {"U32", 4},     {"F16", 2},     {"BF16", 2},
      {"I16", 2}, {"U16", 2}, {"I8", 1},  {"U8", 1},  {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"C64", 8}};
  const auto it = known.find(type);
  return it == known.end() ? 0 : it->second;
}

StoredFile::StoredFile(const std::string& path) : path_(path), file_(nullptr, &std::fclose) {
  std::uint64_t size = 0;
  file_ = open_file(path, size);
  const std::string text = read_header(path, file_, size);
  Json header = parse_header(path, text);
  metadata_ = parse_metadata(path, header);
  checked_ = take_checksum(path, metadata_, wanted_);
  table_ = parse_table(path, header, size - sizeof(std::uint64_t) - text.size());
  if (metadata_.empty()) header.erase("__metadata__");  // the checksum covers the header without the checksum
  else header["__metadata__"] = metadata_;
  const std::string listed = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  sum_ = crc32_z(0, reinterpret_cast<const Bytef*>(listed.data()), listed.size());
}

void StoredFile::read(void* to, std::size_t bytes) {
  read_bytes(path_, file_, to, bytes);
  if (checked_ && bytes > 0) sum_ = crc32_z(sum_, static_cast<const Bytef*>(to), bytes);
}

void StoredFile::skip(std::uint64_t bytes) {
  if (!checked_ && ::fseeko(file_.get(), static_cast<off_t>(bytes), SEEK_CUR) == 0) return;
  std::vector<char> piece(static_cast<std::size_t>(std::min<std::uint64_t>(bytes, 1 << 16)));
  for (; bytes > 0; bytes -= piece.size()) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(bytes, piece.size())));
    read(piece.data(), piece.size());
  }
}

void StoredFile::check(const Stored& a) const {
  if (!a.strange.empty()) reject("array '" + a.name + "': " + a.strange);
}

void StoredFile::finish() {
  if (checked_ && sum_ != wanted_) reject("is corrupt: its checksum does not match");
}

void StoredFile::reject(const std::string& why) const { detail::reject(path_, why); }

}  // namespace ebb::detail
