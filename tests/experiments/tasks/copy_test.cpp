#include <cmath>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <map>
#include <set>

#include "catch.hpp"
#include "goes_on.hpp"
#include "train_quick.hpp"

namespace copy_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

SimpleBatch batch_of(const Task& task, const BatchRequest& r) { return task.batch(r).get<SimpleBatch>(); }

/// The symbols of a row, from its one-hot inputs.
std::vector<int> symbols_of(const SimpleBatch& b, int row) {
  const Array& x = std::get<Array>(b.inputs);
  std::vector<int> symbols;
  for (int t = 0; t < b.steps(); ++t) {
    double sum = 0;
    for (int k = 0; k < x.dim(2); ++k)
      if (x.at({t, row, k}) != 0) {
        sum += x.at({t, row, k});
        symbols.push_back(k);
      }
    CHECK(sum == 1);
  }
  return symbols;
}

/// The task as Arjovsky et al. describe it: the sequence of inputs and of targets that follow from the symbols.
std::pair<std::vector<int>, std::vector<int>> reference(const std::vector<int>& symbols, int gap) {
  const auto n = symbols.size();
  std::vector<int> in = symbols, out(n + static_cast<std::size_t>(gap), 0);
  in.insert(in.end(), static_cast<std::size_t>(gap) - 1, 0);
  in.push_back(9);
  in.insert(in.end(), n, 0);
  out.insert(out.end(), symbols.begin(), symbols.end());
  return {in, out};
}

}  // namespace

TEST_CASE("copy asks for the first symbols at the end, and for blanks before") {
  for (const auto& [copied, gap] : {std::pair{10, 100}, {3, 1}, {1, 7}}) {
    const auto task = make_task("copy", {.own = {{"copied", std::to_string(copied)}, {"gap", std::to_string(gap)}}});
    const SimpleBatch b = batch_of(*task, {.length = 5, .rows = 30, .number = 2, .seed = 4});  // its length is its own
    const Tokens& y = std::get<EveryStep>(b.targets).tokens;
    CHECK(std::get<EveryStep>(b.targets).first == 0);
    REQUIRE(b.steps() == gap + 2 * copied);
    REQUIRE(std::get<Array>(b.inputs).dim(2) == 10);
    std::set<int> seen;
    for (int row = 0; row < b.rows(); ++row) {
      const std::vector<int> symbols = symbols_of(b, row);
      const auto [in, out] = reference({symbols.begin(), symbols.begin() + copied}, gap);
      CHECK(symbols == in);
      for (int t = 0; t < b.steps(); ++t) REQUIRE(y.at({t, row}) == out[static_cast<std::size_t>(t)]);
      seen.insert(symbols.begin(), symbols.begin() + copied);
    }
    CHECK(*seen.begin() >= 1);
    CHECK(*seen.rbegin() <= 8);
    if (copied == 10) CHECK(seen.size() == 8);
  }
}

TEST_CASE("the baseline of copy is ten times ln 8 over all steps, that of blanks and then random symbols") {
  for (const auto& [gap, published] : {std::pair{100, .1733}, {200, .0945}, {500, .0400}, {1000, .0204}}) {
    const auto task = make_task("copy", {.own = {{"gap", std::to_string(gap)}}});
    CHECK(task->info().baseline == Approx(published).margin(5e-5));
  }
  // The same from the data: the loss of that prediction, step by step.
  const auto task = make_task("copy", {.own = {{"gap", "20"}}});
  const SimpleBatch b = batch_of(*task, {.split = Split::test, .rows = 50});
  const Tokens& y = std::get<EveryStep>(b.targets).tokens;
  double loss = 0, count = 0;
  for (int row = 0; row < b.rows(); ++row) {
    bool marked = false;
    const std::vector<int> symbols = symbols_of(b, row);
    for (int t = 0; t < b.steps(); ++t, count += 1) {
      loss += marked ? std::log(8) : 0;
      if (!marked) CHECK(y.at({t, row}) == 0);
      marked = marked || symbols[static_cast<std::size_t>(t)] == 9;
    }
  }
  CHECK(loss / count == Approx(task->info().baseline));
}

TEST_CASE("copy draws every row alike and by key, other rows in every split and update") {
  const auto task = make_task("copy", {.own = {{"gap", "3"}}});
  const auto first = [&](BatchRequest r) { return symbols_of(batch_of(*task, r), 1); };
  const BatchRequest r{.rows = 4, .number = 3, .seed = 2};
  CHECK(first(r) == first(r));
  BatchRequest more = r, next = r, seed = r, valid = r, test = r;
  more.rows = 9;
  next.number = 4;
  seed.seed = 3;
  valid.split = Split::valid;
  test.split = Split::test;
  CHECK(first(r) == first(more));
  for (const BatchRequest& other : {next, seed, valid, test}) CHECK(first(r) != first(other));
  CHECK(first(valid) != first(test));
}

TEST_CASE("copy in the form of Bai reads the symbols as numbers, and the marker until the end") {
  const int n = 4, gap = 6;
  const auto task = make_task("copy", {.own = {{"copied", "4"}, {"gap", "6"}, {"form", "bai"}}});
  const auto& sizes = dynamic_cast<const SimpleTask&>(*task).sizes();
  CHECK(sizes.outputs == 10);
  CHECK(task->info().baseline == Approx(4 * std::log(8) / 14));
  const SimpleBatch b = batch_of(*task, {.rows = 200, .number = 2, .seed = 4});
  const Array& x = std::get<Array>(b.inputs);
  REQUIRE(x.shape() == Shape{14, 200, 1});
  std::map<double, int> symbols;
  for (int row = 0; row < 200; ++row) {
    // As the authors concatenate it: the symbols, gap - 1 blanks, n + 1 markers; n + gap blanks, the symbols.
    std::vector<double> in, out(static_cast<std::size_t>(n + gap), 0);
    for (int t = 0; t < n; ++t) in.push_back(x.at({t, row, 0}));
    for (const double symbol : in) ++symbols[symbol];
    out.insert(out.end(), in.begin(), in.end());
    in.insert(in.end(), static_cast<std::size_t>(gap - 1), 0);
    in.insert(in.end(), static_cast<std::size_t>(n + 1), 9);
    for (int t = 0; t < 14; ++t) {
      REQUIRE(x.at({t, row, 0}) == in[static_cast<std::size_t>(t)]);
      REQUIRE(std::get<EveryStep>(b.targets).tokens.at({t, row}) == out[static_cast<std::size_t>(t)]);
    }
  }
  REQUIRE(symbols.size() == 8);
  for (const auto& [symbol, count] : symbols) {
    CHECK((symbol >= 1 && symbol <= 8));
    CHECK(count == Approx(100).margin(45));
  }
}

TEST_CASE("selective copy scatters the symbols among the blanks before the marker, every set of steps alike") {
  const int n = 2, gap = 4, before = n + gap - 1;  // 10 sets of two of five steps
  const auto task = make_task("copy", {.own = {{"copied", "2"}, {"gap", "4"}, {"form", "selective"}}});
  CHECK(task->info().baseline == Approx(2 * std::log(8) / 8));
  const SimpleBatch b = batch_of(*task, {.rows = 2000, .number = 3, .seed = 5});
  const Tokens& y = std::get<EveryStep>(b.targets).tokens;
  REQUIRE(b.steps() == gap + 2 * n);
  std::map<std::pair<int, int>, int> sets;
  std::map<int, int> kinds;
  for (int row = 0; row < b.rows(); ++row) {
    const std::vector<int> in = symbols_of(b, row);
    std::vector<int> at, wanted(static_cast<std::size_t>(n + gap), 0);
    for (int t = 0; t < before; ++t)
      if (in[static_cast<std::size_t>(t)] != 0) {
        at.push_back(t);
        wanted.push_back(in[static_cast<std::size_t>(t)]);
      }
    REQUIRE(at.size() == 2);
    for (int t = before; t < b.steps(); ++t) REQUIRE(in[static_cast<std::size_t>(t)] == (t == before ? 9 : 0));
    for (int t = 0; t < b.steps(); ++t) REQUIRE(y.at({t, row}) == wanted[static_cast<std::size_t>(t)]);
    ++sets[{at[0], at[1]}];
    ++kinds[wanted.back()];
  }
  REQUIRE(sets.size() == 10);
  for (const auto& [set, count] : sets) CHECK(count == Approx(200).margin(60));  // 4.5 standard deviations
  REQUIRE(kinds.size() == 8);
  for (const auto& [symbol, count] : kinds) CHECK(count == Approx(250).margin(67));
  const auto longer = task->as<AnyLength>()->with_length(30);
  CHECK(batch_of(*longer, {.rows = 2}).steps() == 30);
}

TEST_CASE("copy measures the share of copied symbols, and rejects a length") {
  TempFolder folder;
  const auto run = train_quick("copy", folder, {"--cell", "lstm", "--copied", "2", "--gap", "3", "--steps", "600"});
  CHECK(run["loss"].get<double>() < .7 * 2 * std::log(8) / 7);
  CHECK(run["measures"]["copied"]["value"].get<double>() > 35);
  CHECK(run["measures"]["copied"]["baseline"].get<double>() == 12.5);
  const auto bai =
      train_quick("copy", folder, {"--cell", "lstm", "--copied", "1", "--gap", "2", "--steps", "800", "--form", "bai"});
  CHECK(bai["loss"].get<double>() < .5 * std::log(8) / 4);
  CHECK(bai["measures"]["copied"]["value"].get<double>() > 60);
  check_rejected(ebb_command({"train", "copy", "--form", "skip", "--out", folder / "no"}),
                 "--form of the task 'copy' must be arjovsky or bai or selective, not 'skip'");
  check_rejected(ebb_command({"train", "copy", "--length", "30", "--out", folder / "no"}),
                 "--length does not apply to the task 'copy'");
  goes_on("copy", "gru", {.hidden = 4, .length = 30, .batch = 4, .steps = 4, .lr = .01}, {2}, {.quick = true});
}

}  // namespace copy_test
