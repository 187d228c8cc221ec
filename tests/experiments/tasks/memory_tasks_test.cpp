#include <cmath>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/ops/parallel.hpp>
#include <map>

#include "catch.hpp"
#include "goes_on.hpp"
#include "train_quick.hpp"

namespace memory_tasks_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

const std::vector<std::pair<std::string, TaskValues>> memory_tasks{
    {"flipflop", {}},
    {"flipflop", {{"bits", "2"}, {"pulse", "0.2"}}},
    {"xor", {{"delay", "3"}}},
    {"temporal-order", {}},
    {"temporal-order", {{"form", "6a"}}},
    {"temporal-order", {{"form", "6b"}, {"shortest", "12"}}},
    {"adding", {{"form", "bai"}}},
    {"adding", {{"form", "hochreiter"}}},
    {"adding", {{"form", "skip"}}},
    {"copy", {{"form", "bai"}, {"gap", "7"}}},
    {"two-sequence", {}},
    {"two-sequence", {{"form", "2c"}, {"distractors", "4"}}},
    {"two-sequence", {{"form", "3b"}, {"informative", "1"}}}};

SimpleBatch batch_of(const Task& task, const BatchRequest& r) { return task.batch(r).get<SimpleBatch>(); }
const Array& inputs_of(const SimpleBatch& b) { return std::get<Array>(b.inputs); }
const Array& values_of(const SimpleBatch& b) { return std::get<EveryValue>(b.targets).values; }
const Tokens& classes_of(const SimpleBatch& b) { return std::get<LastClass>(b.targets).classes; }

/// The letters of a row: X, Y, distractors a to d, start <, end >.
std::string letters(const SimpleBatch& b, int row) {
  std::string word;
  for (int t = 0; t < b.steps(); ++t) {
    double sum = 0;
    for (int k = 0; k < inputs_of(b).dim(2); ++k)
      if (const double x = inputs_of(b).at({t, row, k}); x != 0) {
        sum += x;
        word += "XYabcd<>"[k];
      }
    CHECK(sum == 1);
  }
  return word;
}

/// What a batch consists of, to the bit.
std::vector<double> numbers_of(const SimpleBatch& b) {
  std::vector<double> all;
  const auto add = [&](const auto& a) {
    for (std::int64_t k = 0; k < a.size(); ++k) all.push_back(static_cast<double>(a.data()[k]));
  };
  const auto add_array = [&](const Array& a) {
    for (std::int64_t k = 0; k < a.size(); ++k) all.push_back(a.at_flat(k));
  };
  add_array(inputs_of(b));
  if (const auto* v = std::get_if<EveryValue>(&b.targets)) add_array(v->values);
  if (const auto* l = std::get_if<LastStep>(&b.targets)) add_array(l->values);
  if (const auto* c = std::get_if<LastClass>(&b.targets)) add(c->classes);
  if (const auto* e = std::get_if<EveryStep>(&b.targets)) add(e->tokens);
  return all;
}

/// Of all rows of an epoch of the flip-flop: the inputs of each, and how often they occur.
std::map<std::vector<double>, int> trials_of(const Task& task, std::uint64_t first, std::uint64_t end, int rows) {
  std::map<std::vector<double>, int> trials;
  for (std::uint64_t number = first; number < end; ++number) {
    const SimpleBatch b = batch_of(task, {.length = 20, .rows = rows, .number = number, .seed = 7});
    for (int row = 0; row < rows; ++row) {
      std::vector<double> one;
      for (int t = 0; t < 20; ++t)
        for (int bit = 0; bit < 3; ++bit) one.push_back(inputs_of(b).at({t, row, bit}));
      ++trials[one];
    }
  }
  return trials;
}

struct ThreadsAfter {
  int before = threads();
  ThreadsAfter() = default;
  ThreadsAfter(const ThreadsAfter&) = delete;
  ThreadsAfter& operator=(const ThreadsAfter&) = delete;
  ~ThreadsAfter() { set_threads(before); }
};

}  // namespace

TEST_CASE("flipflop asks for the sign of each channel's last pulse, and each channel begins with one") {
  const auto task = make_task("flipflop", {.own = {{"bits", "4"}, {"pulse", "0.3"}}});
  CHECK(task->info().baseline == Approx(.7));
  const int T = 40, B = 200;
  const SimpleBatch b = batch_of(*task, {.length = T, .rows = B, .number = 2, .seed = 3});
  const Array &x = inputs_of(b), &y = values_of(b);
  REQUIRE(x.shape() == Shape{T, B, 4});
  double pulses = 0, positive = 0, memoryless = 0;
  for (int row = 0; row < B; ++row)
    for (int bit = 0; bit < 4; ++bit) {
      CHECK(x.at({0, row, bit}) != 0);
      for (int t = 0; t < T; ++t) {
        int last = t;
        while (x.at({last, row, bit}) == 0) --last;
        REQUIRE(y.at({t, row, bit}) == x.at({last, row, bit}));
        REQUIRE(std::abs(y.at({t, row, bit})) == 1);
        if (t == 0) continue;
        pulses += last == t;
        positive += last == t && x.at({t, row, bit}) > 0;
        memoryless += std::pow(x.at({t, row, bit}) - y.at({t, row, bit}), 2);
      }
    }
  const double all = 4. * B * (T - 1);
  CHECK(pulses / all == Approx(.3).margin(.01));
  CHECK(positive / pulses == Approx(.5).margin(.02));
  CHECK(memoryless / all == Approx(task->info().baseline).margin(.01));
}

TEST_CASE("Each epoch of flipflop has the same 512 trials, in another order, for any batch size") {
  const auto task = make_task("flipflop");
  const auto first = trials_of(*task, 0, 4, 128);
  CHECK(first.size() == 512);
  CHECK(first == trials_of(*task, 4, 8, 128));
  CHECK(first == trials_of(*task, 0, 8, 64));
  const auto one = [&](std::uint64_t number) {
    return numbers_of(batch_of(*task, {.length = 20, .rows = 128, .number = number, .seed = 7}));
  };
  CHECK(one(0) != one(4));
}

TEST_CASE("xor asks for the exclusive or of two earlier bits, and for nothing before both exist") {
  const auto task = make_task("xor", {.own = {{"delay", "3"}}});
  const int T = 50, B = 60;
  const SimpleBatch b = batch_of(*task, {.length = T, .rows = B, .number = 1, .seed = 2});
  const auto& y = std::get<EveryStep>(b.targets);
  CHECK(y.first == 6);
  double ones = 0, wanted = 0;
  for (int row = 0; row < B; ++row) {
    std::string bits;
    for (int t = 0; t < T; ++t) bits += inputs_of(b).at({t, row, 0}) == 1 ? '1' : '0';
    for (int t = 6; t < T; ++t) {
      const std::string two{bits[static_cast<std::size_t>(t - 3)], bits[static_cast<std::size_t>(t - 6)]};
      REQUIRE(y.tokens.at({t, row}) == (two == "01" || two == "10"));
      ones += bits[static_cast<std::size_t>(t)] == '1';
      wanted += y.tokens.at({t, row});
    }
  }
  CHECK(ones / (44 * B) == Approx(.5).margin(.03));
  CHECK(wanted / (44 * B) == Approx(.5).margin(.03));
}

TEST_CASE(
    "The baselines of xor and temporal-order are the entropies of their targets, and one bit tells nothing of xor") {
  const auto task = make_task("xor", {.own = {{"delay", "3"}}});
  const int T = 100, B = 400;
  const SimpleBatch b = batch_of(*task, {.split = Split::test, .length = T, .rows = B});
  const auto& y = std::get<EveryStep>(b.targets);
  for (const int earlier : {0, 1, 3, 6}) {
    double count[2][2] = {};
    for (int row = 0; row < B; ++row)
      for (int t = y.first; t < T; ++t) count[inputs_of(b).at({t - earlier, row, 0}) == 1][y.tokens.at({t, row})] += 1;
    for (const auto& of_bit : count) CHECK(of_bit[1] / (of_bit[0] + of_bit[1]) == Approx(.5).margin(.02));
  }
  for (const char* form : {"pascanu", "6a", "6b"}) {
    INFO(form);
    const auto order = make_task("temporal-order", {.own = {{"form", form}}});
    std::map<int, double> counts;
    for (std::uint64_t number = 0; number < 5; ++number) {
      const SimpleBatch o = batch_of(*order, {.split = Split::test, .length = 20, .rows = 4000, .number = number});
      for (int row = 0; row < 4000; ++row) counts[classes_of(o).at({row})] += 1. / 20'000;
    }
    double entropy = 0;
    for (const auto& [order_class, p] : counts) entropy -= p * std::log(p);
    CHECK(entropy == Approx(order->info().baseline).epsilon(.001));
  }
}

TEST_CASE("Steps of xor without a target do not affect loss, gradient or accuracy") {
  const auto task = make_task("xor", {.own = {{"delay", "2"}}});
  const Model m{*task, "lstm", TaskSettings{.hidden = 5, .length = 12}, 1};
  SimpleBatch b = batch_of(*task, {.split = Split::test, .length = 12, .rows = 9});
  SimpleBatch other = b;
  Tokens changed = std::get<EveryStep>(b.targets).tokens.copy();
  for (int k = 0; k < 4 * 9; ++k) changed.data()[k] = 1;
  other.targets = EveryStep{.tokens = changed, .first = 4};
  const auto run = [&](const SimpleBatch& batch) {
    const Batch any = batch;
    const Result r = evaluate(m.w, {.rows = 9, .training = false}, [&](Shard& s) { return m.loss(s, any); });
    const auto meter = meter_of(*task);
    meter->update(any, r);
    return std::pair{r.loss, meter->measures()[0].value};
  };
  CHECK(run(b) == run(other));
  CHECK(run(b).first == Approx(std::log(2)).margin(.2));
}

TEST_CASE("temporal-order places its symbols in their windows and asks for their order") {
  for (const auto& [form, relevant, marked, windows] :
       {std::tuple{"pascanu", 2, false, std::vector<std::pair<int, int>>{{20, 39}, {100, 119}}},
        {"6a", 2, true, {{20, 40}, {100, 120}}},
        {"6b", 3, true, {{20, 40}, {66, 86}, {132, 152}}}}) {
    INFO(form);
    const auto task = make_task("temporal-order", {.own = {{"form", form}}});
    const SimpleBatch b = batch_of(*task, {.length = 200, .rows = 400, .number = 3, .seed = 2});
    std::map<std::string, int> class_of, lowest, highest;
    for (int row = 0; row < 400; ++row) {
      const std::string word = letters(b, row);
      std::string order;
      int k = 0;
      for (int t = 0; t < 200; ++t) {
        const char c = word[static_cast<std::size_t>(t)];
        if (c != 'X' && c != 'Y') continue;
        order += c;
        const auto [first, last] = windows.at(static_cast<std::size_t>(k++));
        CHECK((t >= first && t <= last));
        lowest[std::to_string(k)] += t == first;
        highest[std::to_string(k)] += t == last;
      }
      REQUIRE(static_cast<int>(order.size()) == relevant);
      CHECK((word.front() == '<') == marked);
      CHECK((word.back() == '>') == marked);
      CHECK(static_cast<int>(word.find_last_of("<")) == (marked ? 0 : -1));
      const auto [known, fresh] = class_of.emplace(order, classes_of(b).at({row}));
      CHECK(known->second == classes_of(b).at({row}));
    }
    CHECK(static_cast<int>(class_of.size()) == 1 << relevant);
    CHECK(class_of[std::string(static_cast<std::size_t>(relevant), 'X')] == 0);
    CHECK(class_of[relevant == 2 ? "XY" : "XXY"] == 1);
    for (int k = 1; k <= relevant; ++k) CHECK((lowest[std::to_string(k)] > 0 && highest[std::to_string(k)] > 0));
    CHECK(task->info().baseline == Approx(relevant * std::log(2)));
  }
}

TEST_CASE("Training batches of temporal-order have lengths from --shortest to --length, others that of --length") {
  const auto task = make_task("temporal-order", {.own = {{"shortest", "15"}}});
  std::map<int, int> lengths;
  for (std::uint64_t k = 0; k < 200; ++k) ++lengths[batch_of(*task, {.length = 20, .rows = 1, .number = k}).steps()];
  CHECK(lengths.size() == 6);
  CHECK(lengths.begin()->first == 15);
  CHECK(lengths.rbegin()->first == 20);
  CHECK(batch_of(*task, {.split = Split::test, .length = 20, .rows = 2, .number = 5}).steps() == 20);
  const auto rejection = [](const std::string& shortest, int length) -> std::string {
    try {
      make_task("temporal-order", {.own = {{"shortest", shortest}}})->check_sizes({.length = length});
    } catch (const ValueError& e) { return e.what(); }
    return "none";
  };
  CHECK_THAT(rejection("21", 20), Contains("--shortest must not be greater than --length"));
  CHECK_THAT(rejection("9", 20), Contains("--shortest must be 0 or at least 10"));
  CHECK_THAT(rejection("0", 9), Contains("--length must be at least 10"));
  CHECK_THROWS_WITH(make_task("xor")->check_sizes({.length = 20}), Contains("greater than twice --delay"));
}

TEST_CASE("Batches of the memory tasks are the same to the bit for any number of threads, and splits differ") {
  const ThreadsAfter after;
  for (const auto& [name, own] : memory_tasks) {
    INFO(name);
    const auto task = make_task(name, {.own = own});
    const auto numbers = [&](int n, Split split) {
      set_threads(n);
      return numbers_of(batch_of(*task, {.split = split, .length = 60, .rows = 70, .number = 2, .seed = 5}));
    };
    const auto one = numbers(1, Split::train);
    for (const int n : {2, 3}) CHECK(numbers(n, Split::train) == one);
    CHECK(numbers(1, Split::test) != one);
    CHECK(numbers(1, Split::test) != numbers(1, Split::valid));
    CHECK(task->data() == "generated");
    CHECK(task->batches(Split::test, 60, 70) * 70 >= 500);
  }
}

TEST_CASE("Each memory task is learnt far better than its baseline at --quick", "[science]") {
  for (const char* cell : {"rnn", "lstm", "gru"})
    for (const auto& [task, share] : {std::pair{"flipflop", .05}, {"xor", .2}, {"temporal-order", .3}}) {
      INFO(task << " " << cell);
      const TempFolder folder;
      const auto run = train_quick(task, folder, {"--cell", cell});
      CHECK(run["loss"].get<double>() < share * run["baseline_loss"].get<double>());
      if (std::string(task) == "flipflop") continue;
      CHECK(run["measures"]["accuracy"]["value"].get<double>() >
            run["measures"]["accuracy"]["baseline"].get<double>() + 20);
    }
}

TEST_CASE("Options of the memory tasks are recorded with the weights, and ebb evaluate reproduces training's result") {
  for (const auto& [name, own] : memory_tasks) {
    const TempFolder folder;
    std::vector<std::string> words{"--steps", "4", "--hidden", "6"};
    for (const auto& [option, value] : own.all()) {
      words.push_back("--" + option);
      words.push_back(value);
      INFO(name << " --" << option << " " << value);
    }
    const auto run = train_quick(name, folder, words);
    const Outcome o = ebb_command({"evaluate", "--weights", folder / "out/weights.safetensors"});
    INFO(o.err);
    REQUIRE(o.code == 0);
    const auto again = nlohmann::json::parse(read_all(folder / "out/evaluation-test.json"));
    CHECK(again["loss"] == run["loss"]);
    CHECK(again.value("measures", nlohmann::json()) == run.value("measures", nlohmann::json()));
    const bool loss_only = name == "flipflop" || (name == "adding" && own["form"] != "hochreiter");
    CHECK(run.contains("measures") == !loss_only);
  }
}

TEST_CASE("The memory tasks resume to the bit, and their gradients can be measured by ebb vanish") {
  for (const auto& [name, own] : memory_tasks)
    goes_on(name, "gru", {.hidden = 5, .length = 24, .batch = 6, .steps = 5, .lr = .01}, {2}, {.own = own});
  const TempFolder folder;
  const Outcome o =
      ebb_command({"vanish", "--tasks", "flipflop,xor,temporal-order", "--bits", "2", "--delay", "4", "--form", "6a",
                   "--cells", "rnn", "--quick", "--steps", "2", "--lags", "25", "--out", folder / "out"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  const auto s = summary_of(folder / "out");
  for (const char* task : {"flipflop", "xor", "temporal-order"})
    CHECK(s["tasks"][task]["cells"]["rnn"]["init"]["fields"].contains("h"));
}

TEST_CASE("Targets that do not fit a task's sizes are rejected with the sizes that they should have") {
  const SimpleSizes sizes{.inputs = ValueInputs{2}, .outputs = 3};
  const Array x = Array::zeros({5, 4, 2}, f32);
  const auto why = [&](std::variant<LastStep, LastClass, EveryStep, EveryValue> targets) -> std::string {
    try {
      check_batch("t", sizes, {.inputs = x, .targets = std::move(targets)});
    } catch (const Error& e) { return e.what(); }
    return "";
  };
  CHECK(why(EveryValue{Array::zeros({5, 4, 3}, f32)}).empty());
  CHECK_THAT(why(EveryValue{Array::zeros({5, 4, 1}, f32)}),
             Contains("the values of EveryValue must be [5, 4, 3], not [5, 4, 1]"));
  CHECK(why(LastClass{Tokens({4}, {0, 2, 1, 0})}).empty());
  CHECK_THAT(why(LastClass{Tokens({4}, {0, 3, 1, 0})}),
             Contains("the class 3 is a target, but its sizes() have 3 outputs"));
  CHECK_THAT(why(LastClass{Tokens({5})}), Contains("the classes of LastClass must be [4], one per row, not [5]"));
  CHECK(why(EveryStep{.tokens = Tokens({5, 4}), .first = 4}).empty());
  CHECK_THAT(why(EveryStep{.tokens = Tokens({5, 4}), .first = 5}),
             Contains("the first target is that of step 5 (EveryStep::first), of 5 steps"));
}

}  // namespace memory_tasks_test
