#pragma once
#include <stdlib.h>
#include <zlib.h>

#include <ebb/ops/array.hpp>
#include <ebb/ops/error.hpp>
#include <filesystem>
#include <fstream>
#include <string>

namespace test {

/// A folder that is gone when the test ends.
struct Folder {
  std::string path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "ebb-test-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
  /// The path of a file of this name, with these bytes in it.
  std::string file(const std::string& name, const std::string& bytes) const {
    std::ofstream(path + "/" + name, std::ios::binary) << bytes;
    return path + "/" + name;
  }
  std::string gzipped(const std::string& name, const std::string& bytes) const {
    const gzFile f = gzopen((path + "/" + name).c_str(), "wb");
    gzwrite(f, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(f);
    return path + "/" + name;
  }
  std::string operator/(const std::string& name) const { return path + "/" + name; }
};

inline std::string bytes_of(const std::string& path) {
  std::ifstream f(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(f), {}};
}

/// The message of the E that f throws; says so if it throws nothing, and lets other exceptions through.
template <class E, class F> std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "(nothing was thrown)";
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace test
