#include <ebb/data/word_vectors.hpp>
#include <ebb/ops/random.hpp>

#include "catch.hpp"
#include "files.hpp"

namespace word_vectors_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

const Vocabulary words = Vocabulary::from_text(Symbols::words, "the the cat sat", {.pad = false});  // <unk> the cat sat

Array missing(const Shape& s) { return normal(s, Key{7}.named("words"), 0, .1, f64); }

const std::string glove = "the 0.25 -1.5e-1 3\ndog 1 2 3\ncat +4 5.5 6\n";

}  // namespace

TEST_CASE("Rows of a table are the file's vectors, or the caller's where the file has none") {
  const TempFolder folder;
  // ". . ." occurs in a published file; fastText ends its lines with a blank.
  const std::string spaced = glove + ". . . 7 8 9\nat name@domain.com 1 1 1\n";
  const std::string fasttext = "3 3\nthe 0.25 -1.5e-1 3 \ndog 1 2 3 \ncat 4 5.5 6 \n";
  const std::string windows = "the 0.25 -1.5e-1 3\r\ndog 1 2 3\r\ncat 4 5.5 6";
  for (const std::string& path :
       {folder.file("glove", glove), folder.file("spaced", spaced), folder.file("vec", fasttext),
        folder.file("windows", windows), test::gzipped(folder, "glove.gz", glove)}) {
    CAPTURE(path);
    const WordVectors v = read_word_vectors(path, words, missing);
    CHECK(v.found == 2);
    REQUIRE(v.table.shape() == Shape{4, 3});
    CHECK(v.table.dtype() == f64);
    const Array start = missing({4, 3});
    const double kept[] = {.25, -.15, 3, 4, 5.5, 6};
    for (int i = 0; i < 3; ++i) {
      CHECK(v.table.at({0, i}) == start.at({0, i}));
      CHECK(v.table.at({1, i}) == kept[i]);
      CHECK(v.table.at({2, i}) == kept[3 + i]);
      CHECK(v.table.at({3, i}) == start.at({3, i}));
    }
  }
}

TEST_CASE("Tabs separate a word from its values as blanks do, and another separator does not give a narrower table") {
  const TempFolder folder;
  for (const std::string text : {"the\t1 2\ncat\t3 4\n", "the\t1\t2\ncat\t3\t4\t\n", "2 2\nthe\t1 2\ncat 3\t4\n"}) {
    CAPTURE(text);
    const WordVectors v = read_word_vectors(folder.file("v", text), words, missing);
    CHECK(v.found == 2);
    REQUIRE(v.table.shape() == Shape{4, 2});
    CHECK(v.table.at({2, 1}) == 4);
  }
  const auto rejection = [&](const std::string& bytes) {
    const std::string path = folder.file("v", bytes);
    return message_of<FileError>([&] { read_word_vectors(path, words, missing); }).substr(path.size());
  };
  CHECK(rejection("the 1,2\ndog 3,4\n") == ": line 1: value 1 of 'the' is not a number: '1,2'");
  CHECK(rejection("the\xc2\xa0"
                  "1 2\ncat\xc2\xa0"
                  "3 4\n") == ": line 1: the word and its values are not separated by blanks or tabs");
  CHECK(rejection("2 1\nthe\v1 2\ncat\v3 4\n") ==
        ": line 2: the word and its values are not separated by blanks or tabs");
}

TEST_CASE("A separator that ends every word is named, whether or not a value follows it directly") {
  const TempFolder folder;
  for (const std::string separator : {";", ",", ":", "|", "="})
    for (const std::string blank : {"", " "})
      for (const std::string& text : {"the" + separator + blank + "1 2\nof" + separator + blank + "-3.5e-1 4\n",
                                      "17" + separator + blank + "0.25 2\n",
                                      "the" + separator + blank + "1 2\nnew york" + separator + blank + "3 4\n"}) {
        CAPTURE(text);
        const std::string path = folder.file("v", text);
        const std::string why = message_of<FileError>([&] { read_word_vectors(path, words, missing); });
        CHECK(contains(why, path + ": line 1: '"));
        CHECK(contains(why, " ends in '" + separator + (blank.empty() ? "' and a number, as do" : "', as do")));
      }
}

TEST_CASE("Words that end in a separator and a number are words if others do not or the dimension is declared") {
  const TempFolder folder;
  for (const std::string text : {"3,5 1 2\nthe 3 4\n", "a=1 1 2\nthe 3 4\nb=2 5 6\n", "the 3 4\nexample.org:80 1 2\n",
                                 ", 1 2\nthe 3 4\n", "a;1 1 2\n. . . 5 6\nthe 3 4\n", "a;1 1 2\nb:1 5 6\nthe 3 4\n"}) {
    CAPTURE(text);
    const WordVectors v = read_word_vectors(folder.file("v", text), words, missing);
    CHECK(v.found == 1);
    REQUIRE(v.table.shape() == Shape{4, 2});
    CHECK(v.table.at({1, 1}) == 4);
  }
  for (const std::string text :
       {"3,5 1 2\n", "3,5 1 2\n1,000,000 3 4\n", "10:30 1 2\n", "2 2\na:1 1 2\nb:1 3 4\n", ":: 1 2\n", ":) 1 2\n"}) {
    CAPTURE(text);
    const WordVectors v = read_word_vectors(folder.file("v", text), words, missing);
    CHECK(v.found == 0);
    CHECK(v.table.shape() == Shape{4, 2});
  }
  const std::string path = folder.file("v", "2 2\nthe;1 2\nof;3 4\n");
  CHECK(message_of<FileError>([&] { read_word_vectors(path, words, missing); }) ==
        path + ": line 2: number of values after the word: 1, expected 2");
}

TEST_CASE("A value too small for its type becomes zero, and one too large is rejected") {
  const TempFolder folder;
  const std::string path = folder.file("v", "the 1e-400 1e39\n");
  const WordVectors v = read_word_vectors(path, words, missing);
  CHECK(v.table.at({1, 0}) == 0);
  CHECK(v.table.at({1, 1}) == 1e39);
  const auto narrow = [](const Shape& s) { return Array::zeros(s, f32); };
  CHECK(message_of<FileError>([&] { read_word_vectors(path, words, narrow); }) ==
        path + ": line 1: value 2 of 'the' is out of range: '1e39'");
}

TEST_CASE("A file without any of the words gives the caller's vectors") {
  const TempFolder folder;
  const WordVectors v = read_word_vectors(folder.file("v", "dog 1 2\nbird 3 4\n"), words, missing);
  CHECK(v.found == 0);
  CHECK(v.table.at({3, 1}) == missing({4, 2}).at({3, 1}));
}

TEST_CASE("Errors in a file of vectors name the line") {
  const TempFolder folder;
  const auto rejection = [&](const std::string& bytes) {
    const std::string path = folder.file("v", bytes);
    return message_of<FileError>([&] { read_word_vectors(path, words, missing); }).substr(path.size());
  };
  CHECK(rejection(glove.substr(0, glove.size() - 3)) == ": line 3: number of values after the word: 2, expected 3");
  CHECK(rejection(glove + "dog 1 2\n") == ": line 4: number of values after the word: 2, expected 3");
  CHECK(rejection(glove + "sat 1 2 3 4\n") == ": line 4: number of values after the word: 4, expected 3");
  CHECK(rejection(glove + "cat 1 2 3\n") == ": line 4: repeats the word of line 3: 'cat'");
  CHECK(rejection(glove + "sat 1 nan 3\n") == ": line 4: value 2 of 'sat' is not a number: 'nan'");
  CHECK(rejection(glove + "sat 1 2 inf\n") == ": line 4: value 3 of 'sat' is not a number: 'inf'");
  CHECK(rejection(glove + "sat 1 2x 3\n") == ": line 4: value 2 of 'sat' is not a number: '2x'");
  CHECK(rejection(glove + "sat 1 1e999 3\n") == ": line 4: value 2 of 'sat' is out of range: '1e999'");
  CHECK(rejection(glove + "\nsat 1 2 3\n") == ": line 4: is not a word followed by values");
  CHECK(rejection("3 2\nthe 1 2\ncat 3 4\n") == ": its first line declares 3 words, but 2 follow");
  CHECK(rejection("2 5000000000\nthe 1 2\ncat 3 4\n") ==
        ": line 2: number of values after the word: 2, expected 5000000000");
  CHECK(rejection("2 0\nthe 1\ncat 3\n") == ": line 2: number of values after the word: 1, expected 0");
  CHECK(rejection("") == ": has no word vectors");
  CHECK(rejection("0 300\n") == ": has no word vectors");
  CHECK(contains(rejection(std::string((1 << 24) + 9, 'x')), ": line 1: is longer than 16 MiB"));
  CHECK_THROWS_AS(
      read_word_vectors(folder.file("v", glove), words, [](const Shape&) { return Array::zeros({4, 2}, f32); }),
      ShapeError);
}

}  // namespace word_vectors_test
