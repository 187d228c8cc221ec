#include <minizip/unzip.h>

#include <fmt/format.h>
#include <algorithm>
#include <ebb/data/byte_reader.hpp>
#include <ebb/data/npy_format.hpp>
#include <memory>

namespace ebb {

namespace {

constexpr std::uint64_t most_unzipped = 1040;  // maximum expansion of one compressed byte; the format's is 1032

/// Reads the entries of a zip file. Declared sizes are believed only as far as the compressed bytes can expand.
class ZipReader final {
 public:
  explicit ZipReader(const std::string& path)
      : file_(path, detail::Content::bytes), zip_(unzOpen64(path.c_str()), &unzClose) {
    if (!zip_) file_.reject("is not a zip file (as .npz files are), or is truncated");
  }

  template <class F> void for_entries(F&& f) {
    const std::uint64_t length = file_.length();
    std::uint64_t zipped = 0;
    int code = unzGoToFirstFile(zip_.get());
    for (; code == UNZ_OK; code = unzGoToNextFile(zip_.get())) {
      char name[4096] = {};
      unz_file_info64 about{};
      if (unzGetCurrentFileInfo64(zip_.get(), &about, name, sizeof name, nullptr, 0, nullptr, 0) != UNZ_OK)
        file_.reject("its list of entries is corrupt");
      if (about.size_filename >= sizeof name || std::char_traits<char>::length(name) != about.size_filename)
        file_.reject("an entry has an invalid name");
      // Overlapping entries would allow a small file to expand without limit.
      if (about.compressed_size > length - zipped)
        file_.reject(fmt::format("entry '{}' is longer than the file", name));
      zipped += about.compressed_size;
      f(std::string(name), about);
    }
    if (code != UNZ_END_OF_LIST_OF_FILE) file_.reject("its list of entries is corrupt");
  }

  NpyArray read(const std::string& name, const unz_file_info64& about) {
    const auto reject = [&](const std::string& why) { file_.reject(fmt::format("entry '{}': {}", name, why)); };
    if (about.flag & 1) reject("is encrypted");
    if (unzOpenCurrentFile(zip_.get()) != UNZ_OK)
      reject("is corrupt, or uses a compression method that NumPy does not");
    const auto read = [&](void* to, std::size_t n) {
      std::size_t done = 0;
      while (done < n) {
        const auto most = static_cast<unsigned>(std::min<std::size_t>(n - done, 1 << 24));
        const int got = unzReadCurrentFile(zip_.get(), static_cast<char*>(to) + done, most);
        if (got < 0) reject("is corrupt: it cannot be decompressed");
        if (got <= 0) break;
        done += static_cast<std::size_t>(got);
      }
      return done;
    };
    const std::uint64_t most = std::min<std::uint64_t>(about.uncompressed_size, about.compressed_size * most_unzipped);
    NpyArray a = detail::parse_npy({.read = read, .reject = reject, .most = most});
    if (unzCloseCurrentFile(zip_.get()) != UNZ_OK) reject("is corrupt: its checksum does not match");
    return a;
  }

  [[noreturn]] void reject(const std::string& why) const { file_.reject(why); }

 private:
  detail::ByteReader file_;  // checks that it is a regular file, and gives its length
  std::unique_ptr<void, int (*)(void*)> zip_;
};

}  // namespace

std::map<std::string, NpyArray> read_npz(const std::string& path, const std::vector<std::string>& names) {
  ZipReader zip(path);
  std::map<std::string, NpyArray> arrays;
  zip.for_entries([&](std::string name, const unz_file_info64& about) {
    const std::string entry = name;
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    if (!names.empty() && std::find(names.begin(), names.end(), name) == names.end()) return;
    if (arrays.count(name)) zip.reject(fmt::format("has two entries '{}'", name));
    arrays.emplace(name, zip.read(entry, about));
  });
  for (const std::string& name : names)
    if (!arrays.count(name)) zip.reject(fmt::format("has no array '{}'", name));
  return arrays;
}

}  // namespace ebb
