#include <cmath>
#include <ebb/experiments/tasks/teacher/linear_teacher.hpp>
#include <ebb/experiments/train/lengths.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <set>

#include "catch.hpp"
#include "ebb_process.hpp"
#include "train_quick.hpp"

/// Tasks that train at one length: their sequences at another.
namespace other_lengths_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

const std::vector<std::string> on_request{"adding",  "delay",          "flipflop",     "reber",
                                          "teacher", "temporal-order", "two-sequence", "xor"};

std::unique_ptr<Task> task_of(const std::string& name, TaskValues own) {
  return make_task(name, {.own = std::move(own)});
}

SimpleBatch batch_at(const Task& task, int length, int rows) {
  REQUIRE(task.as<AnyLength>());
  REQUIRE(task.as<AnyLength>()->with_length(length) == nullptr);
  task.check_sizes({.length = length});
  const SimpleBatch b = task.batch({.split = Split::test, .length = length, .rows = rows}).get<SimpleBatch>();
  REQUIRE(b.steps() == length);
  REQUIRE(b.rows() == rows);
  return b;
}

double input(const SimpleBatch& b, int t, int row, int k = 0) { return std::get<Array>(b.inputs).at({t, row, k}); }
int class_of(const SimpleBatch& b, int row) { return std::get<LastClass>(b.targets).classes.at({row}); }

/// The index of the one that is 1.
int symbol(const SimpleBatch& b, int t, int row) {
  int k = 0;
  while (input(b, t, row, k) != 1) ++k;
  return k;
}

}  // namespace

TEST_CASE("adding at another length has two marks in the windows of that length, and asks for their sum") {
  for (const int T : {20, 300})
    for (const char* form : {"arjovsky", "bai", "hochreiter", "skip"}) {
      CAPTURE(form, T);
      const auto task = task_of("adding", {{"form", form}});
      const SimpleBatch b = batch_at(*task, T, 400);
      const std::string name = form;
      int earliest = T, latest = 0;
      for (int row = 0; row < 400; ++row) {
        std::vector<int> marked;
        double sum = 0;
        for (int t = 0; t < T; ++t)
          if (input(b, t, row, 1) == 1) {
            marked.push_back(t);
            sum += input(b, t, row);
          }
        REQUIRE(marked.size() == 2);
        const double wanted = name == "hochreiter" ? .5 + sum / 4 : sum;
        CHECK(std::get<LastStep>(b.targets).values.at({row, 0}) == Approx(wanted).margin(1e-6));
        if (name == "arjovsky") CHECK((marked[0] < T / 2 && marked[1] >= T / 2));
        if (name == "skip") CHECK((marked[0] < T / 10 && marked[1] >= T / 2));
        if (name == "hochreiter") CHECK((marked[0] < 10 && marked[1] < T / 2));
        earliest = std::min(earliest, marked[0]);
        latest = std::max(latest, marked[1]);
      }
      CHECK(earliest < .1 * T);
      CHECK(latest >= (name == "hochreiter" ? .45 : .95) * T - 1);
    }
  CHECK_THROWS_WITH(make_task("adding")->check_sizes({.length = 1}), Contains("--length must be at least 2"));
}

TEST_CASE("xor at another length asks for the two bits at the same delays") {
  const auto task = task_of("xor", {{"delay", "3"}});
  for (const int T : {7, 90}) {
    const SimpleBatch b = batch_at(*task, T, 30);
    const auto& y = std::get<EveryStep>(b.targets);
    CHECK(y.first == 6);
    for (int row = 0; row < 30; ++row)
      for (int t = 6; t < T; ++t)
        REQUIRE(y.tokens.at({t, row}) == std::abs(input(b, t - 3, row) - input(b, t - 6, row)));
  }
}

TEST_CASE("flipflop at another length holds the last pulse, and its baseline counts the first step") {
  const auto task = task_of("flipflop", {{"bits", "2"}, {"pulse", ".3"}});
  for (const int T : {4, 150}) {
    const SimpleBatch b = batch_at(*task, T, 2000);
    double alone = 0;  // the error of the pulse without memory
    for (int row = 0; row < 2000; ++row)
      for (int bit = 0; bit < 2; ++bit) {
        double held = 0;
        for (int t = 0; t < T; ++t) {
          const double x = input(b, t, row, bit), y = std::get<EveryValue>(b.targets).values.at({t, row, bit});
          if (x != 0) held = x;
          REQUIRE(y == held);
          alone += (y - x) * (y - x);
        }
      }
    CHECK(task->as<AnyLength>()->baseline_at(T).value() == Approx(alone / (2000. * 2 * T)).epsilon(.02));
  }
  CHECK(task->as<AnyLength>()->baseline_at(1).value() == 0);
}

TEST_CASE("temporal-order at another length has its symbols in windows of that length") {
  struct Form {
    const char* name;
    std::vector<int> windows;  // in % of the length
  };
  for (const Form& f : {Form{"pascanu", {10, 50}}, {"6a", {10, 50}}, {"6b", {10, 33, 66}}})
    for (const int T : {10, 400}) {
      CAPTURE(f.name, T);
      const auto task = task_of("temporal-order", {{"form", f.name}});
      const SimpleBatch b = batch_at(*task, T, 200);
      for (int row = 0; row < 200; ++row) {
        int order = 0;
        std::size_t found = 0;
        for (int t = 0; t < T; ++t)
          if (const int s = symbol(b, t, row); s < 2) {
            REQUIRE(found < f.windows.size());
            const int begin = f.windows[found++] * T / 100;
            CHECK((t >= begin && t <= begin + T / 10));
            order = 2 * order + s;
          }
        CHECK(found == f.windows.size());
        CHECK(class_of(b, row) == order);
      }
    }
}

TEST_CASE("two-sequence at another length has its class at the beginning and noise or distractors to the end") {
  for (const int T : {4, 250}) {
    const SimpleBatch values = batch_at(*task_of("two-sequence", {{"informative", "2"}}), T, 100);
    for (int row = 0; row < 100; ++row) {
      const double sign = class_of(values, row) == 1 ? 1 : -1;
      CHECK((input(values, 0, row) == sign && input(values, 1, row) == sign));
      CHECK(std::abs(input(values, T - 1, row)) != 1);
    }
    const SimpleBatch symbols = batch_at(*task_of("two-sequence", {{"form", "2c"}, {"distractors", "5"}}), T, 100);
    for (int row = 0; row < 100; ++row) {
      CHECK(symbol(symbols, 0, row) == 6);
      CHECK(symbol(symbols, 1, row) == 7 + class_of(symbols, row));
      for (int t = 2; t < T - 1; ++t) REQUIRE(symbol(symbols, t, row) < 5);
      CHECK(symbol(symbols, T - 1, row) == 5);
    }
  }
}

TEST_CASE("delay at another length is the error over all steps that have a target") {
  const auto task = task_of("delay", {{"delay", "3"}, {"width", "2"}});
  const TaskSettings s{.hidden = 4, .length = 10};
  Model m{*task, "rnn", s, 1};
  for (const char* name : {"net/out/W", "net/out/b"}) m.w.find(name).value().fill(0);  // so that every output is 0
  const LengthTest test = test_at_lengths(m, *task, s, {4, 60});
  REQUIRE(test.scores.size() == 2);
  for (const LengthScore& score : test.scores) {
    double squares = 0, count = 0;
    for (std::uint64_t number = 0; number < 8; ++number) {
      const Batch b = task->batch({.split = Split::test, .length = score.length, .rows = 64, .number = number});
      evaluate(m.w, {.rows = 64, .shards = 1}, [&](Shard& shard) {
        const Array x = m.recurrent().recurrence_inputs(shard, b).all().value();
        for (int t = 0; t < score.length - 3; ++t)
          for (int row = 0; row < 64; ++row)
            for (int k = 0; k < 2; ++k, ++count) squares += std::pow(x.at({t, row, k}), 2);
        return shard.sum(constant(Array::zeros({1}, f32)));
      });
    }
    CHECK(score.loss == Approx(squares / count).epsilon(1e-5));
    CHECK(score.sequences == 512);
    CHECK(score.baseline == 1);
  }
}

TEST_CASE(
    "teacher at another length answers with the same network, and its baseline is the variance over that length") {
  const auto task = task_of("teacher", {{"units", "4"}, {"modulus", ".9"}});
  const LinearTeacher teacher{4, .9, Key{1}.named("linear teacher")};
  for (const int T : {3, 90}) {
    const SimpleBatch b = batch_at(*task, T, 2000);
    const Array &y = std::get<EveryValue>(b.targets).values, response = teacher.impulse_response(T);
    double squares = 0;
    for (int row = 0; row < 2000; ++row)
      for (int t = 0; t < T; ++t) {
        squares += std::pow(y.at({t, row, 0}), 2);
        if (row > 20) continue;
        double sum = teacher.D * input(b, t, row);
        for (int k = 0; k <= t; ++k) sum += response.at({k}) * input(b, t - k, row);
        REQUIRE(y.at({t, row, 0}) == Approx(sum / teacher.scale).margin(1e-5));
      }
    CHECK(task->as<AnyLength>()->baseline_at(T).value() == Approx(squares / (2000. * T)).epsilon(.04));
  }
}

TEST_CASE("tasks that train at one length are tested at others with --test-lengths alone") {
  for (const std::string& name : on_request) {
    CAPTURE(name);
    const auto task = make_task(name, {.quick = true});
    const TaskSettings s = task->settings(Size::quick);
    CHECK(lengths_of_tests(*task, s, {}).empty());
    CHECK(lengths_of_tests(*task, s, {"70", "64"}) == std::vector<int>{64, 70});
    CHECK(trained_length(*task, s) == s.length);
  }
  const TempFolder folder;
  CHECK_FALSE(train_quick("adding", folder, {"--steps", "2"}).contains("lengths"));
  CHECK_FALSE(folder.has("out/lengths.csv"));
  const auto run = train_quick("flipflop", folder, {"--steps", "2", "--test-lengths", "4,32"});
  CHECK(run["lengths"]["4"]["baseline"] == Approx(.375));
  CHECK(run["lengths"]["32"]["baseline"] == Approx(.5 * 31 / 32));
  CHECK(run["length_measure"] == "loss");
  CHECK(run["length_measure_rises"] == false);
}

TEST_CASE("a length of the test may be below --shortest, which is of training alone") {
  const TempFolder folder;
  const auto run = train_quick("temporal-order", folder, {"--steps", "2", "--shortest", "15", "--test-lengths", "10"});
  CHECK(run["lengths"]["10"]["sequences"] == 512);
  CHECK(train_quick("parity", folder, {"--steps", "2", "--shortest", "6", "--test-lengths", "3"})["lengths"].size() ==
        1);
}

#ifdef EBB_COMMAND
TEST_CASE("ebb length tests every task that trains at one length at the multiples of that length", "[slow]") {
  for (const std::string& name : on_request) {
    CAPTURE(name);
    const TempFolder f;
    const std::string more = name == "reber" ? " --form continual" : "";
    const Outcome o =
        ebb_process("length --cells rnn --hidden 4 --times 1,3 --quick --tasks " + name + more + " --out " + (f / "l"));
    INFO(o.out << o.err);
    REQUIRE(o.code == 0);
    const auto of_cell = summary_of(f / "l")["tasks"][name]["cells"]["rnn"];
    const int trained = name == "reber" ? 500 : make_task(name, {.quick = true})->settings(Size::quick).length;
    CHECK(of_cell.size() == 2);
    for (const int times : {1, 3}) CHECK(of_cell[std::to_string(times * trained)]["mean"].is_number());
  }
}
#endif

}  // namespace other_lengths_test
