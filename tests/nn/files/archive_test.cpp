#include <unistd.h>

#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/files/archive.hpp>
#include <ebb/nn/files/weights.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>
#include <filesystem>
#include <limits>

#include "arrays.hpp"
#include "catch.hpp"
#include "temp_folder.hpp"

namespace archive_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

struct Cursor {
  std::int64_t epoch = 0;
  std::string file;
  std::vector<std::uint8_t> bytes;
  int followed = 0;  // derived, not stored
  void visit(Archive& a) {
    a("epoch", epoch)("file", file)("bytes", bytes).then([this] { followed = static_cast<int>(epoch) + 1; });
  }
};

/// Every type that a file can hold.
struct Everything {
  Params w{{.seed = 1}};
  bool yes = false;
  std::int64_t least = 0;
  std::uint64_t most = 0;
  double tenth = 0, nan = 0;
  float third = 0;
  std::string text;
  std::vector<double> doubles;
  std::vector<bool> bools;
  std::vector<std::string> words;
  Array array, none;
  Tokens tokens;
  StateArrays carry, fresh;
  Cursor cursor;
  std::vector<float> empty;  // the last array of the file, empty: must not restart the checksum

  explicit Everything(bool filled) {
    make_cell("lstm", w / "rnn", {3, 4});
    if (!filled) {
      w.edit().flat().fill(0);
      none = Array::number(1, f64);
      doubles = {9};
      words = {"x"};
      fresh.names = {"x"};
      fresh.fields = {none};
      return;
    }
    yes = true;
    least = std::numeric_limits<std::int64_t>::min();
    most = std::numeric_limits<std::uint64_t>::max();
    tenth = .1;
    third = 1.f / 3;
    nan = std::nan("1234");
    text = std::string("a\0b\xff \"", 6);
    words = {"", "\xc3\xa9t\xc3\xa9"};
    bools = {true, false, true};
    doubles = {1e-310, -0., std::numeric_limits<double>::infinity(), 5e-324};
    array = uniform({2, 3, 4}, Key{5}, -1, 1, f64).column_block(1, 3);
    tokens = Tokens({2, 2}, {1, -2, 3, 2147483647});
    carry.names = {"h", "c"};
    carry.fields = {uniform({2, 4}, Key{6}, 0, 1), uniform({2, 4}, Key{7}, 0, 1)};
    cursor = {1L << 60, "p.txt", {0, 255}};
  }
  template <class F> auto with(F&& f) {
    return f(w, yes, least, most, tenth, nan, third, text, doubles, bools, words, array, none, tokens, carry, fresh,
             cursor, empty);
  }
  void save(const std::string& path) {
    with([&](auto&... p) { ebb::save(path, p...); });
  }
  void load(const std::string& path) {
    with([&](auto&... p) { ebb::load(path, p...); });
  }
  std::string bits(const std::string& path) {  // the bytes of a second file with the same content
    save(path);
    return read_all(path);
  }
};

}  // namespace

TEST_CASE("Every kind of part is restored from an archive bit for bit") {
  const TempFolder folder;
  Everything a(true), b(false);
  a.save(folder / "run");
  b.load(folder / "run");
  CHECK(test::same_bits(a.w.flat(), b.w.flat()));
  CHECK(b.yes);
  CHECK(b.least == a.least);
  CHECK(b.most == a.most);
  CHECK(std::memcmp(&b.tenth, &a.tenth, 8) == 0);
  CHECK(std::memcmp(&b.nan, &a.nan, 8) == 0);
  CHECK(b.third == a.third);
  CHECK(b.text == a.text);
  CHECK(b.words == a.words);
  CHECK(b.bools == a.bools);
  REQUIRE(b.doubles.size() == 4);
  CHECK(std::memcmp(b.doubles.data(), a.doubles.data(), 32) == 0);
  CHECK(test::same_bits(a.array, b.array));
  CHECK_FALSE(bool(b.none));
  CHECK(b.tokens.at({1, 1}) == 2147483647);
  CHECK(b.tokens.at({0, 1}) == -2);
  CHECK(b.carry.names == a.carry.names);
  CHECK(test::same_bits(a.carry["c"], b.carry["c"]));
  CHECK(b.fresh.empty());
  CHECK(b.fresh.names.empty());
  CHECK(b.cursor.epoch == 1L << 60);
  CHECK(b.cursor.bytes == std::vector<std::uint8_t>{0, 255});
  CHECK(b.cursor.followed == static_cast<int>(1L << 60) + 1);
  const bool same_file = a.bits(folder / "1") == b.bits(folder / "2");
  CHECK(same_file);
}

TEST_CASE("An archive that is truncated anywhere, or altered in any byte, changes no part") {
  const TempFolder folder;
  Everything a(true), b(false);
  a.save(folder / "run");
  const std::string whole = read_all(folder / "run"), before = b.bits(folder / "before");
  const auto rejected = [&](const std::string& bytes) {
    write_all(folder / "bad", bytes);
    REQUIRE_THROWS_AS(b.load(folder / "bad"), FileError);
  };
  for (std::size_t n = 0; n < whole.size(); n += 1 + n % 7) rejected(whole.substr(0, n));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    std::string bad = whole;
    bad[n] = static_cast<char>(bad[n] ^ (1 << (n % 7)));
    CAPTURE(n);
    rejected(bad);
  }
  rejected(whole + "x");
  const bool unchanged = b.bits(folder / "after") == before;
  CHECK(unchanged);
  CHECK(b.cursor.followed == 0);
}

TEST_CASE("A mismatch is named by part and member, and no part is changed") {
  const TempFolder folder;
  const std::string path = folder / "run";
  Params w{{.seed = 1}};
  (w / "a").vector("b", 3);
  (w / "a").matrix("W", 2, 3);
  std::int64_t n = 300;
  double x = 2;
  save(path, w, n, x);
  const auto rejection = [&](auto&... parts) { return message_of<FileError>([&] { load(path, parts...); }); };

  Params fewer{{.seed = 2}}, more{{.seed = 2}}, other{{.seed = 2}}, wide{{.seed = 2, .dtype = f64}}, same{{.seed = 2}};
  (fewer / "a").vector("b", 3);
  (more / "a").vector("b", 3);
  (more / "a").matrix("W", 2, 3);
  (more / "c").vector("d", 1);
  (other / "a").vector("b", 3);
  (other / "a").matrix("W", 3, 2);
  (wide / "a").vector("b", 3);
  (wide / "a").matrix("W", 2, 3);
  (same / "a").vector("b", 3);
  (same / "a").matrix("W", 2, 3);
  const Array before = same.flat().copy();
  std::int64_t m = 1;
  double y = 1;
  CHECK(contains(rejection(fewer, m, y), "run: part 1, 'values/a/W': is in the file but not expected"));
  CHECK(contains(rejection(more, m, y), "part 1, 'values/c/d': is missing from the file"));
  CHECK(contains(rejection(other, m, y), "part 1, 'values/a/W': is [2, 3] in the file and [3, 2] here"));
  CHECK(contains(rejection(wide, m, y), "is float32 in the file and float64 here"));
  CHECK(contains(rejection(same, m), "its number of parts is 3, expected 2"));
  CHECK(contains(rejection(same, y, m), "part 2: is 'integer 300', but a value of type float64"));
  CHECK(contains(rejection(m, same, y), "part 1: is missing from the file"));
  std::uint8_t small = 1;
  CHECK(contains(rejection(same, small, y), "part 2: is out of range"));
  std::string text;
  CHECK(contains(rejection(same, m, text), "part 3: is 'float64 2', but a string"));
  std::vector<double> list{1};
  CHECK(contains(rejection(same, m, list), "part 3"));
  CHECK(test::same_bits(same.flat(), before));
  CHECK((m == 1 && y == 1 && small == 1 && list.size() == 1));
  load(path, same, m, y);
  CHECK(test::same_bits(same.flat(), w.flat()));
  CHECK((m == 300 && y == 2));
}

TEST_CASE("An archive and a file of weights are distinguished, both ways") {
  const TempFolder folder;
  Params w{{.seed = 1}};
  (w / "a").vector("b", 3);
  save_weights(folder / "weights", w);
  save(folder / "run", w);
  CHECK(contains(message_of<FileError>([&] { load(folder / "weights", w); }), "is not an archive"));
  CHECK(contains(message_of<FileError>([&] { load_weights(folder / "run", w); }), "is read by load()"));
}

TEST_CASE("A list that declares more entries than its file has is rejected at the first missing one") {
  const TempFolder folder;
  write_safetensors(folder / "run", {},
                    {{"ebb archive", "1"}, {"parts", "1"}, {"1/count", "integer 18446744073709551615"}});
  std::vector<std::string> words{"kept"};
  CHECK(contains(message_of<FileError>([&] { load(folder / "run", words); }), "part 1, '0'"));
  CHECK(words.size() == 1);
  for (const char* text : {"integer 18446744073709551616", "integer", "integer 1x", "integer -1", "float64 1", ""}) {
    write_safetensors(folder / "run", {}, {{"ebb archive", "1"}, {"parts", "1"}, {"1", text}});
    std::uint64_t n = 7;
    CAPTURE(text);
    CHECK(contains(message_of<FileError>([&] { load(folder / "run", n); }), "part 1"));
    CHECK(n == 7);
  }
}

TEST_CASE("Two members with one name are rejected before anything is written") {
  struct Twice {
    int a = 0, b = 0;
    void visit(Archive& archive) { archive("a", a)("a", b); }
  };
  const TempFolder folder;
  CHECK(contains(message_of<ValueError>([&] { save(folder / "run", Twice{}); }), "1/a"));
  CHECK_FALSE(std::filesystem::exists(folder / "run"));
}

}  // namespace archive_test
