#include <sys/stat.h>
#include <unistd.h>

#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/files/torch_names.hpp>
#include <ebb/nn/files/weights.hpp>
#include <ebb/ops/error.hpp>
#include <filesystem>

#include "arrays.hpp"
#include "catch.hpp"
#include "temp_folder.hpp"

namespace safetensors_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

std::string with_header(const std::string& header, const std::string& data) {
  const std::uint64_t n = header.size();
  return std::string(reinterpret_cast<const char*>(&n), sizeof n) + header + data;
}

std::string rejection(const TempFolder& folder, const std::string& bytes) {
  write_all(folder / "hostile", bytes);
  return message_of<FileError>([&] { read_safetensors(folder / "hostile"); });
}

// A valid file with one array "a" of four float32 zeros; each hostile file differs from it in one way.
std::string table(const std::string& entry) {
  return R"({"__metadata__":{"format":"ebb","crc32":"00000000"},)" + entry + "}";
}

}  // namespace

TEST_CASE("Parameters are restored from a file bit for bit, in either element type") {
  const TempFolder folder;
  for (const DType dtype : {f32, f64}) {
    Params a{{.seed = 1, .dtype = dtype}}, b{{.seed = 2, .dtype = dtype}};
    for (Params* w : {&a, &b}) {
      make_cell("lstm", *w / "lm" / "rnn", {3, 5});
      (*w / "lm").fixed("A", Array::full({2, 2, 2}, w->seed() == 1 ? .1 : .2, dtype));
    }
    REQUIRE_FALSE(test::same_bits(a.flat(), b.flat()));
    const std::uint64_t version = b.version();
    save_weights(folder / "model", a);
    load_weights(folder / "model", b);
    CHECK(test::same_bits(a.flat(), b.flat()));
    CHECK(b.version() > version);
  }
}

TEST_CASE("A file is read by name into any order and element type") {
  const TempFolder folder;
  Params a{{.seed = 1, .dtype = f64}}, b{{.seed = 2, .dtype = f32}};
  (a / "x").vector("p", 3);
  (a / "y").matrix("q", 2, 2);
  (b / "y").matrix("q", 2, 2);
  (b / "x").vector("p", 3);
  save_weights(folder / "model", a);
  load_weights(folder / "model", b);
  CHECK(test::same_bits(a.find("x/p").value().to(f32), b.find("x/p").value()));
  CHECK(test::same_bits(a.find("y/q").value().to(f32), b.find("y/q").value()));
}

TEST_CASE("The file is safetensors: length, JSON header, data aligned to eight bytes") {
  const TempFolder folder;
  Params w{{.dtype = f32}};
  (w / "a").vector("b", 3, constant_init(1.5));
  save_weights(folder / "model", w);
  const std::string bytes = read_all(folder / "model");
  std::uint64_t n = 0;
  std::memcpy(&n, bytes.data(), sizeof n);
  CHECK(n % 8 == 0);
  REQUIRE(bytes.size() == 8 + n + 12);
  const auto header = nlohmann::json::parse(bytes.substr(8, n));
  CHECK(header["__metadata__"]["format"] == "ebb");
  CHECK(header["a/b"]["dtype"] == "F32");
  CHECK(header["a/b"]["shape"] == std::vector<int>{3});
  CHECK(header["a/b"]["data_offsets"] == std::vector<int>{0, 12});
  float x = 0;
  std::memcpy(&x, bytes.data() + 8 + n, sizeof x);
  CHECK(x == 1.5f);
}

TEST_CASE("A file that is truncated anywhere, or altered in any byte, is rejected and changes nothing") {
  const TempFolder folder;
  Params w{{.seed = 1}};
  (w / "a").vector("b", 5);
  (w / "a").matrix("W", 2, 3);
  save_weights(folder / "model", w);
  const std::string whole = read_all(folder / "model");
  Params other{{.seed = 2}};
  (other / "a").vector("b", 5);
  (other / "a").matrix("W", 2, 3);
  const Array before = other.flat().copy();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    write_all(folder / "bad", whole.substr(0, n));
    REQUIRE_THROWS_AS(load_weights(folder / "bad", other), FileError);
  }
  for (std::size_t n = 0; n < whole.size(); ++n) {
    std::string bad = whole;
    bad[n] = static_cast<char>(bad[n] ^ (1 << (n % 7)));
    write_all(folder / "bad", bad);
    CAPTURE(n);
    REQUIRE_THROWS_AS(load_weights(folder / "bad", other), FileError);
  }
  write_all(folder / "bad", whole + "x");
  REQUIRE_THROWS_AS(load_weights(folder / "bad", other), FileError);
  CHECK(test::same_bits(before, other.flat()));
  load_weights(folder / "model", other);
  CHECK(test::same_bits(w.flat(), other.flat()));
}

TEST_CASE("Hostile headers are rejected before anything is allocated") {
  const TempFolder folder;
  const std::string data(16, '\0');
  const auto reject = [&](const std::string& entry) { return rejection(folder, with_header(table(entry), data)); };
  CHECK(contains(rejection(folder, std::string("\xff\xff\xff\xff\xff\xff\xff\x7f", 8)), "header"));
  CHECK(contains(rejection(folder, "abc"), "eight bytes"));
  CHECK(contains(rejection(folder, with_header("", data)), "JSON"));
  CHECK(contains(rejection(folder, with_header("[1]", data)), "JSON object"));
  CHECK(contains(rejection(folder, with_header(std::string(100'000, '['), data)), "JSON"));
  CHECK(contains(reject(R"("a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]})"), "checksum"));
  CHECK(contains(reject(R"("a":{"dtype":"I128","shape":[1],"data_offsets":[0,16]})"), "has the unknown type \"I128\""));
  CHECK(contains(reject(R"("a":{"dtype":"F32","shape":[4],"data_offsets":[4,20]})"), "data_offsets"));
  CHECK(contains(reject(R"("a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]})"), "data_offsets"));
  CHECK(contains(reject(R"("a":{"dtype":"F32","shape":[4],"data_offsets":[-16,0]})"), "unsigned integer"));
  CHECK(contains(reject(R"("a":{"dtype":"F32","shape":[4.5],"data_offsets":[0,16]})"), "unsigned integer"));
  CHECK(contains(reject(R"("a":{"dtype":"F32","shape":[4,0],"data_offsets":[0,0]})"),
                 "has 16 bytes of data, but its header lists 0"));
  CHECK(contains(reject(R"("a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,16]})"),
                 "exceeds the file"));
  CHECK(contains(reject(R"("a":{"dtype":"F32","shape":[2147483647,2147483647,4],"data_offsets":[0,16]})"),
                 "exceeds the file"));
  CHECK(contains(reject(R"("a":{"dtype":"F32","shape":[1,1,1,1,4],"data_offsets":[0,16]})"), "four axes"));
  CHECK(contains(reject(R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})"), "8"));
  CHECK(contains(
      reject(
          R"("a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]})"),
      "overlaps"));
  CHECK(contains(reject(R"("a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]})"), "gap"));
  CHECK(contains(
      reject(
          R"("a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]})"),
      "twice"));
  CHECK(contains(reject(R"("a":7)"), "shape"));
  CHECK(contains(reject(R"("a":{"shape":[4],"data_offsets":[0,16]})"), "type"));
}

TEST_CASE("A file of another model is rejected, naming the parameter that does not fit") {
  const TempFolder folder;
  Params w;
  (w / "a").vector("b", 3);
  (w / "a").vector("c", 3);
  save_weights(folder / "model", w);
  const auto rejection_of = [&](auto&& build) {
    Params other{{.seed = 3}};
    build(other);
    const Array before = other.flat().copy();
    const std::string message = message_of<FileError>([&] { load_weights(folder / "model", other); });
    CHECK(test::same_bits(before, other.flat()));
    return message;
  };
  CHECK(contains(rejection_of([](Params& o) { (o / "a").vector("b", 3); }), "'a/c' that the model does not have"));
  CHECK(contains(rejection_of([](Params& o) {
                   (o / "a").vector("b", 3);
                   (o / "a").vector("d", 3);
                 }),
                 "no parameter 'a/d'"));
  CHECK(contains(rejection_of([](Params& o) {
                   (o / "a").vector("b", 3);
                   (o / "a").matrix("c", 1, 3);
                 }),
                 "[3] in the file and [1, 3]"));
}

TEST_CASE("Files that cannot be read or written are named, and nothing is left half-written") {
  const TempFolder folder;
  Params w;
  (w / "a").vector("b", 3);
  CHECK(contains(message_of<FileError>([&] { load_weights(folder / "missing", w); }), "missing"));
  CHECK(contains(message_of<FileError>([&] { load_weights(folder.path(), w); }), "is a folder"));
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(contains(message_of<FileError>([&] { load_weights(folder / "pipe", w); }), "is a pipe"));
  CHECK(contains(message_of<FileError>([&] { save_weights(folder / "no/such/folder", w); }), "no/such/folder"));
  std::filesystem::create_directories(folder / "full/of/files");
  CHECK_THROWS_AS(save_weights(folder / "full", w), FileError);  // a folder has the file's name
  std::vector<std::string> names;
  for (const auto& e : std::filesystem::directory_iterator(folder.path())) names.push_back(e.path().filename());
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"full", "pipe"});
}

TEST_CASE("Saving replaces an existing file") {
  const TempFolder folder;
  Params a{{.seed = 1}}, b{{.seed = 2}};
  (a / "m").matrix("W", 30, 30);
  (b / "n").vector("v", 2);
  save_weights(folder / "model", a);
  save_weights(folder / "model", b);
  CHECK(read_safetensors(folder / "model").size() == 1);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("Files written by PyTorch are read exactly") {
  const std::string path = std::string(EBB_SOURCE_DIR) + "/tests/goldens/foreign.safetensors";
  std::map<std::string, Array> found;
  for (NamedArray& a : read_safetensors(path)) found[a.name] = a.values;
  REQUIRE(found.size() == 12);
  const auto check = [&](const char* name, DType dtype, const std::vector<double>& wanted) {
    CAPTURE(name);
    const Array& a = found[name];
    REQUIRE(a.dtype() == dtype);
    REQUIRE(a.size() == static_cast<std::int64_t>(wanted.size()));
    for (std::size_t k = 0; k < wanted.size(); ++k) CHECK(a.at_flat(static_cast<std::int64_t>(k)) == wanted[k]);
  };
  check("f64", f64, {.1, -1e300});
  check("f32", f32, {.1f, 2, -3, 1e-40f});
  check("f16", f32,
        {1, -2.5, 65504, 6.103515625e-05, 5.960464477539063e-08, -2.9981136322021484e-05, INFINITY, .333251953125});
  check("bf16", f32, {1, -2.5, 0x1.c4p127, 0x1p-133});
  check("i64", f64, {0x1p53, -0x1p53, 7});
  check("i32", f64, {2147483647, -2147483648.});
  check("i16", f32, {32767, -32768});
  check("i8", f32, {127, -128});
  check("u8", f32, {255, 0});
  check("bool", f32, {1, 0});
  check("number", f64, {5});
  check("none", f32, {});
  CHECK(found["number"].shape() == Shape{});
  CHECK(found["none"].shape() == Shape{3, 0});
  const Metadata texts = read_safetensors_metadata(path);
  CHECK(texts.at("format") == "pt");
  CHECK(contains(texts.at("made_by"), "PyTorch"));
}

TEST_CASE("Other programs' values that Ebb cannot represent are rejected by name") {
  CHECK(contains(message_of<FileError>(
                     [] { read_safetensors(std::string(EBB_SOURCE_DIR) + "/tests/goldens/foreign_f8.safetensors"); }),
                 "array 'weight': its type F8_E4M3"));
  const TempFolder folder;
  const auto of_one = [&](const char* type, auto x) {
    const std::string entry = std::string(R"({"n":{"dtype":")") + type + R"(","shape":[1],"data_offsets":[0,)" +
                              std::to_string(sizeof x) + "]}}";
    return rejection(folder, with_header(entry, std::string(reinterpret_cast<const char*>(&x), sizeof x)));
  };
  CHECK(contains(of_one("I64", (std::int64_t{1} << 53) + 1), "9007199254740993"));
  CHECK(contains(of_one("I64", (std::int64_t{1} << 53) + 2), "array 'n': I64 9007199254740994 is beyond 2^53"));
  CHECK(contains(of_one("I64", std::numeric_limits<std::int64_t>::min()), "beyond"));
  CHECK(contains(of_one("U64", std::numeric_limits<std::uint64_t>::max()), "18446744073709551615"));
  CHECK(of_one("U64", std::uint64_t{1} << 53) == "(nothing was thrown)");
}

TEST_CASE("A file of weights has strings, which its checksum covers") {
  const TempFolder folder;
  Params w;
  (w / "a").vector("b", 3, constant_init(2));
  const std::map<std::string, std::string> about{
      {"cell", "lstm:forget_bias=2"}, {"hidden", "128"}, {"", "\xc3\xa9\n\"\\"}};
  save_weights(folder / "model", w, about);
  CHECK(read_safetensors_metadata(folder / "model") == about);
  w.edit().flat().fill(0);
  load_weights(folder / "model", w);
  CHECK(w.find("a/b").value().at({2}) == 2);
  std::string bytes = read_all(folder / "model");
  bytes[bytes.find("128")] = '2';
  write_all(folder / "model", bytes);
  CHECK(contains(message_of<FileError>([&] { load_weights(folder / "model", w); }), "checksum"));
  CHECK_THROWS_AS(read_safetensors_metadata(folder / "model"), FileError);
  CHECK(contains(message_of<ValueError>([&] { save_weights(folder / "other", w, {{"format", "mine"}}); }), "'format'"));
  CHECK(contains(message_of<ValueError>([&] { save_weights(folder / "other", w, {{"name", "\xff"}}); }), "UTF-8"));
  CHECK_FALSE(std::filesystem::exists(folder / "other"));
  save_weights(folder / "model", w);
  CHECK(read_safetensors_metadata(folder / "model").empty());
}

TEST_CASE("An Ebb file whose format entry was altered is not mistaken for another program's") {
  const TempFolder folder;
  Params w;
  (w / "a").vector("b", 3);
  save_weights(folder / "model", w);
  for (const std::string mark : {"ebb\"", "format", "crc32"}) {
    std::string bytes = read_all(folder / "model");
    bytes[bytes.find(mark)] = 'z';
    write_all(folder / "bad", bytes);
    CHECK(contains(message_of<FileError>([&] { read_safetensors(folder / "bad"); }), "corrupt"));
  }
}

TEST_CASE("Tensors that are not requested cause no error, whatever their type") {
  const TempFolder folder;
  const std::string f32s = R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  const struct {
    const char *entry, *why;
    std::string data;
  } strange[] = {
      {R"({"dtype":"F8_E4M3","shape":[8],"data_offsets":[8,16]})", "its type F8_E4M3 is not supported",
       std::string(8, '\x38')},
      {R"({"dtype":"C64","shape":[1],"data_offsets":[8,16]})", "its type C64 is not supported", std::string(8, '\0')},
      {R"({"dtype":"F4","shape":[16],"data_offsets":[8,16]})", "has the unknown type \"F4\"", std::string(8, '\0')},
      {R"({"dtype":"F32","shape":[1,1,1,1,2],"data_offsets":[8,16]})", "has more than four axes", std::string(8, '\0')},
      {R"({"dtype":"I64","shape":[1],"data_offsets":[8,16]})", "beyond 2^53", std::string("\1\0\0\0\0\0\x20\0", 8)},
  };
  for (const auto& s : strange) {
    CAPTURE(s.entry);
    const std::string header = R"({"w/b":)" + f32s + R"(,"odd":)" + s.entry + "}";
    const std::string path = folder.file("m", with_header(header, std::string("\0\0\x80\x3f\0\0\0\x40", 8) + s.data));
    const std::vector<NamedArray> some = read_safetensors(path, {"w/b"});
    REQUIRE(some.size() == 1);
    CHECK(some[0].values.at({1}) == 2);
    CHECK(read_safetensors_metadata(path).empty());
    CHECK(contains(message_of<FileError>([&] { read_safetensors(path); }),
                   std::string("array 'odd': ") + (s.why[0] == 'b' ? "I64" : s.why)));
    CHECK(contains(message_of<FileError>([&] { read_safetensors(path, {"odd"}); }), s.why));
    CHECK(message_of<FileError>([&] { read_safetensors(path, {"w/b", "x"}); }) == path + ": has no array 'x'");

    Params w;
    (w / "w").vector("b", 2);
    CHECK(message_of<FileError>([&] { load_weights(path, w); }) ==
          path + ": has a parameter 'odd' that the model does not have");
    (w / "w").vector("c", 2);
    TorchNames(w).same("w/b", "w/b").load(path, Fit::part);
    CHECK(w.find("w/b").value().at({1}) == 2);
    CHECK(contains(
        message_of<FileError>([&] { TorchNames(w).same("w/b", "w/b").same("odd", "w/c").load(path, Fit::part); }),
        s.why));
  }
}

TEST_CASE("A tensor that is skipped is still included in the checksum") {
  const TempFolder folder;
  write_safetensors(folder / "m", {{"a", Array::full({300, 300}, .5, f64)}, {"b", Array::full({2}, .25, f32)}});
  CHECK(read_safetensors(folder / "m", {"b"})[0].values.at({0}) == .25);
  std::string bytes = read_all(folder / "m");
  bytes[bytes.size() - 400'000] ^= 1;
  write_all(folder / "m", bytes);
  CHECK(contains(message_of<FileError>([&] { read_safetensors(folder / "m", {"b"}); }), "checksum"));
}

TEST_CASE("A value out of range for the set's element type is rejected, not made infinite") {
  const TempFolder folder;
  Params w, wide{{.dtype = f64}};
  for (Params* p : {&w, &wide}) (*p / "a").vector("b", 2);
  const auto with = [&](double x) { write_safetensors(folder / "m", {{"a/b", Array::from({2}, {1, x}, f64)}}); };
  with(1e39);
  const Array before = w.flat().copy();
  const std::string expected = folder / "m" + ": array 'a/b': 1e+39 is out of range for float32";
  CHECK(message_of<FileError>([&] { load_weights(folder / "m", w); }) == expected);
  CHECK(message_of<FileError>([&] { TorchNames(w).same("a/b", "a/b").load(folder / "m"); }) == expected);
  CHECK(test::same_bits(before, w.flat()));
  load_weights(folder / "m", wide);
  CHECK(wide.flat().at({1}) == 1e39);
  with(1e-60);
  load_weights(folder / "m", w);
  CHECK(w.flat().at({1}) == 0);
  with(INFINITY);  // infinite in the file, so allowed
  load_weights(folder / "m", w);
  CHECK(w.flat().at({1}) == INFINITY);
}

}  // namespace safetensors_test
