#include <cmath>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/experiments/train/simple_network.hpp>
#include <ebb/experiments/train/train.hpp>
#include <map>
#include <set>

#include "catch.hpp"
#include "goes_on.hpp"
#include "train_quick.hpp"

namespace mqar_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

SimpleBatch batch_of(const Task& task, const BatchRequest& r) { return task.batch(r).get<SimpleBatch>(); }

std::unique_ptr<Task> small(const std::string& pairs = "3") {
  return make_task("mqar", {.own = {{"pairs", pairs}, {"vocabulary", "20"}}});
}

}  // namespace

TEST_CASE("mqar: pairs of a key and a value, then each key once more, with its value as the answer") {
  const int T = 24, D = 3, B = 200;
  const SimpleBatch b = batch_of(*small(), {.length = T, .rows = B, .number = 2, .seed = 5});
  const Tokens &x = std::get<Tokens>(b.inputs), &y = std::get<EveryStep>(b.targets).tokens;
  REQUIRE(b.steps() == T);
  for (int row = 0; row < B; ++row) {
    std::map<int, int> value_of;
    std::set<int> values, asked;
    for (int k = 0; k < D; ++k) {
      const int key = x.at({2 * k, row}), value = x.at({2 * k + 1, row});
      CHECK((key >= 1 && key <= 9));
      CHECK((value >= 10 && value <= 19));
      value_of[key] = value;
      values.insert(value);
    }
    CHECK(value_of.size() == 3);
    CHECK(values.size() == 3);
    for (int t = 0; t < T; ++t) {
      const int key = x.at({t, row});
      if (t < 2 * D || key == 0) {
        CHECK(y.at({t, row}) == EveryStep::none);
        continue;
      }
      CHECK(t % 2 == 0);
      CHECK(y.at({t, row}) == value_of.at(key));
      asked.insert(key);
    }
    CHECK(asked.size() == 3);
  }
}

TEST_CASE("the places of mqar's queries follow the power law, without replacement") {
  // Of the first key: p(g) in proportion to (g + 1)^(-.99).
  const int T = 38, D = 3, B = 6000, places = (T - 2 * D) / 2;
  const SimpleBatch b = batch_of(*small(), {.split = Split::test, .length = T, .rows = B});
  const Tokens& x = std::get<Tokens>(b.inputs);
  std::vector<double> first(static_cast<std::size_t>(places), 0), second = first, p = first, after = first;
  double sum = 0;
  for (int g = 0; g < places; ++g) sum += p[static_cast<std::size_t>(g)] = std::pow(g + 1, -.99);
  for (double& one : p) one /= sum;
  for (std::size_t g = 0; g < p.size(); ++g)  // of the second, which cannot have the first one's place
    for (std::size_t taken = 0; taken < p.size(); ++taken)
      if (taken != g) after[g] += p[taken] * p[g] / (1 - p[taken]);
  for (int row = 0; row < B; ++row)
    for (int g = 0; g < places; ++g) {
      const int key = x.at({2 * D + 2 * g, row});
      if (key == x.at({0, row})) first[static_cast<std::size_t>(g)] += 1. / B;
      if (key == x.at({2, row})) second[static_cast<std::size_t>(g)] += 1. / B;
    }
  for (std::size_t g = 0; g < p.size(); ++g) {
    CHECK(first[g] == Approx(p[g]).margin(.02));
    CHECK(second[g] == Approx(after[g]).margin(.02));
  }
}

TEST_CASE("mqar's pairs grow with the length, and sizes that do not fit are rejected") {
  const auto task = make_task("mqar");
  for (const auto& [T, D] : {std::pair{64, 4}, {128, 8}, {256, 16}, {5, 1}}) {
    const SimpleBatch b = batch_of(*task, {.split = Split::test, .length = T, .rows = 1});
    int answers = 0;
    for (int t = 0; t < T; ++t) answers += std::get<EveryStep>(b.targets).tokens.at({t, 0}) != EveryStep::none;
    CHECK(answers == D);
  }
  CHECK(task->info().baseline == Approx(std::log(4096)));
  CHECK_THROWS_WITH(small()->check_sizes({.length = 11}), Contains("3 of --pairs take at least 12 steps"));
  CHECK_THROWS_WITH(small("10")->check_sizes({.length = 100}),
                    Contains("--vocabulary 20 has 9 keys, fewer than the 10 of --pairs"));
}

TEST_CASE("where some steps have no target, the loss is the mean over the answers, and only they count") {
  const auto task = small();
  const TaskSettings s{.hidden = 6, .length = 24, .batch = 32};
  const Model m{*task, "gru", s, 2};
  const SimpleBatch b = batch_of(*task, {.split = Split::test, .length = 24, .rows = 32});
  const Tokens& y = std::get<EveryStep>(b.targets).tokens;
  const auto run = [&](const Batch& batch, int shards) {
    return evaluate(m.w, {.rows = batch.rows(), .training = false, .shards = shards},
                    [&](Shard& shard) { return m.loss(shard, batch); });
  };
  const Result r = run(Batch(b), 2);
  CHECK(r.loss == Approx(run(Batch(b), 8).loss));
  CHECK(r.loss == Approx(std::log(20)).margin(.3));
  const Array& choices = class_choices.of(r);

  // The same answers, one by one, from batches in which every other target is left out; and all classes from one in
  // which every step has a target.
  SimpleBatch every = b;
  Tokens all = y.copy();
  std::replace(all.data(), all.data() + all.size(), EveryStep::none, 0);
  every.targets = EveryStep{.tokens = all};
  const Array scores = class_scores.of(run(Batch(every), 1));
  double loss = 0, answers = 0, right = 0;
  for (int row = 0; row < 32; ++row)
    for (int t = 0; t < 24; ++t) {
      const int wanted = y.at({t, row});
      CHECK((choices.at({row, t}) == -1) == (wanted == EveryStep::none));
      if (wanted == EveryStep::none) continue;
      double sum = 0, best = 0;
      for (int k = 0; k < 20; ++k) {
        sum += std::exp(scores.at({row, t, k}));
        if (scores.at({row, t, k}) > scores.at({row, t, static_cast<int>(best)})) best = k;
      }
      CHECK(choices.at({row, t}) == best);
      loss += std::log(sum) - scores.at({row, t, wanted});
      answers += 1;
      right += best == wanted;
    }
  CHECK(answers == 3 * 32);
  CHECK(r.loss == Approx(loss / answers).epsilon(1e-5));
  const auto meter = meter_of(*task);
  meter->update(Batch(b), r);
  CHECK(meter->measures()[0].value == Approx(100 * right / answers));
  CHECK(meter->measures()[0].baseline == Approx(100. / 3));
}

TEST_CASE("targets of some steps are checked") {
  const SimpleSizes sizes{.inputs = TokenInputs{5}, .outputs = 4};
  const auto why = [&](const Tokens& targets) -> std::string {
    try {
      check_batch("t", sizes, {.inputs = Tokens({2, 2}), .targets = EveryStep{.tokens = targets}});
    } catch (const Error& e) { return e.what(); }
    return "";
  };
  CHECK(why(Tokens({2, 2}, {-1, 3, -1, -1})).empty());
  CHECK_THAT(why(Tokens({2, 2}, {-2, 3, -1, -1})), Contains("the token -2 is a target: a step without one has"));
  CHECK_THAT(why(Tokens({2, 2}, {-1, -1, -1, -1})), Contains("no step of its batches has a target"));
}

TEST_CASE("an LSTM recalls values far above chance, and mqar resumes to the bit", "[science]") {
  goes_on("mqar", "gru", {.hidden = 4, .length = 20, .batch = 4, .steps = 4, .lr = .01}, {2},
          {.own = {{"pairs", "2"}, {"vocabulary", "16"}}});
  const TempFolder folder;
  const auto run = train_quick("mqar", folder, {"--cell", "lstm", "--test-lengths", "16,64"});
  for (const char* length : {"16", "64"}) {
    CHECK(run["lengths"][length]["baseline"] == 50);
    CHECK(run["lengths"][length]["value"].get<double>() > 80);
  }
}

}  // namespace mqar_test
