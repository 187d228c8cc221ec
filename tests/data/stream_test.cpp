#include <algorithm>
#include <ebb/data/stream.hpp>
#include <ebb/ops/random.hpp>

#include "catch.hpp"
#include "files.hpp"

namespace stream_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

using Ints = std::vector<int>;

/// About 200 kB of words of different lengths, in lines.
std::string long_text() {
  std::string s;
  const Tokens t = integers({40'000}, Key{4}, 0, 500);
  for (int k = 0; k < 40'000; ++k)
    s += "w" + std::to_string(t.data()[k] * t.data()[k]) + (k % 11 ? " " : k % 5 ? "\n" : "  \xc3\xa9 \n\n");
  return s;
}

/// The symbols that each row reads in an epoch, including the first.
std::vector<Ints> rows_of(TokenStream& stream, int rows, int steps) {
  std::vector<Ints> all(static_cast<std::size_t>(rows));
  TokenWindow w;
  while (stream.next(w)) {
    REQUIRE(w.tokens.shape() == Shape{steps, rows});
    for (int b = 0; b < rows; ++b) {
      Ints& row = all[static_cast<std::size_t>(b)];
      CHECK(w.continues == !row.empty());
      if (!w.continues) row.push_back(w.tokens.at({0, b}));
      for (int t = 0; t < steps; ++t) {
        if (w.tokens.at({t, b}) != row.back()) FAIL("a row has a gap");
        row.push_back(w.next.at({t, b}));
      }
    }
  }
  return all;
}

}  // namespace

TEST_CASE(
    "Each row of a stream reads its own share of the text without a gap, whatever the symbols, plain or gzipped") {
  const TempFolder folder;
  const std::string s = long_text();
  const int rows = GENERATE(1, 3), steps = 50;
  for (const Symbols kind : {Symbols::words, Symbols::characters, Symbols::bytes}) {
    const auto v = Vocabulary::from_text(kind, s);
    for (const std::string& path : {folder.file("plain", s), test::gzipped(folder, "zipped", s)}) {
      TokenStream stream(path, v, {.steps = steps, .rows = rows});
      const auto read = rows_of(stream, rows, steps);
      const Tokens all = v.encode(s);
      const Ints whole(all.data(), all.data() + all.size());
      std::size_t at = 0;
      for (const Ints& row : read) {
        // A row's symbols are contiguous in the text, and follow those of the previous row with a small gap.
        REQUIRE(row.size() > whole.size() / static_cast<std::size_t>(rows) * 95 / 100);
        const auto found = std::search(whole.begin() + static_cast<long>(at), whole.end(), row.begin(), row.end());
        REQUIRE(found != whole.end());
        CHECK(static_cast<std::size_t>(found - whole.begin()) - at < (&row == &read[0] ? 1 : whole.size() / 20));
        at = static_cast<std::size_t>(found - whole.begin()) + row.size();
      }
      CHECK(whole.size() - at < whole.size() / 20);
      stream.rewind();
      CHECK(rows_of(stream, rows, steps) == read);
    }
  }
}

TEST_CASE("A restored stream continues with the window that would have come next") {
  const TempFolder folder;
  const std::string s = long_text();
  const auto v = Vocabulary::from_text(Symbols::words, s);
  for (const std::string& path : {folder.file("plain", s), test::gzipped(folder, "zipped", s)}) {
    TokenStream a(path, v, {.steps = 20, .rows = 4}), b(path, v, {.steps = 20, .rows = 4});
    TokenWindow x, y;
    CHECK_FALSE(a.position().begun);
    b.restore(a.position());
    for (int k = 0; k < 300; ++k) {
      if (k % 37 == 36) {
        const StreamPosition p = a.position();
        b = TokenStream(path, v, {.steps = 20, .rows = 4});
        b.restore(p);
      }
      REQUIRE(a.next(x));
      REQUIRE(b.next(y));
      REQUIRE(x.continues == y.continues);
      for (std::int64_t i = 0; i < x.next.size(); ++i)
        if (x.tokens.data()[i] != y.tokens.data()[i] || x.next.data()[i] != y.next.data()[i])
          FAIL("window " << k << " differs");
    }
    while (a.next(x)) {}
    b.restore(a.position());  // at the end
    CHECK_FALSE(b.next(y));
    CHECK_THROWS_AS(b.restore({{0}, true}), ValueError);
    CHECK_THROWS_AS(b.restore({{s.size(), 0, 0, 0}, true}), ValueError);
  }
}

TEST_CASE("A line end among words is <eos> on request") {
  const TempFolder folder;
  const std::string s = "a b\nc\n\n";
  const auto v =
      Vocabulary::from_text(Symbols::words, s, {.pad = false, .unknown = false, .eos = true});  // <eos> a b c
  TokenStream stream(folder.file("x", s), v, {.steps = 5, .rows = 1, .line_ends = true});
  TokenWindow w;
  REQUIRE(stream.next(w));
  CHECK(Ints(w.tokens.data(), w.tokens.data() + 5) == Ints{1, 2, 0, 3, 0});
  CHECK(w.next.at({4, 0}) == 0);
  CHECK_FALSE(stream.next(w));
  CHECK_THROWS_AS(TokenStream(folder / "x", Vocabulary::from_text(Symbols::words, s), {.line_ends = true}), ValueError);
}

TEST_CASE("A stream names what it cannot read") {
  const TempFolder folder;
  const auto v = Vocabulary::from_text(Symbols::characters, "abc", {.unknown = false});
  const auto rejection = [&](const std::string& bytes, int rows) {
    const std::string path = folder.file("x", bytes);
    return message_of<FileError>([&] {
             TokenStream stream(path, v, {.steps = 4, .rows = rows});
             TokenWindow w;
             while (stream.next(w)) {}
           })
        .substr(path.size());
  };
  CHECK(rejection("abcabcXbc", 1) == ": byte 6: a symbol is not in the vocabulary, which has no <unk>");
  CHECK(rejection("abcab\xff"
                  "cabc",
                  1) == ": is not UTF-8 at byte 5");
  CHECK(rejection("abca", 1) == ": is too short: row 0 of 1 has fewer than 4 + 1 symbols");
  CHECK(rejection("abcabcabc", 2) == ": is too short: row 0 of 2 has fewer than 4 + 1 symbols");
  CHECK(rejection("", 2) == ": is too short: row 0 of 2 has fewer than 4 + 1 symbols");
  CHECK_THROWS_AS(TokenStream(folder / "none", v), FileError);
  CHECK_THROWS_AS(TokenStream(folder / "x", v, {.steps = 0}), ValueError);
}

}  // namespace stream_test
