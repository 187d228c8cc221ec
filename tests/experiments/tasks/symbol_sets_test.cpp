#include <cmath>
#include <ebb/experiments/tasks/formal/symbol_sets.hpp>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <map>
#include <set>

#include "catch.hpp"
#include "goes_on.hpp"
#include "train_quick.hpp"

/// Languages that are learnt by predicting which symbols may come next.
namespace symbol_sets_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

SimpleBatch batch_of(const Task& task, const BatchRequest& r) { return task.batch(r).get<SimpleBatch>(); }

std::string word_of(const SimpleBatch& b, int row, const std::string& letters) {
  const Array& x = std::get<Array>(b.inputs);
  std::string word;
  for (int t = 0; t < b.steps(); ++t) {
    double sum = 0;
    for (int k = 0; k < x.dim(2); ++k) {
      sum += x.at({t, row, k});
      if (x.at({t, row, k}) == 1) word += letters.at(static_cast<std::size_t>(k));
    }
    CHECK(sum == 1);
  }
  return word;
}

std::string set_at(const SimpleBatch& b, int row, int t, const std::string& letters) {
  const Array& y = std::get<EveryValue>(b.targets).values;
  std::string set;
  for (int k = 0; k < y.dim(2); ++k) {
    CHECK((y.at({t, row, k}) == 0 || y.at({t, row, k}) == 1));
    if (y.at({t, row, k}) == 1) set += letters.at(static_cast<std::size_t>(k));
  }
  return set;
}

/// The symbols s for which the prefix and s begin a word of the language, whose words end with "$". By search.
std::string may_follow(const std::string& prefix, const std::set<std::string>& language, const std::string& letters) {
  std::string set;
  for (const char s : letters) {
    const auto at = language.lower_bound(prefix + s);
    if (at != language.end() && at->compare(0, prefix.size() + 1, prefix + s) == 0) set += s;
  }
  return set;
}

/// All balanced strings of up to `most` brackets of two kinds within a depth; `open` has what must still be closed.
void add_balanced(std::set<std::string>& all, const std::string& prefix, const std::string& open, std::size_t most,
                  std::size_t depth) {
  if (open.empty()) all.insert(prefix + "$");
  if (open.size() < depth && prefix.size() + open.size() + 2 <= most)
    for (const std::string& pair : {std::string("()"), std::string("[]")})
      add_balanced(all, prefix + pair[0], open + pair[1], most, depth);
  if (!open.empty()) add_balanced(all, prefix + open.back(), open.substr(0, open.size() - 1), most, depth);
}

Result outputs_of(const SimpleBatch& b, const std::function<double(int row, int t, int k)>& y) {
  const int O = std::get<EveryValue>(b.targets).values.dim(2);
  Array all = Array::empty({b.rows(), b.steps(), O}, f32);
  for (int row = 0; row < b.rows(); ++row)
    for (int t = 0; t < b.steps(); ++t)
      for (int k = 0; k < O; ++k) all.set_flat((row * b.steps() + t) * O + k, y(row, t, k));
  Result r;
  r.outputs[class_scores.name] = all;
  return r;
}

}  // namespace

TEST_CASE("in a^n b^n and a^n b^n c^n, what may follow is what continues some word of the language") {
  for (const auto& [name, letters] : {std::pair<std::string, std::string>{"anbn", "ab"}, {"anbncn", "abc"}}) {
    CAPTURE(name);
    std::set<std::string> language;
    for (std::size_t n = 1; n <= 12; ++n) {
      std::string word;
      for (const char c : letters) word += std::string(n, c);
      language.insert(word + "$");
    }
    const auto task = make_task(name);
    for (const int n : {1, 2, 5, 9}) {
      const SimpleBatch b = batch_of(*task, {.split = Split::test, .length = n, .rows = 2});
      REQUIRE(b.steps() == n * static_cast<int>(letters.size()));
      const std::string word = word_of(b, 1, letters);
      CHECK(language.count(word + "$") == 1);
      for (int t = 0; t < b.steps(); ++t)
        CHECK(set_at(b, 1, t, letters + "$") ==
              may_follow(word.substr(0, static_cast<std::size_t>(t) + 1), language, letters + "$"));
    }
  }
}

TEST_CASE("in Dyck languages any bracket may open, within the depth, and the last that is open may close") {
  for (const int depth : {0, 2}) {
    CAPTURE(depth);
    std::set<std::string> language;
    add_balanced(language, "", "", 12, depth == 0 ? 99 : static_cast<std::size_t>(depth));
    const auto task = make_task("dyck", {.own = {{"kinds", "2"}, {"depth", std::to_string(depth)}}});
    const std::string letters = "([)]";
    for (const int T : {2, 5, 8}) {
      const SimpleBatch b = batch_of(*task, {.split = Split::test, .length = T, .rows = 60});
      REQUIRE(b.steps() == T - T % 2);
      for (int row = 0; row < 60; ++row) {
        const std::string word = word_of(b, row, letters);
        REQUIRE(language.count(word + "$") == 1);
        for (int t = 0; t < b.steps(); ++t)
          CHECK(set_at(b, row, t, letters) ==
                may_follow(word.substr(0, static_cast<std::size_t>(t) + 1), language, letters));
      }
    }
  }
}

TEST_CASE("balanced strings of one length are drawn uniformly, with and without a limit of their depth") {
  for (const auto& [depth, shapes] : {std::pair{"0", 14}, {"4", 14}, {"2", 8}, {"1", 1}}) {
    CAPTURE(depth);
    const auto task = make_task("dyck", {.own = {{"depth", depth}}});
    std::map<std::string, double> count;
    const int rows = 4000;
    const SimpleBatch b = batch_of(*task, {.split = Split::test, .length = 8, .rows = rows});
    for (int row = 0; row < rows; ++row) count[word_of(b, row, "()")] += 1;
    CHECK(static_cast<int>(count.size()) == shapes);
    for (const auto& [word, n] : count) CHECK(n / rows == Approx(1. / shapes).margin(.02));
    CHECK(task->as<SymbolSets>()->chance(8) == Approx(100. / shapes));
  }
  // Far beyond what powers of two can count.
  const auto deep = make_task("dyck", {.own = {{"depth", "3"}}});
  const SimpleBatch b = batch_of(*deep, {.split = Split::test, .length = 3000, .rows = 1});
  int depth = 0, most = 0;
  for (const char c : word_of(b, 0, "()")) {
    depth += c == '(' ? 1 : -1;
    most = std::max(most, depth);
    REQUIRE(depth >= 0);
  }
  CHECK(depth == 0);
  CHECK(most == 3);
}

TEST_CASE("a word is accepted if every set is predicted, and the baselines are those of the data") {
  const auto task = make_task("anbn");
  const SimpleBatch b = batch_of(*task, {.split = Split::test, .length = 4, .rows = 3});
  const Array& y = std::get<EveryValue>(b.targets).values;
  const auto meter = meter_of(*task);
  meter->update(Batch(b), outputs_of(b, [&](int row, int t, int k) {
                  const double right = y.at({t, row, k});
                  return row == 1 && t == 5 && k == 2 ? .51 : right == 1 ? .51 : .49;  // one error in one word
                }));
  CHECK(meter->measures()[0].value == Approx(100 * 2. / 3));
  CHECK(meter->measures()[0].baseline == 0);
  double half = 0;
  for (std::int64_t k = 0; k < y.size(); ++k) half += std::pow(y.at_flat(k) - .5, 2);
  CHECK(half / static_cast<double>(y.size()) == Approx(task->info().baseline));

  // Predicting from the last symbol alone: the mean target after each symbol, and its squared error.
  for (const auto& [name, S] : {std::pair{"anbn", 2}, {"anbncn", 3}})
    for (const int n : {1, 6}) {
      const SimpleBatch one = batch_of(*make_task(name), {.split = Split::test, .length = n, .rows = 1});
      const Array& target = std::get<EveryValue>(one.targets).values;
      double squares = 0;
      for (int symbol = 0; symbol < S; ++symbol)
        for (int k = 0; k <= S; ++k) {
          double mean = 0;
          for (int t = symbol * n; t < (symbol + 1) * n; ++t) mean += target.at({t, 0, k}) / n;
          for (int t = symbol * n; t < (symbol + 1) * n; ++t) squares += std::pow(target.at({t, 0, k}) - mean, 2);
        }
      CHECK(squares / (S * n * (S + 1)) == Approx(2. * (S - 1) * (n - 1) / (S * (S + 1) * n * n)).margin(1e-12));
    }
}

TEST_CASE("languages of sets reject lengths without a word, draw lengths in training, and resume to the bit") {
  const auto dyck = make_task("dyck");
  CHECK_THROWS_WITH(dyck->check_sizes({.length = 1}), Contains("--length must be at least 2"));
  CHECK_THROWS_WITH(make_task("dyck", {.own = {{"shortest", "1"}}})->check_sizes({.length = 8}),
                    Contains("--shortest must be 0 or at least 2"));
  std::set<int> steps;
  for (std::uint64_t k = 0; k < 100; ++k) steps.insert(batch_of(*dyck, {.length = 8, .rows = 1, .number = k}).steps());
  CHECK(steps == std::set<int>{2, 4, 6, 8});
  for (const std::string name : {"anbn", "anbncn", "dyck"})
    goes_on(name, "lstm", {.hidden = 4, .length = 6, .batch = 4, .steps = 4, .lr = .01}, {2});
}

TEST_CASE("an LSTM counts beyond the lengths of training", "[science]") {
  const TempFolder folder;
  const auto run = train_quick("anbn", folder, {"--cell", "lstm", "--test-lengths", "4,8,12"});
  for (const char* length : {"4", "8", "12"}) CHECK(run["lengths"][length]["value"] == 100);
  CHECK(run["lengths"]["12"]["baseline"] == 0);
  CHECK(run["lengths"]["12"]["sequences"] == 1);
  const auto brackets = train_quick("dyck", folder, {"--cell", "lstm", "--test-lengths", "12,24"});
  CHECK(brackets["lengths"]["12"]["value"].get<double>() > 90);
  CHECK(brackets["lengths"]["24"]["value"].get<double>() > 50);
}

}  // namespace symbol_sets_test
