#include <bit>
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/ops/error.hpp>
#include <limits>

#include "catch.hpp"
#include "message_of.hpp"

namespace fields_test {

using namespace ebb::app;
using test::message_of;

enum class Colour { red, blue };

struct Inner {
  double x = 0;
  std::string word{};
  void visit(Fields& f) { f("x", x)("word", word); }
};

struct Everything {
  bool yes = false;
  int small = 0;
  std::int64_t large = 0;
  std::uint64_t natural = 0;
  double x = 0;
  Colour colour = Colour::red;
  std::string text{};
  std::vector<double> list{};
  std::array<int, 2> pair{};
  std::optional<double> none{}, some{};
  std::vector<Inner> inner{};
  std::map<std::string, std::vector<std::vector<double>>> by_name{};
};

void visit(Fields& f, Everything& e) {
  f("yes", e.yes)("small", e.small)("large", e.large)("natural", e.natural)("x", e.x)("colour", e.colour);
  f("text", e.text)("list", e.list)("pair", e.pair)("none", e.none)("some", e.some)("inner", e.inner);
  f("by_name", e.by_name);
}

std::uint64_t bits(double x) { return std::bit_cast<std::uint64_t>(x); }

TEST_CASE("a result is read back from JSON to the bit") {
  using Limits = std::numeric_limits<double>;
  Everything e{.yes = true,
               .small = -3,
               .large = std::numeric_limits<std::int64_t>::min(),
               .natural = std::numeric_limits<std::uint64_t>::max(),
               .x = 0.1,
               .colour = Colour::blue,
               .text = "\"quoted\", \\ and ±\n",
               .list = {1.0 / 3, -0.0, 5e-324, Limits::max(), Limits::min(), 1e22, 123456789012345678.0},
               .pair = {7, -8},
               .none = {},
               .some = 2.5,
               .inner = {{1, "a"}, {2, ""}},
               .by_name = {{"h", {{1, 2}, {}}}, {"", {}}}};
  for (const double x : {Limits::quiet_NaN(), -Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()})
    e.list.push_back(x);
  const std::string text = json_of(e);
  const auto back = from_json<Everything>(text, "file");
  CHECK(json_of(back) == text);
  CHECK((back.yes && back.small == -3 && back.large == e.large && back.natural == e.natural));
  CHECK((back.colour == Colour::blue && back.text == e.text && back.pair == e.pair));
  CHECK((!back.none && back.some == 2.5));
  REQUIRE(back.list.size() == e.list.size());
  for (std::size_t k = 0; k < e.list.size(); ++k) CHECK(bits(back.list[k]) == bits(e.list[k]));
  CHECK((back.inner.size() == 2 && back.inner[0].word == "a" && back.by_name == e.by_name));
}

TEST_CASE("a result of another form is rejected with its file and its member") {
  const auto why = [](const std::string& json) {
    return message_of<ebb::FileError>([&] { (void)from_json<Inner>(json, "a.json"); });
  };
  CHECK(why("{") == "'a.json' is not JSON");
  CHECK(why("[]") == "'a.json' is not an object");
  CHECK(why(R"({"x": 1})") == "'a.json': 'word' is missing");
  CHECK(why(R"({"x": "1", "word": ""})") == "'a.json': 'x' is not a number");
  CHECK(why(R"({"x": 1, "word": 2})") == "'a.json': 'word' is not a text");
  const auto small = [](const char* number) {
    return message_of<ebb::FileError>([&] { (void)from_json<std::vector<int>>(number, "a.json"); });
  };
  CHECK(small("[1, 3000000000]") == "'a.json': '1' is too large");
  CHECK(small("[1.5]") == "'a.json': '0' is not a whole number");
}

}  // namespace fields_test
