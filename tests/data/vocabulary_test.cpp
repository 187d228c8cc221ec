#include <ebb/data/vocabulary.hpp>

#include "catch.hpp"
#include "files.hpp"

namespace vocabulary_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

std::vector<int> list(const Tokens& t) { return {t.data(), t.data() + t.size()}; }
std::vector<std::string> symbols(const Vocabulary& v) {
  std::vector<std::string> all;
  for (int i = 0; i < v.size(); ++i) all.push_back(v[i]);
  return all;
}
using Strings = std::vector<std::string>;

const std::string text = "the cat sat\non the mat \t the dog\r\n";

}  // namespace

TEST_CASE("Words are numbered by decreasing count, ties alphabetically, after the special symbols") {
  const auto v = Vocabulary::from_text(Symbols::words, text, {.bos = true, .eos = true});
  CHECK(symbols(v) == Strings{"<pad>", "<unk>", "<bos>", "<eos>", "the", "cat", "dog", "mat", "on", "sat"});
  CHECK(v.pad() == 0);
  CHECK(v.unknown() == 1);
  CHECK(list(v.encode("the bird sat")) == std::vector<int>{2, 4, 1, 9, 3});
  CHECK(v.decode(v.encode("the bird   sat")) == "the <unk> sat");
  CHECK(v.find("dog") == 6);
  CHECK(v.find("bird") == -1);
}

TEST_CASE("A vocabulary drops rare symbols, and those beyond the maximum number") {
  CHECK(symbols(Vocabulary::from_text(Symbols::words, text + "cat", {.min_count = 2})) ==
        Strings{"<pad>", "<unk>", "the", "cat"});
  CHECK(symbols(Vocabulary::from_text(Symbols::words, text, {.most = 2, .pad = false})) ==
        Strings{"<unk>", "the", "cat"});
  CHECK_THROWS_AS(Vocabulary::from_text(Symbols::words, text, {.min_count = 0}), ValueError);
}

TEST_CASE("A word spelt like a special symbol is that symbol") {
  const auto v = Vocabulary::from_text(Symbols::words, "a <unk> b <unk>", {.pad = false});
  CHECK(symbols(v) == Strings{"<unk>", "a", "b"});
  CHECK(list(v.encode("<unk> b")) == std::vector<int>{0, 2});
}

TEST_CASE("Characters are code points, bytes are bytes, and both decode to the original text") {
  const std::string s = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 a\n";
  const auto v = Vocabulary::from_text(Symbols::characters, s, {.pad = false, .unknown = false});
  CHECK(symbols(v) == Strings{"a", "\n", " ", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"});
  CHECK(v.decode(v.encode(s)) == s);
  std::string all;
  for (int b = 0; b < 256; ++b) all += static_cast<char>(b);
  const auto bytes = Vocabulary::from_text(Symbols::bytes, all, {.pad = false, .unknown = false});
  CHECK(bytes.size() == 256);
  CHECK(bytes[200] == "\xc8");
  CHECK(bytes.decode(bytes.encode(all)) == all);
}

TEST_CASE("Invalid UTF-8 is rejected with its byte, and an unknown symbol with its name") {
  for (const char* bad :
       {"ab\x80", "ab\xc3", "ab\xc0\x80", "ab\xed\xa0\x80", "ab\xf4\x90\x80\x80", "ab\xe2\x82\x41", "ab\xe0\x9f\xbf"})
    CHECK(contains(message_of<ValueError>([&] { Vocabulary::from_text(Symbols::characters, bad); }), "byte 2"));
  const TempFolder folder;
  const std::string path = folder.file("latin1", "caf\xe9 au lait");
  CHECK(message_of<FileError>([&] { Vocabulary::from_file(Symbols::characters, path); }) ==
        path + ": is not UTF-8 at byte 3");
  const auto v = Vocabulary::from_text(Symbols::words, "a b", {.unknown = false});
  CHECK(contains(message_of<ValueError>([&] { v.encode("a c"); }), "'c' is not one of its 3 symbols"));
  CHECK_THROWS_AS(v.decode(Tokens({2}, {0, 3})), ValueError);
}

TEST_CASE("A file, plain or gzipped and longer than any buffer, gives the vocabulary of its text") {
  const TempFolder folder;
  std::string s;
  for (int k = 0; k < 40'000; ++k) s += "w" + std::to_string(k * k % 97) + (k % 9 ? " " : "\xc3\xa9\n");
  for (const Symbols kind : {Symbols::words, Symbols::characters, Symbols::bytes}) {
    const Strings wanted = symbols(Vocabulary::from_text(kind, s));
    CHECK(symbols(Vocabulary::from_file(kind, folder.file("plain", s))) == wanted);
    CHECK(symbols(Vocabulary::from_file(kind, test::gzipped(folder, "text.gz", s))) == wanted);
  }
  const std::string zipped = read_all(folder / "text.gz"),
                    torn = folder.file("torn.gz", zipped.substr(0, zipped.size() - 9));
  CHECK(contains(message_of<FileError>([&] { Vocabulary::from_file(Symbols::bytes, torn); }),
                 "torn.gz: is truncated or corrupt"));
}

TEST_CASE("A saved vocabulary loads unchanged, unusual symbols included") {
  const TempFolder folder;
  const std::string odd = "a\\b \x01 \x7f x\\n caf\xc3\xa9 <pad> \\";
  for (const Symbols kind : {Symbols::words, Symbols::characters, Symbols::bytes}) {
    const auto v = Vocabulary::from_text(kind, odd + "\n\t\r" + std::string(1, '\0'), {.eos = true});
    v.save(folder / "vocabulary");
    const auto back = Vocabulary::load(folder / "vocabulary");
    CHECK(symbols(back) == symbols(v));
    CHECK(back.symbols() == kind);
    CHECK(back.eos() == v.eos());
    CHECK(back.bos() == -1);
  }
  Vocabulary::from_text(Symbols::characters, "b\na a").save(folder / "v");
  CHECK(read_all(folder / "v") == "ebb vocabulary of characters\n<pad>\n<unk>\na\n\\n\n \nb\n");
  CHECK_THROWS_AS(Vocabulary::from_text(Symbols::words, "a").save(folder / "none/v"), FileError);
}

TEST_CASE("A file that is not a vocabulary is rejected with its line") {
  const TempFolder folder;
  const auto rejection = [&](const std::string& bytes) {
    const std::string path = folder.file("v", bytes);
    return message_of<FileError>([&] { Vocabulary::load(path); }).substr(path.size());
  };
  CHECK(contains(rejection(""), ": is not a vocabulary"));
  CHECK(contains(rejection("the\ncat\n"), ": is not a vocabulary"));
  CHECK(rejection("ebb vocabulary of words\n") == ": has no symbols");
  CHECK(rejection("ebb vocabulary of words\na\nb\na\n") == ": line 4: repeats the symbol of line 2");
  CHECK(rejection("ebb vocabulary of words\na\n\nb\n") == ": line 3: is not one of the words a text can have");
  CHECK(contains(rejection("ebb vocabulary of words\na b\n"), ": line 2: is not one of the words"));
  CHECK(contains(rejection("ebb vocabulary of characters\nab\n"), ": line 2: is not one of the characters"));
  CHECK(contains(rejection("ebb vocabulary of characters\n\xc3\n"), ": line 2: is not one of the characters"));
  CHECK(contains(rejection("ebb vocabulary of bytes\n\\x4\n"), ": line 2: a backslash"));
  CHECK_THROWS_AS(Vocabulary::load(folder.path()), FileError);
  CHECK_THROWS_AS(Vocabulary::load(folder / "missing"), FileError);
}

}  // namespace vocabulary_test
