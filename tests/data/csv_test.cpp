#include <cmath>
#include <ebb/data/csv.hpp>

#include "catch.hpp"
#include "files.hpp"

namespace csv_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

std::vector<double> numbers(const Array& a) {
  std::vector<double> all;
  for (std::int64_t i = 0; i < a.size(); ++i) all.push_back(a.at_flat(i));
  return all;
}
using Numbers = std::vector<double>;
using Strings = std::vector<std::string>;

const std::string series = "day,open,close\n2020-01-01,1,2.5\n2020-01-02,-3e2, 4 \n";

}  // namespace

TEST_CASE("Columns are read by name, in the requested order, and the others are not parsed") {
  const TempFolder folder;
  const std::string windows =
      "\xef\xbb\xbf"
      "day,open,close\r\n\"1,\r\n2\",1,2.5\r\n,\"-300\",\"4\"\r\n\r\n\r\n";
  for (const std::string& path :
       {folder.file("a", series), folder.file("b", windows), test::gzipped(folder, "c", series),
        folder.file("d", series.substr(0, series.size() - 1))}) {
    CAPTURE(path);
    const CsvTable t = read_csv(path, {.columns = {"close", "open"}, .dtype = f64});
    CHECK(t.names == Strings{"close", "open"});
    CHECK(t.values.shape() == Shape{2, 2});
    CHECK(numbers(t.values) == Numbers{2.5, 1, 4, -300});
  }
}

TEST_CASE(
    "Without a header the columns are named by their indices; other delimiters and quotes inside quotes are read") {
  const TempFolder folder;
  const CsvTable t = read_csv(folder.file("a", "1;2\n+3;.5\n"), {.header = false, .delimiter = ';'});
  CHECK(t.names == Strings{"0", "1"});
  CHECK(t.values.dtype() == f32);
  CHECK(numbers(t.values) == Numbers{1, 2, 3, .5});
  const std::string tabs = folder.file("a", "1\t2\n3\t4");
  CHECK(numbers(read_csv(tabs, {.header = false, .delimiter = '\t', .columns = {"1"}}).values) == Numbers{2, 4});
  CHECK(read_csv(folder.file("a", "\"a \"\"b\"\"\",c\n1,2\n")).names == Strings{"a \"b\"", "c"});
}

TEST_CASE("Missing values are rejected by default") {
  const TempFolder folder;
  const std::string path = folder.file("a", "a,b\n1,2\n,4\nNaN,6\n7,8\n");
  CHECK(message_of<FileError>([&] { read_csv(path); }) == path + ": line 3, column 'a': the value is missing");
  CHECK(numbers(read_csv(path, {.missing = Missing::previous}).values) == Numbers{1, 2, 1, 4, 1, 6, 7, 8});
  CHECK(numbers(read_csv(path, {.missing = Missing::fill, .fill = -1}).values) == Numbers{1, 2, -1, 4, -1, 6, 7, 8});
  CHECK(numbers(read_csv(path, {.missing = Missing::drop_row}).values) == Numbers{1, 2, 7, 8});
  CHECK(numbers(read_csv(path, {.columns = {"b"}}).values) == Numbers{2, 4, 6, 8});
  const std::string first = folder.file("b", "a\n-\n1\n");
  CHECK(contains(message_of<FileError>([&] { read_csv(first, {.missing = Missing::previous, .marks = {"-"}}); }),
                 "there is no previous value"));
  // With one column an empty line is a missing value, unless only empty lines follow.
  CHECK(numbers(read_csv(folder.file("c", "a\n1\n\n\n2\n\n\n"), {.missing = Missing::fill}).values) ==
        Numbers{1, 0, 0, 2});
  CHECK(contains(message_of<FileError>([&] { read_csv(folder.file("c", "a\n1\n\n\n2\n")); }),
                 "c: line 3, column 'a': the value is missing"));
}

TEST_CASE("A number too small for its type becomes zero, one too large is rejected, and what Ebb writes can be read") {
  const TempFolder folder;
  const std::string path = folder.file("a", "a,b\n1e-400,-1e-400\n0.0000000001e-99999999999999999999,1e-45\n");
  const Array small = read_csv(path, {.dtype = f64}).values;
  CHECK(numbers(small) == Numbers{0, 0, 0, 1e-45});
  CHECK(std::signbit(small.at({0, 1})));
  CHECK(numbers(read_csv(folder.file("a", "a\n1e-60\n")).values) == Numbers{0});  // below float32's range
  const auto rejection = [&](const std::string& number, DType t) {
    const std::string file = folder.file("v", "a\n" + number + "\n");
    return message_of<FileError>([&] { read_csv(file, {.dtype = t}); }).substr(file.size());
  };
  CHECK(rejection("1e39", f32) == ": line 2, column 'a': 1e39 is out of range for float32");
  CHECK(rejection("-1e400", f64) == ": line 2, column 'a': -1e400 is out of range for float64");
  CHECK(contains(rejection("1" + std::string(400, '0'), f64), "is out of range for float64"));
  CHECK_THROWS_AS(read_csv(path, {.missing = Missing::fill, .fill = 1e39}), ValueError);

  const std::string spelled = folder.file("s", "loss\nnan\n-nan\ninf\n-inf\nNaN\n");
  const Array all = read_csv(spelled, {.finite = false}).values;
  CHECK(all.dim(0) == 5);
  for (const int k : {0, 1, 4}) CHECK(std::isnan(all.at({k, 0})));
  CHECK(all.at({2, 0}) == INFINITY);
  CHECK(all.at({3, 0}) == -INFINITY);
  CHECK(contains(message_of<FileError>([&] { read_csv(spelled); }), "line 2, column 'loss': the value is missing"));
  CHECK(
      contains(message_of<FileError>([&] { read_csv(folder.file("m", "a\n1\n\n2\n"), {.finite = false}); }), "line 3"));
}

TEST_CASE("A column name that is not UTF-8 is rejected when it is read, not when it is written") {
  const TempFolder folder;
  const std::string latin = folder.file("a", "day,temp\xe9rature\n1,2\n");
  CHECK(message_of<FileError>([&] { read_csv(latin); }) == latin + ": line 1: the name of column 2 is not UTF-8");
  CHECK(contains(message_of<FileError>([&] { read_csv(latin, {.columns = {"temp\xe9rature"}}); }),
                 "column 2 is not UTF-8"));
  CHECK(read_csv(latin, {.columns = {"day"}}).values.at({0, 0}) == 1);
}

TEST_CASE("Errors in a CSV file name the line and the column") {
  const TempFolder folder;
  const auto rejection = [&](const std::string& bytes, const CsvOptions& o = {}) {
    const std::string path = folder.file("v", bytes);
    return message_of<FileError>([&] { read_csv(path, o); }).substr(path.size());
  };
  CHECK(rejection("a,b\n1,x\n") == ": line 2, column 'b': 'x' is not a number");
  CHECK(contains(rejection("a,b\n1,1e40\n"), "1e40 is out of range for float32"));
  CHECK(contains(rejection("a,b\n1,inf\n"), "'inf' is not a finite number"));
  CHECK(rejection("a,b\n1,2\n1\n") == ": line 3: has 1 field, expected 2");
  CHECK(rejection("a,b\n1,2,3\n") == ": line 2: has 3 fields, expected 2");
  CHECK(rejection("a,b\n\n1,2\n") == ": line 2: has 1 field, expected 2");
  CHECK(rejection("a,b\n1,2\n\"3,4\n5,6\n") == ": line 3: a quote is not closed");
  CHECK(rejection("a,b\n\"1\"2,3\n") == ": line 2: field 1 has text after its closing quote");
  CHECK(contains(rejection("\"a\nb\",c\n1,2\n\"3\n4\",x\n", {.columns = {"c"}}), ": line 4, column 'c'"));
  CHECK(rejection("a,b\n") == ": has no rows");
  CHECK(rejection("") == ": has no rows");
  CHECK(rejection("a,b\n1,2\n", {.columns = {"c"}}) == ": line 1: there is no column 'c'; the 2 columns are: a, b");
  CHECK(rejection("a,a\n1,2\n", {.columns = {"a"}}) == ": line 1: there are two columns 'a'");
  CHECK(contains(rejection("a\n\"" + std::string(1 << 21, 'x')), ": line 2: a field is longer than 1 MiB"));
  CHECK_THROWS_AS(read_csv(folder.file("v", "1"), {.delimiter = '"'}), ValueError);
}

}  // namespace csv_test
