#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>
#include <ebb/nn/safetensors.hpp>
#include <ebb/ops/error.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

static_assert(std::endian::native == std::endian::little, "the format stores numbers little-endian");

namespace ebb {

namespace {

/// A file that appears under its name only when it is complete.
class NewFile final {
 public:
  explicit NewFile(const std::string& path) : path_(path) {
    static std::atomic<unsigned> count{0};
    temporary_ = fmt::format("{}.{}.{}.tmp", path, ::getpid(), count++);
    file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file_ < 0) fail("cannot be written");
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (file_ >= 0) ::close(file_);
    if (!done_) ::unlink(temporary_.c_str());
  }
  void write(const void* data, std::size_t bytes) {
    const char* at = static_cast<const char*>(data);
    while (bytes > 0) {
      const ssize_t n = ::write(file_, at, bytes);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) fail("could not be written");
      at += n;
      bytes -= static_cast<std::size_t>(n);
    }
  }
  void publish() {
    if (::fsync(file_) != 0) fail("could not be flushed to the disk");
    const int closed = ::close(file_);
    file_ = -1;
    if (closed != 0) fail("could not be written");
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("could not be put in its place");
    done_ = true;
    sync_folder();
  }

 private:
  [[noreturn]] void fail(const char* what) const { throw FileError(path_ + ": " + what + ": " + std::strerror(errno)); }
  // The rename itself lasts only once the folder is flushed; where that is not possible the file is whole all the same.
  void sync_folder() const {
    const std::size_t slash = path_.find_last_of('/');
    const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
    const int f = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f < 0) return;
    ::fsync(f);
    ::close(f);
  }
  std::string path_, temporary_;
  int file_ = -1;
  bool done_ = false;
};

}  // namespace

void write_safetensors(const std::string& path, const std::vector<NamedArray>& arrays) {
  nlohmann::json table = nlohmann::json::object();
  std::size_t at = 0;
  for (const NamedArray& a : arrays) {
    std::vector<int> shape;
    for (int k = 0; k < a.values.rank(); ++k) shape.push_back(a.values.dim(k));
    table[a.name] = {{"dtype", a.values.dtype() == f32 ? "F32" : "F64"},
                     {"shape", shape},
                     {"data_offsets", {at, at + a.values.bytes()}}};
    at += a.values.bytes();
  }
  const std::string listed = table.dump();
  uLong sum = crc32_z(0, reinterpret_cast<const Bytef*>(listed.data()), listed.size());
  std::vector<Array> data;
  for (const NamedArray& a : arrays) {
    data.push_back(a.values.compact());
    sum = crc32_z(sum, static_cast<const Bytef*>(data.back().raw()), data.back().bytes());
  }
  table["__metadata__"] = {{"format", "ebb"}, {"crc32", fmt::format("{:08x}", sum)}};
  std::string header = table.dump();
  header.resize((header.size() + 7) / 8 * 8, ' ');   // numbers start at a multiple of eight bytes

  NewFile file(path);
  const std::uint64_t length = header.size();
  file.write(&length, sizeof length);
  file.write(header.data(), header.size());
  for (const Array& a : data) file.write(a.raw(), a.bytes());
  file.publish();
}

}  // namespace ebb
