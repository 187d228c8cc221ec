#include <cmath>
#include <ebb/experiments/train/simple_task.hpp>
#include <map>
#include <set>

#include "catch.hpp"
#include "train_quick.hpp"

namespace two_sequence_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

std::unique_ptr<Task> two_sequence(TaskValues own) { return make_task("two-sequence", {.own = std::move(own)}); }
SimpleBatch batch_of(const Task& task, const BatchRequest& r) { return task.batch(r).get<SimpleBatch>(); }
const Array& inputs_of(const SimpleBatch& b) { return std::get<Array>(b.inputs); }
int class_of(const SimpleBatch& b, int row) { return std::get<LastClass>(b.targets).classes.at({row}); }

/// The letters of a row of the form 2c: distractors A, B, ..., and e, b, x, y.
std::string letters(const SimpleBatch& b, int row, int distractors) {
  const std::string names = std::string("ABCDEFGHIJ").substr(0, static_cast<std::size_t>(distractors)) + "ebxy";
  std::string word;
  for (int t = 0; t < b.steps(); ++t) {
    double sum = 0;
    for (int k = 0; k < inputs_of(b).dim(2); ++k)
      if (const double x = inputs_of(b).at({t, row, k}); x != 0) {
        sum += x;
        word += names[static_cast<std::size_t>(k)];
      }
    CHECK(sum == 1);
  }
  return word;
}

}  // namespace

TEST_CASE("2c repeats its second symbol after distractors and e") {
  const auto task = two_sequence({{"form", "2c"}, {"distractors", "5"}});
  const SimpleBatch b = batch_of(*task, {.split = Split::test, .length = 13, .rows = 800});
  REQUIRE(inputs_of(b).shape() == Shape{13, 800, 9});
  std::map<char, int> distractors;
  int ones = 0;
  for (int row = 0; row < 800; ++row) {
    const std::string word = letters(b, row, 5);
    CHECK(word.front() == 'b');
    CHECK(word[1] == "xy"[class_of(b, row)]);
    CHECK(word.back() == 'e');
    for (const char c : word.substr(2, 10)) ++distractors[c];
    ones += class_of(b, row);
  }
  REQUIRE(distractors.size() == 5);
  for (const auto& [letter, count] : distractors) {
    CHECK((letter >= 'A' && letter <= 'E'));
    CHECK(count == Approx(1600).margin(150));
  }
  CHECK(ones == Approx(400).margin(50));
}

TEST_CASE("2c has a geometric number of further distractors in training") {
  const auto task = two_sequence({{"form", "2c"}, {"distractors", "2"}});
  double sum = 0, none = 0;
  int least = 1000;
  const int n = 4000;
  for (std::uint64_t k = 0; k < n; ++k) {
    const int further = batch_of(*task, {.length = 8, .rows = 1, .number = k}).steps() - 8;
    sum += further;
    none += further == 0;
    least = std::min(least, further);
    CHECK(further <= task->steps({.length = 8}) - 8);
  }
  CHECK(least == 0);
  CHECK(none / n == Approx(.1).margin(.015));
  CHECK(sum / n == Approx(9).margin(.5));  // the paper's expected length is q + 14, of which the network reads q + 13
}

TEST_CASE("3a has its class in the first values alone, and 3b noise on them, too") {
  for (const char* form : {"3a", "3b"}) {
    INFO(form);
    const auto task = two_sequence({{"form", form}, {"informative", "2"}});
    const SimpleBatch b = batch_of(*task, {.split = Split::test, .length = 30, .rows = 2000});
    REQUIRE(inputs_of(b).shape() == Shape{30, 2000, 1});
    double first[2] = {}, squares[2] = {}, rest = 0, rest_squares = 0, with_class = 0;
    for (int row = 0; row < 2000; ++row) {
      const double sign = class_of(b, row) == 1 ? 1 : -1;
      for (int t = 0; t < 30; ++t) {
        const double x = inputs_of(b).at({t, row, 0});
        if (t < 2) {
          first[t] += x * sign;
          squares[t] += std::pow(x * sign - 1, 2);
        } else {
          rest += x;
          rest_squares += x * x;
          with_class += x * sign;
        }
      }
    }
    const bool noisy = std::string(form) == "3b";
    for (const int t : {0, 1}) {
      CHECK(first[t] / 2000 == Approx(1).margin(noisy ? .04 : 0));
      CHECK(squares[t] / 2000 == Approx(noisy ? .2 : 0).margin(noisy ? .02 : 0));
    }
    CHECK(rest / 56'000 == Approx(0).margin(.01));
    CHECK(with_class / 56'000 == Approx(0).margin(.01));
    CHECK(rest_squares / 56'000 == Approx(.2).margin(.01));
  }
}

TEST_CASE("the baseline of two-sequence is that of two equally frequent classes") {
  for (const char* form : {"2c", "3a", "3b"}) {
    const auto task = two_sequence({{"form", form}});
    double ones = 0;
    for (std::uint64_t number = 0; number < 20; ++number) {
      const SimpleBatch b = batch_of(*task, {.split = Split::test, .length = 12, .rows = 1000, .number = number});
      for (int row = 0; row < 1000; ++row) ones += class_of(b, row);
    }
    const double p = ones / 20'000;  // the entropy of the frequencies is the loss of the best constant answer
    CHECK(-p * std::log(p) - (1 - p) * std::log(1 - p) == Approx(task->info().baseline).epsilon(.001));
  }
}

TEST_CASE("two-sequence rejects options of another form, and lengths without room") {
  const TempFolder folder;
  const auto rejected = [&](std::vector<std::string> words, const std::string& why) {
    words.insert(words.begin(), {"train", "two-sequence", "--quick", "--out", folder / "no"});
    check_rejected(ebb_command(words), why);
  };
  rejected({"--form", "2c", "--informative", "2"}, "--informative does not apply to the form 2c of two-sequence");
  rejected({"--distractors", "7"}, "--distractors does not apply to the form 3a of two-sequence");
  rejected({"--length", "3"}, "--length must be greater than --informative");
  rejected({"--form", "2c", "--length", "3"}, "--length must be at least 4 in the form 2c");
  rejected({"--form", "bai"}, "--form of the task 'two-sequence' must be 2c or 3a or 3b, not 'bai'");
  rejected({"--form", "2d"}, "unknown --form '2d'");
}

TEST_CASE("an LSTM learns each form of two-sequence at --quick", "[science]") {
  for (const char* form : {"2c", "3a", "3b"}) {
    INFO(form);
    const TempFolder folder;
    const auto run = train_quick("two-sequence", folder, {"--cell", "lstm", "--form", form});
    CHECK(run["measures"]["accuracy"]["value"].get<double>() > 95);
    CHECK(run["loss"].get<double>() < .3 * run["baseline_loss"].get<double>());
  }
}

}  // namespace two_sequence_test
