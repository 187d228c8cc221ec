#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/experiments/train/text.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace task_test {

using namespace ebb;
using namespace ebb::app;

namespace {

SimpleBatch simple(const Task& task, const BatchRequest& r) { return task.batch(r).get<SimpleBatch>(); }
const Array& values_of(const SimpleBatch& b) { return std::get<Array>(b.inputs); }
const Tokens& tokens_of(const SimpleBatch& b) { return std::get<Tokens>(b.inputs); }
const Tokens& next_of(const SimpleBatch& b) { return std::get<EveryStep>(b.targets).tokens; }

}  // namespace

TEST_CASE("adding marks one number in each half and asks for their sum") {
  const auto task = make_task("adding");
  const SimpleBatch b = simple(*task, {.length = 11, .rows = 64, .number = 3, .seed = 5});
  const Array &inputs = values_of(b), &sums = std::get<LastStep>(b.targets).values;
  REQUIRE(inputs.shape() == Shape{11, 64, 2});
  double sum = 0, squares = 0;
  for (int row = 0; row < 64; ++row) {
    int first = 0, second = 0;
    double y = 0;
    for (int t = 0; t < 11; ++t) {
      const double x = inputs.at({t, row, 0}), mark = inputs.at({t, row, 1});
      CHECK((x >= 0 && x < 1));
      (t < 5 ? first : second) += mark == 1;
      y += x * mark;
    }
    CHECK((first == 1 && second == 1));
    CHECK(sums.at({row, 0}) == Approx(y));
    sum += y;
    squares += (y - 1) * (y - 1);
  }
  CHECK(sum / 64 == Approx(1).margin(.15));
  CHECK(squares / 64 == Approx(1.0 / 6).margin(.06));
}

TEST_CASE("a batch is a function of seed and index only, and the test set of neither") {
  const auto task = make_task("adding");
  const auto first = [&](BatchRequest r) {
    r.length = 8;
    r.rows = 4;
    return values_of(simple(*task, r)).at({0, 0, 0});
  };
  CHECK(first({.number = 1, .seed = 1}) == first({.number = 1, .seed = 1}));
  CHECK(first({.number = 1, .seed = 1}) != first({.number = 2, .seed = 1}));
  CHECK(first({.number = 1, .seed = 1}) != first({.number = 1, .seed = 2}));
  CHECK(first({.split = Split::test, .number = 1, .seed = 1}) == first({.split = Split::test, .number = 1, .seed = 2}));
  CHECK(first({.split = Split::test}) != first({.split = Split::valid}));
}

TEST_CASE("chars continues each row from window to window, and targets are the next characters") {
  TempFolder folder;
  std::string text;
  for (int k = 0; k < 2000; ++k) text += static_cast<char>('a' + k % 23);
  write_all(folder / "text", text);
  const auto task = make_task("chars", {.text = folder / "text"});
  CHECK(std::get<TokenInputs>(task->as<SimpleTask>()->sizes().inputs).vocabulary == 23);
  const SimpleBatch a = simple(*task, {.length = 10, .rows = 4, .number = 0}),
                    b = simple(*task, {.length = 10, .rows = 4, .number = 1});
  CHECK(!a.continues);
  CHECK(b.continues);
  for (int row = 0; row < 4; ++row) {
    for (int t = 0; t < 10; ++t) CHECK(next_of(a).at({t, row}) == (tokens_of(a).at({t, row}) + 1) % 23);
    CHECK(tokens_of(b).at({0, row}) == next_of(a).at({9, row}));
  }
  CHECK(task->batches(Split::test, 10, 4) == 2);  // 100 characters, 9 windows, 2 for each of 4 rows
  CHECK(task->batch({.split = Split::test, .length = 40, .rows = 4}).rows() == 2);
}

TEST_CASE("valid UTF-8 is read as characters, other texts as bytes") {
  CHECK(Text::from("x", "aλ€😀a").tokens == std::vector<int>{0, 1, 2, 3, 0});
  CHECK(Text::from("x", "aλ").symbols == std::vector<char32_t>{'a', 0x3BB});
  for (const char* bad :
       {"\x80", "a\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xE0\x80\x80"}) {
    const Text t = Text::from("x", bad);
    CHECK(!t.utf8);
    CHECK(t.tokens.size() == std::string(bad).size());
  }
  CHECK_THROWS_AS(Text::from("x", ""), ValueError);
  CHECK(Text::built_in().tokens.size() == 1'115'394);
  CHECK(Text::built_in().vocabulary() == 65);
}

}  // namespace task_test
