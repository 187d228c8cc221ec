#include <sys/stat.h>

#include <algorithm>
#include <ebb/data/csv.hpp>
#include <ebb/data/stream.hpp>
#include <ebb/data/text_file.hpp>
#include <ebb/data/word_vectors.hpp>
#include <tuple>

#include "catch.hpp"
#include "files.hpp"

namespace text_file_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

const std::string mark = "\xef\xbb\xbf";
using Strings = std::vector<std::string>;

/// Encodes Latin letters in units of 2 or 4 bytes, UTF-16 or UTF-32; their zero bytes come first or last.
std::string wide(const std::string& text, std::size_t bytes, bool zeros_first) {
  const std::string zeros(bytes - 1, '\0');
  std::string all;
  for (const char c : text) all += zeros_first ? zeros + c : c + zeros;
  return all;
}

std::string utf16(const std::u16string& text, bool high_first) {
  std::string all;
  for (const char16_t unit : text) {
    const char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xFF);
    all += high_first ? std::string{high, low} : std::string{low, high};
  }
  return all;
}

/// The same texts in UTF-16 and UTF-8.
const std::pair<std::u16string, std::string> scripts[] = {
    {u"Привет, мир\n", "Привет, мир\n"},
    {u"Война и мир — роман Л. Н. Толстого", "Война и мир — роман Л. Н. Толстого"},
    {u"имя,возраст\nАнна,31\n", "имя,возраст\nАнна,31\n"},
    {u"Μῆνιν ἄειδε, θεά, Πηληϊάδεω Ἀχιλῆος\n", "Μῆνιν ἄειδε, θεά, Πηληϊάδεω Ἀχιλῆος\n"},
    {u"בראשית ברא אלהים את השמים ואת הארץ", "בראשית ברא אלהים את השמים ואת הארץ"},
    {u"كان يا ما كان في قديم الزمان", "كان يا ما كان في قديم الزمان"},
    {u"सभी मनुष्यों को गौरव और अधिकारों के मामले में", "सभी मनुष्यों को गौरव और अधिकारों के मामले में"},
    {u"ภาษาไทยเป็นภาษาที่มีระดับเสียงของคำ\n", "ภาษาไทยเป็นภาษาที่มีระดับเสียงของคำ\n"},
    {u"道可道,非常道。名可名,非常名。\n", "道可道,非常道。名可名,非常名。\n"},
    {u"吾輩は猫である。名前はまだ無い。\n", "吾輩は猫である。名前はまだ無い。\n"},
    {u"모든 인간은 태어날 때부터 자유로우며\n", "모든 인간은 태어날 때부터 자유로우며\n"},
    {u"Zażółć gęślą jaźń: déjà vu, 5 €\n", "Zażółć gęślą jaźń: déjà vu, 5 €\n"},
    {u"🙂 привет 🙂\n", "🙂 привет 🙂\n"}};

Array zeros(const Shape& s) { return Array::zeros(s, f64); }

}  // namespace

TEST_CASE("A UTF-8 byte order mark is skipped in every format") {
  const TempFolder folder;
  CHECK(read_text(folder.file("t", mark + "ab\n" + mark)) == "ab\n" + mark);  // only the first is skipped
  CHECK(read_text(test::gzipped(folder, "t.gz", mark + "ab")) == "ab");
  CHECK(read_text(folder.file("t", mark)).empty());
  CHECK(read_lines(folder.file("t", mark + "a\tb\nc")) == Strings{"a\tb", "c"});

  const CsvTable table = read_csv(folder.file("t", mark + "\"open, close\",b\n1,2\n"), {.columns = {"open, close"}});
  CHECK(table.names == Strings{"open, close"});

  const Vocabulary letters =
      Vocabulary::from_file(Symbols::characters, folder.file("t", mark + "aab"), {.pad = false, .unknown = false});
  CHECK(letters.size() == 2);
  const Vocabulary words =
      Vocabulary::from_file(Symbols::words, folder.file("t", mark + "the cat"), {.pad = false, .unknown = false});
  CHECK(words.find("the") >= 0);
  words.save(folder / "v");
  CHECK(Vocabulary::load(folder.file("v", mark + read_all(folder / "v"))).size() == 2);
  CHECK(read_word_vectors(folder.file("t", mark + "the 1 2\ncat 3 4\n"), words, zeros).found == 2);

  // With bytes as symbols it is kept.
  CHECK(Vocabulary::from_file(Symbols::bytes, folder.file("t", mark + "ab"), {.pad = false, .unknown = false}).size() ==
        5);
}

TEST_CASE("A stream's rows begin after the byte order mark, and return there") {
  const TempFolder folder;
  const std::string text = "abcdefghijklmnop";
  const Vocabulary v = Vocabulary::from_text(Symbols::characters, text, {.pad = false, .unknown = false});
  for (const int rows : {1, 5}) {
    TokenStream with(folder.file("a", mark + text), v, {.steps = 2, .rows = rows});
    TokenStream without(folder.file("b", text), v, {.steps = 2, .rows = rows});
    TokenWindow w, expected;
    for (int epoch = 0; epoch < 2; ++epoch) {
      while (without.next(expected)) {
        REQUIRE(with.next(w));
        CHECK(std::equal(w.tokens.data(), w.tokens.data() + w.tokens.size(), expected.tokens.data()));
      }
      CHECK_FALSE(with.next(w));
      with.rewind();
      without.rewind();
    }
    with.restore(with.position());
    REQUIRE(with.next(w));
    CHECK(w.tokens.data()[0] == v.find("a"));
  }
}

TEST_CASE("UTF-16 and UTF-32 are named, with and without a byte order mark, in every format") {
  using namespace std::string_literals;
  const TempFolder folder;
  const Vocabulary v = Vocabulary::from_text(Symbols::words, "open,close\n1,2\n");
  const std::tuple<const char*, std::size_t, bool, std::string> encodings[] = {
      {"UTF-16", 2, false, "\xff\xfe"},     {"UTF-16", 2, true, "\xfe\xff"}, {"UTF-32", 4, false, "\xff\xfe\0\0"s},
      {"UTF-32", 4, true, "\0\0\xfe\xff"s}, {"UTF-16LE", 2, false, ""},      {"UTF-16BE", 2, true, ""},
      {"UTF-32LE", 4, false, ""},           {"UTF-32BE", 4, true, ""}};
  for (const auto& [name, bytes, zeros_first, start] : encodings)
    for (const std::string text : {"open,close\n1,2\n3,4\n", "the 1 2", "1\n2", "ab", "a"}) {
      CAPTURE(name, zeros_first, start.size(), text);
      const std::string path = folder.file("t", start + wide(text, bytes, zeros_first)),
                        expected = path + ": is " + name + "; save it as UTF-8 (iconv -f " + name + " -t UTF-8)";
      CHECK(message_of<FileError>([&] { read_text(path); }) == expected);
      CHECK(message_of<FileError>([&] { read_lines(path); }) == expected);
      CHECK(message_of<FileError>([&] { read_csv(path); }) == expected);
      CHECK(message_of<FileError>([&] { read_word_vectors(path, v, zeros); }) == expected);
      CHECK(message_of<FileError>([&] { Vocabulary::from_file(Symbols::words, path); }) == expected);
      CHECK(message_of<FileError>([&] { Vocabulary::load(path); }) == expected);
      CHECK(message_of<FileError>([&] { TokenStream(path, v, {.steps = 1, .rows = 1}); }) == expected);
      CHECK(Vocabulary::from_file(Symbols::bytes, path).size() > 2);
    }
  CHECK(
      contains(message_of<FileError>([&] { read_text(folder.file("t", "\x34\x04\0\0\x30\x04\0\0"s)); }), "is UTF-32"));
  for (const std::string& bytes : {"a\0b"s, "\0"s, "\0\0\0\0"s, "ab\0c"s, "a\0b\0c"s})  // texts with zero bytes
    CHECK(read_text(folder.file("t", bytes)) == bytes);
}

TEST_CASE("UTF-16 without a byte order mark is named in every script, short or long") {
  const TempFolder folder;
  for (const auto& [wide, text] : scripts)
    for (const bool high_first : {false, true})
      for (const int times : {1, 3000}) {  // 3000: longer than the buffer
        std::string bytes;
        for (int k = 0; k < times; ++k) bytes += utf16(wide, high_first);
        CAPTURE(text, high_first, times);
        const std::string path = folder.file("t", bytes), name = high_first ? "UTF-16BE" : "UTF-16LE",
                          expected = path + ": is " + name + "; save it as UTF-8 (iconv -f " + name + " -t UTF-8)";
        CHECK(message_of<FileError>([&] { read_text(path); }) == expected);
        CHECK(message_of<FileError>([&] { read_lines(path); }) == expected);
      }
}

TEST_CASE("Text that is not UTF-16 is not taken for it") {
  using namespace std::string_literals;
  const TempFolder folder;
  Strings texts;
  for (const auto& [wide, text] : scripts) texts.push_back(text);
  for (const std::string& text :
       {"1\t2\t3\t4\n"s, "1\n2\n3\n4\n"s, "a\0bcdef\0hijk"s, "\x01\x02"s, "\t\t\n\n"s, "\x1b[31mred\x1b[0m"s,
        "\xff\x80 ab\x01"s, "x\f\n"s, "caf\xe9s d\xe9j\xe0 vus"s,  // Latin-1
        "caf\xe9s \x1b[31md\xe9j\xe0\x1b[0m vu"s,
        "\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0\n"s,  // Cyrillic, Windows-1251
        "\xd6\xd0\xce\xc4\xd7\xd6\xb7\xfb\n\n"s,      // Chinese, GBK
        "\x93\xfa\x96\x7b\x8c\xea"s})                 // Japanese, Shift JIS
    texts.push_back(text);
  for (const std::string& text : texts)
    for (const int times : {1, 2, 3000}) {
      std::string bytes;
      for (int k = 0; k < times; ++k) bytes += text;
      CAPTURE(text, times);
      CHECK(read_text(folder.file("t", bytes)) == bytes);
    }
}

TEST_CASE("Control characters of a file are escaped in messages about it") {
  using namespace std::string_literals;
  const TempFolder folder;
  const std::string path = folder.file("t", "a\n1\nx\x1b[31m\0y\x7fz\n"s);
  CHECK(message_of<FileError>([&] { read_csv(path); }) ==
        path + ": line 3, column 'a': 'x\\x1b[31m\\x00y\\x7fz' is not a number");
  const std::string quoted = folder.file("q", "a\n1\n\"x\r\n\ty\"\n");
  CHECK(contains(message_of<FileError>([&] { read_csv(quoted); }), "'x\\r\\n\\ty' is not a number"));
  const std::string words = folder.file("w", "the 1\n\0of\0 2 3\ncat \0\n"s);
  const Vocabulary v = Vocabulary::from_text(Symbols::words, "the cat");
  CHECK(contains(message_of<FileError>([&] { read_word_vectors(words, v, zeros); }), "line 2: number of values"));
  const std::string value = folder.file("v", "the 1\ncat \0\n"s);
  CHECK(message_of<FileError>([&] { read_word_vectors(value, v, zeros); }) ==
        value + ": line 2: value 1 of 'cat' is not a number: '\\x00'");
}

TEST_CASE("Control characters of a path are escaped in every FileError") {
  const TempFolder folder;
  const std::string path = folder / "a\nb\x1b[31m", shown = folder / "a\\nb\\x1b[31m";
  CHECK(message_of<FileError>([&] { read_text(path); }) == shown + ": cannot be read: No such file or directory");
  CHECK(message_of<FileError>([&] { throw FileError(path + ": is corrupt"); }) == shown + ": is corrupt");
  CHECK(message_of<FileError>([&] { throw FileError("naïve: é"); }) == "naïve: é");
}

TEST_CASE("Line ends of all systems are recognised") {
  const TempFolder folder;
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    CAPTURE(end);
    const std::string path = folder.file("t", "a,\"b\"" + end + "1,2" + end + "\"3\",4" + end);
    CHECK(read_lines(path) == Strings{"a,\"b\"", "1,2", "\"3\",4"});
    const CsvTable t = read_csv(path);
    CHECK(t.names == Strings{"a", "b"});
    CHECK(t.values.at({1, 1}) == 4);
    const Vocabulary v = Vocabulary::from_text(Symbols::words, "the cat");
    CHECK(read_word_vectors(folder.file("v", "the 1 2" + end + "cat 3 4" + end), v, zeros).found == 2);
    CHECK(Vocabulary::load(folder.file("w", "ebb vocabulary of words" + end + "a" + end + "b" + end)).size() == 2);
  }
  CHECK(contains(message_of<FileError>([&] { read_csv(folder.file("t", "a\r1\rx\r")); }),
                 "line 3, column 'a': 'x' is not a number"));
  CHECK(read_lines(folder.file("t", "a\rb\nc")) == Strings{"a\rb", "c"});
}

TEST_CASE("A text that cannot be read is named by path and line") {
  const TempFolder folder;
  const std::string path = folder.file("t", "a\n\xe9t\xe9\n");
  CHECK(message_of<FileError>([&] { read_lines(path); }) == path + ": line 2: is not UTF-8");
  CHECK(read_text(path) == "a\n\xe9t\xe9\n");
  CHECK(contains(message_of<FileError>([&] { read_text(folder / "none"); }), "none: cannot be read: No such file"));
  CHECK(message_of<FileError>([&] { read_text(folder.path()); }) == folder.path() + ": is a folder, not a file");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(contains(message_of<FileError>([&] { read_text(folder / "pipe"); }),
                 "pipe: is a pipe, but a regular file is required"));
  CHECK(contains(message_of<FileError>([&] { read_csv(folder / "pipe"); }), "is a pipe"));
  CHECK(message_of<FileError>([] { read_lines("/dev/zero"); }) == "/dev/zero: is a device, not a file");
}

}  // namespace text_file_test
