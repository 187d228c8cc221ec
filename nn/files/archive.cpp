#include <fmt/format.h>
#include <ebb/nn/archive_impl.hpp>
#include <ebb/nn/files/archive.hpp>
#include <ebb/nn/files/safetensors_file.hpp>

namespace ebb::detail {

namespace {

constexpr const char* archive_mark = "ebb archive";  // metadata that distinguishes an archive from a file of weights
const std::string archive_format = "1";

}  // namespace

ArchiveFile::ArchiveFile(Direction d, const std::string& path, int parts) : archive_(d == Direction::read) {
  archive_.impl_->path = path;
  if (archive_.reading()) {
    read(parts);
    return;
  }
  archive_.impl_->texts[archive_mark] = archive_format;
  archive_.impl_->texts["parts"] = std::to_string(parts);
}

void ArchiveFile::read(int parts) {
  Archive::Impl& to = *archive_.impl_;
  StoredFile file(to.path);
  if (!file.checked() || !file.metadata().count(archive_mark))
    file.reject("is not an archive written by save(); files of weights are read by load_weights()");
  if (file.metadata().at(archive_mark) != archive_format)
    file.reject("is an archive written by a later version of Ebb");
  to.texts = file.metadata();
  to.texts.erase(archive_mark);
  for (const Stored& s : file.table()) {
    file.check(s);
    std::vector<char> bytes(s.bytes());
    file.read(bytes.data(), bytes.size());
    to.arrays[s.name] = {s.type, s.shape, {}, std::move(bytes)};
  }
  file.finish();
  const std::string count = to.texts["parts"];
  to.texts.erase("parts");
  if (count != std::to_string(parts)) file.reject(fmt::format("its number of parts is {}, expected {}", count, parts));
}

void ArchiveFile::finish() {
  const Archive::Impl& from = *archive_.impl_;
  if (from.reading) return archive_.give();
  std::vector<ToStore> list;
  for (const auto& [name, a] : from.arrays) list.push_back({name, a.type, a.shape, a.data(), a.size()});
  write_stored(from.path, list, from.texts);
}

}  // namespace ebb::detail
