#include <sys/resource.h>

#include <ebb/data/stream.hpp>

#include "catch.hpp"
#include "files.hpp"

using namespace ebb;

namespace {

/// Peak memory of this program so far, in MB.
double most_memory() {
  struct rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_maxrss) / 1024;
}

constexpr int copies = 2000;  // of 24 kB each

std::string piece() {
  std::string s;
  for (int k = 0; k < 4000; ++k) s += "w" + std::to_string(1000 + k) + (k % 10 ? " " : "\n");
  return s;
}

void write_long_files(const std::string& plain, const std::string& zipped) {
  const std::string s = piece();
  std::ofstream out(plain, std::ios::binary);
  const gzFile f = gzopen(zipped.c_str(), "wb1");
  for (int k = 0; k < copies; ++k) {
    out << s;
    gzwrite(f, s.data(), static_cast<unsigned>(s.size()));
  }
  gzclose(f);
}

}  // namespace

TEST_CASE("A text of 48 MB, plain or gzipped, is counted and streamed with a few MB of memory") {
  const TempFolder folder;
  write_long_files(folder / "plain", folder / "zipped");
  REQUIRE(std::filesystem::file_size(folder / "plain") == 48'000'000);
  const double before = most_memory();
  for (const std::string& path : {folder / "plain", folder / "zipped"}) {
    const auto v = Vocabulary::from_file(Symbols::words, path);
    CHECK(v.size() == 4002);
    TokenStream stream(path, v, {.steps = 50, .rows = 4});
    long tokens = 0;
    for (TokenWindow w; stream.next(w);) tokens += w.tokens.size();
    CHECK(tokens > copies * 4000L - 4 * 51);
    CHECK(most_memory() - before < 8);
  }
}
