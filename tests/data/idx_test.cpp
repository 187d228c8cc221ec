#include <ebb/data/idx.hpp>
#include <set>

#include "catch.hpp"
#include "files.hpp"

namespace idx_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

std::string idx(const std::string& type, std::initializer_list<unsigned> extents, const std::string& data) {
  std::string s = std::string(2, '\0') + type + static_cast<char>(extents.size());
  for (const unsigned n : extents)
    for (int shift = 24; shift >= 0; shift -= 8) s += static_cast<char>(n >> shift & 255);
  return s + data;
}
const std::string pixels{"\x00\xff\x33\x66\x99\xcc", 6};

}  // namespace

TEST_CASE("Images are read scaled or raw, in either element type, plain or gzipped, and labels as tokens") {
  const TempFolder folder;
  const std::string bytes = idx("\x08", {1, 2, 3}, pixels);
  for (const std::string& path : {folder.file("plain", bytes), test::gzipped(folder, "images.gz", bytes)}) {
    const Array scaled = read_idx_images(path), raw = read_idx_images(path, {.scaled = false, .dtype = f64});
    REQUIRE(scaled.shape() == Shape{1, 2, 3});
    CHECK(scaled.dtype() == f32);
    CHECK(raw.dtype() == f64);
    for (int i = 0; i < 6; ++i) {
      CHECK(raw.at_flat(i) == static_cast<unsigned char>(pixels[static_cast<std::size_t>(i)]));
      CHECK(scaled.at_flat(i) == static_cast<double>(static_cast<float>(raw.at_flat(i)) / 255.f));
    }
  }
  const Tokens labels = read_idx_labels(folder.file("labels", idx("\x08", {3}, "\x07\x02\x09")));
  CHECK(labels.shape() == Shape{3});
  CHECK(labels.at({0}) == 7);
  CHECK(labels.at({2}) == 9);
}

TEST_CASE("An idx file that is truncated anywhere, too long, or of another kind is rejected") {
  const TempFolder folder;
  const auto rejection = [&](const std::string& bytes) {
    const std::string path = folder.file("x", bytes);
    return message_of<FileError>([&] { read_idx_images(path); }).substr(path.size());
  };
  const std::string whole = idx("\x08", {1, 2, 3}, pixels);
  for (std::size_t n = 0; n < whole.size(); ++n)
    CHECK(contains(rejection(whole.substr(0, n)), ": is truncated: it ends at byte"));
  CHECK(rejection(whole.substr(0, 20)) == ": is truncated: it ends at byte 20, 2 bytes before the end of its entries");
  CHECK(rejection(whole + "x") == ": has extra bytes after its 6 entries");
  CHECK(rejection("PNG" + whole) == ": is not an idx file: it does not begin with two zero bytes");
  CHECK(rejection(idx("\x0d", {1}, "abcd")) == ": has elements of type 0x0d, expected bytes (0x08)");
  CHECK(rejection(idx("\x08", {}, "a")) == ": its number of axes is 0, expected 1 to 4");
  CHECK(rejection(idx("\x08", {1, 1, 1, 1, 1}, "a")) == ": its number of axes is 5, expected 1 to 4");
  CHECK(rejection(idx("\x08", {0, 2}, "")) == ": extent 0 of axis 0 is out of range");
  CHECK(rejection(idx("\x08", {3, 0x80000000}, "")) == ": extent 2147483648 of axis 1 is out of range");
  CHECK(contains(rejection(idx("\x08", {0x7fffffff, 0x7fffffff, 2}, "")), "is out of range"));
  CHECK(contains(rejection(idx("\x08", {0x7fffffff, 0x1000}, "ab")),
                 ": is truncated"));  // 8 TiB declared, two bytes present
  CHECK(message_of<FileError>([&] { read_idx_labels(folder.file("x", whole)); }) ==
        folder / "x: its number of axes is 3, expected 1");
}

TEST_CASE("Fashion-MNIST is read as its publishers describe it") {
  const std::string folder = "/usr/share/datasets/fashion-mnist/";
  if (!std::filesystem::exists(folder)) {
    WARN("skipped: Debian's package dataset-fashion-mnist is not installed");
    return;
  }
  const Array images = read_idx_images(folder + "t10k-images-idx3-ubyte.gz");
  const Tokens labels = read_idx_labels(folder + "t10k-labels-idx1-ubyte.gz");
  CHECK(images.shape() == Shape{10'000, 28, 28});
  REQUIRE(labels.shape() == Shape{10'000});
  int count[10] = {};
  for (int i = 0; i < 10'000; ++i) ++count[labels.data()[i]];
  for (const int n : count) CHECK(n == 1000);
  double low = 1, high = 0;
  for (std::int64_t i = 0; i < images.size(); ++i) {
    low = std::min(low, images.at_flat(i));
    high = std::max(high, images.at_flat(i));
  }
  CHECK(low == 0);
  CHECK(high == 1);
}

}  // namespace idx_test
