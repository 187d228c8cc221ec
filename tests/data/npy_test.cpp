#include <climits>
#include <ebb/data/npy.hpp>
#include <ebb/ops/random.hpp>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "files.hpp"

namespace npy_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

const std::string goldens = std::string(EBB_SOURCE_DIR) + "/tests/goldens/data/";

nlohmann::json golden_arrays() { return nlohmann::json::parse(read_all(goldens + "arrays.json"))["arrays"]; }

void check_equal(const NpyArray& got, const nlohmann::json& wanted) {
  const Array a = got.as_array(f64);
  const std::vector<int> shape = wanted["shape"];
  REQUIRE(a.shape() == Shape(shape.data(), static_cast<int>(shape.size())));
  for (std::int64_t i = 0; i < a.size(); ++i)
    CHECK(a.at_flat(i) == wanted["values"][static_cast<std::size_t>(i)].get<double>());
}

std::string npy(const std::string& header, const std::string& data) {
  std::string s("\x93NUMPY\x01\x00", 8);
  s += static_cast<char>(header.size() & 255);
  s += static_cast<char>(header.size() >> 8);
  return s + header + data;
}
const std::string two_floats = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n";

}  // namespace

TEST_CASE("Arrays of every kind written by NumPy, stored or compressed, are read with their values") {
  const auto wanted = golden_arrays();
  for (const char* name : {"stored.npz", "compressed.npz"}) {
    CAPTURE(name);
    const auto arrays = read_npz(goldens + name);
    CHECK(arrays.size() == wanted.size());
    for (const auto& [key, values] : wanted.items()) {
      CAPTURE(key);
      REQUIRE(arrays.count(key) == 1);
      check_equal(arrays.at(key), values);
    }
    CHECK(arrays.at("f4").values.dtype() == f32);
    CHECK(arrays.at("f8").values.dtype() == f64);
    for (const char* whole : {"i4", "i8", "u1", "fortran_i8"}) CHECK(arrays.at(whole).tokens);
  }
  const auto some = read_npz(goldens + "stored.npz", {"u1", "scalar"});
  CHECK(some.size() == 2);
  CHECK(some.at("scalar").values.item() == 2.5);
  CHECK(message_of<FileError>([&] { read_npz(goldens + "stored.npz", {"u1", "x"}); }) ==
        goldens + "stored.npz: has no array 'x'");
}

TEST_CASE("Python 2's long integers, which end in L, are read") {
  const TempFolder folder;
  const std::string numbers(24, '\0');
  const auto shape = [&](const std::string& tuple, const std::string& data) {
    return read_npy(folder.file("x", npy("{'descr': '<f4', 'fortran_order': False, 'shape': " + tuple + ", }\n", data)))
        .values.shape();
  };
  CHECK(shape("(2L, 3L)", numbers) == Shape{2, 3});
  CHECK(shape("(6L,)", numbers) == Shape{6});
  CHECK(shape("(2L, 3)", numbers) == Shape{2, 3});
  for (const char* wrong : {"(2LL, 3L)", "(L, 3)", "(2l, 3)", "(2 L, 3)", "(2L)"}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(shape(wrong, numbers), FileError);
  }
}

TEST_CASE("All three versions of the format are read, and written files equal NumPy's byte for byte") {
  const TempFolder folder;
  const auto wanted = golden_arrays()["f8"];
  for (const char* version : {"v1.npy", "v2.npy", "v3.npy"}) check_equal(read_npy(goldens + version), wanted);
  write_npy(folder / "x.npy", read_npy(goldens + "v1.npy").values);
  CHECK(read_all(folder / "x.npy") == read_all(goldens + "v1.npy"));
}

TEST_CASE("Arrays and tokens of any rank are written and read back with the same bits") {
  const TempFolder folder;
  for (const Shape& s : {Shape{}, Shape{1}, Shape{7}, Shape{2, 3}, Shape{2, 3, 4}, Shape{2, 1, 3, 2}, Shape{0, 2}}) {
    for (const DType t : {f32, f64}) {
      const Array a = normal(s, Key{1}, 0, 1, t);
      write_npy(folder / "a", a);
      const Array b = read_npy(folder / "a").values;
      REQUIRE(b.shape() == s);
      REQUIRE(b.dtype() == t);
      for (std::int64_t i = 0; i < a.size(); ++i) CHECK(a.at_flat(i) == b.at_flat(i));
    }
    const Tokens x = integers(s, Key{2}, -9, 9);
    write_npy(folder / "t", x);
    const Tokens y = read_npy(folder / "t").tokens;
    REQUIRE(y.shape() == s);
    for (std::int64_t i = 0; i < x.size(); ++i) CHECK(x.data()[i] == y.data()[i]);
  }
  const Array columns = normal({5, 4}, Key{3}, 0, 1).column_block(1, 3);
  write_npy(folder / "view", columns);
  CHECK(read_npy(folder / "view").values.at({4, 1}) == columns.at({4, 1}));
  CHECK_THROWS_AS(write_npy(folder / "none/x", columns), FileError);
}

TEST_CASE("A file that is not in NumPy's format, truncated anywhere or too long is rejected") {
  const TempFolder folder;
  const auto rejection = [&](const std::string& bytes) {
    const std::string path = folder.file("x", bytes);
    return message_of<FileError>([&] { read_npy(path); }).substr(path.size());
  };
  const auto header = [&](const std::string& h) { return rejection(npy(h, "12345678")); };
  const std::string whole = npy(two_floats, "12345678");
  CHECK_NOTHROW(read_npy(folder.file("x", whole)));
  for (std::size_t n = 0; n < whole.size(); ++n) CHECK(contains(rejection(whole.substr(0, n)), ": is truncated"));
  CHECK(rejection(whole + "x") == ": has extra bytes after the data");
  CHECK(contains(rejection("\x89PNG\r\n\x1a\n"), ": is not in NumPy's format"));
  CHECK(contains(rejection(std::string("\x93NUMPY\x04\x00", 8) + "xx"), ": has version 4.0"));
  CHECK(contains(header("{'descr': '>f4', 'fortran_order': False, 'shape': (2,)}"), "has elements of type '>f4'"));
  CHECK(contains(header("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}"), "has elements of type '|O'"));
  CHECK(contains(header("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (2,)}"), "has records"));
  CHECK(contains(header("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 2)}"),
                 "has more than four axes"));
  CHECK(contains(header("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}"), "an extent is not an integer"));
  CHECK(contains(header("{'descr': '<f4', 'fortran_order': False, 'shape': (2)}"), "(n) is not a tuple"));
  CHECK(contains(header("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,)}"),
                 "an extent is not an integer"));
  CHECK(contains(header("{'descr': '<f4', 'fortran_order': False, 'shape': (2000000000, 2000000000)}"),
                 "more entries than can be addressed"));
  CHECK(contains(header("{'descr': '<f4', 'fortran_order': False, 'shape': (2000000000,)}"), "is truncated"));
  CHECK(contains(header("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}"), "neither True nor False"));
  CHECK(contains(header("{'descr': '<f4', 'shape': (2,)}"), "is missing"));
  CHECK(contains(header("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}"), "'descr' twice"));
  CHECK(
      contains(header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} or exit()"), "there is text after it"));
  CHECK(contains(header("__import__('os')"), "a '{' is missing"));
  std::string large("\xff\xff\xff\x7f\0\0\0\0", 8);
  const std::string number = "{'descr': '<i8', 'fortran_order': False, 'shape': ()}";
  CHECK(read_npy(folder.file("x", npy(number, large))).tokens.at({}) == INT_MAX);
  large[3] = '\xff';
  CHECK(rejection(npy(number, large)) == ": element 0, 4294967295, does not fit an int");
}

TEST_CASE("An .npz with any byte missing or altered is rejected") {
  const TempFolder folder;
  const std::string whole = read_all(goldens + "compressed.npz");
  for (std::size_t n = 0; n < whole.size(); n += 7)
    CHECK_THROWS_AS(read_npz(folder.file("x", whole.substr(0, n))), FileError);
  // Changes to bytes of dates, names and the like may go undetected; changes to the data may not.
  const auto before = read_npz(goldens + "compressed.npz");
  int rejected = 0;
  for (std::size_t n = 0; n < whole.size(); n += 9) {
    std::string bad = whole;
    bad[n] = static_cast<char>(bad[n] ^ (1 << (n % 8)));
    try {
      for (const auto& [name, a] : read_npz(folder.file("x", bad))) {
        const auto same = before.find(name);
        if (same == before.end()) continue;
        const Array x = a.as_array(f64), y = same->second.as_array(f64);
        REQUIRE(x.shape() == y.shape());
        for (std::int64_t i = 0; i < x.size(); ++i) REQUIRE(x.at_flat(i) == y.at_flat(i));
      }
    } catch (const FileError&) { ++rejected; }
  }
  CHECK(rejected > 100);
  CHECK_THROWS_AS(read_npz(folder / "missing"), FileError);
  CHECK_THROWS_AS(read_npz(folder.path()), FileError);
}

}  // namespace npy_test
