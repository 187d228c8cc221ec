#include <cmath>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <map>
#include <set>

#include "catch.hpp"
#include "train_quick.hpp"

namespace adding_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

std::unique_ptr<Task> adding(const std::string& form) { return make_task("adding", {.own = {{"form", form}}}); }
SimpleBatch batch_of(const Task& task, const BatchRequest& r) { return task.batch(r).get<SimpleBatch>(); }
const Array& inputs_of(const SimpleBatch& b) { return std::get<Array>(b.inputs); }
double target_of(const SimpleBatch& b, int row) { return std::get<LastStep>(b.targets).values.at({row, 0}); }

/// The steps of a row with the mark 1, in order.
std::vector<int> marked(const SimpleBatch& b, int row) {
  std::vector<int> steps;
  for (int t = 0; t < b.steps(); ++t)
    if (inputs_of(b).at({t, row, 1}) == 1) steps.push_back(t);
  return steps;
}

/// The mean squared error of a constant answer, over many batches.
double error_of(const Task& task, double answer, int length) {
  double sum = 0, n = 0;
  for (std::uint64_t number = 0; number < 40; ++number) {
    const SimpleBatch b = batch_of(task, {.split = Split::test, .length = length, .rows = 1000, .number = number});
    for (int row = 0; row < b.rows(); ++row, ++n) sum += std::pow(target_of(b, row) - answer, 2);
  }
  return sum / n;
}

/// What the task's meter measures if every output is `answer`.
Measure measured(const Task& task, double answer, int length) {
  const Model m{task, "rnn", TaskSettings{.hidden = 2, .length = length}, 1};
  const auto meter = meter_of(task);
  for (std::uint64_t number = 0; number < 20; ++number) {
    const Batch b = task.batch({.split = Split::test, .length = length, .rows = 1000, .number = number});
    meter->update(b, evaluate(m.w, {.rows = 1000, .training = false}, [&](Shard& s) {
                    Array answers = Array::empty({s.rows(), 1}, f32);
                    answers.fill(answer);
                    class_scores.put(s, constant(answers));
                    return s.mean_rows(constant(Array::zeros({s.rows()}, f32)));
                  }));
  }
  return meter->measures().at(0);
}

}  // namespace

TEST_CASE("each form of adding marks two steps where its authors do, and asks for the sum of their values") {
  struct Form {
    const char* name;
    double low, high;
    std::pair<int, int> first, second;  // least and greatest step of each mark in time, of 40
  };
  for (const Form& f : {Form{"arjovsky", 0, 1, {0, 19}, {20, 39}},
                        {"bai", 0, 1, {0, 38}, {1, 39}},
                        {"skip", -.5, .5, {0, 3}, {20, 39}}}) {
    INFO(f.name);
    const auto task = adding(f.name);
    std::set<int> firsts, seconds;
    double least = 1, most = -1;
    for (std::uint64_t number = 0; number < 8; ++number) {
      const SimpleBatch b = batch_of(*task, {.length = 40, .rows = 500, .number = number, .seed = 3});
      REQUIRE(inputs_of(b).shape() == Shape{40, 500, 2});
      for (int row = 0; row < 500; ++row) {
        const std::vector<int> marks = marked(b, row);
        REQUIRE(marks.size() == 2);
        double sum = 0, others = 0;
        for (int t = 0; t < 40; ++t) {
          const double u = inputs_of(b).at({t, row, 0}), m = inputs_of(b).at({t, row, 1});
          sum += u * m;
          others += m != 0 && m != 1;
          least = std::min(least, u);
          most = std::max(most, u);
        }
        CHECK(others == 0);
        REQUIRE(target_of(b, row) == Approx(sum).margin(1e-6));
        firsts.insert(marks[0]);
        seconds.insert(marks[1]);
      }
    }
    CHECK(std::pair(*firsts.begin(), *firsts.rbegin()) == f.first);
    CHECK(std::pair(*seconds.begin(), *seconds.rbegin()) == f.second);
    CHECK((least >= f.low && least < f.low + .001 && most < f.high && most > f.high - .001));
  }
}

TEST_CASE("bai marks every pair of steps equally often") {
  const auto task = adding("bai");
  std::map<std::pair<int, int>, int> pairs;
  for (std::uint64_t number = 0; number < 30; ++number) {
    const SimpleBatch b = batch_of(*task, {.length = 5, .rows = 1000, .number = number});
    for (int row = 0; row < 1000; ++row) ++pairs[{marked(b, row)[0], marked(b, row)[1]}];
  }
  REQUIRE(pairs.size() == 10);
  for (const auto& [pair, count] : pairs) CHECK(count == Approx(3000).margin(250));
}

TEST_CASE("hochreiter marks the ends with -1, scales the sum, and hides the value of a marked first step") {
  const auto task = adding("hochreiter");
  std::map<int, int> places;  // how often each step is marked
  int both = 0, zeroed = 0, rows = 0;
  for (std::uint64_t number = 0; number < 20; ++number) {
    const SimpleBatch b = batch_of(*task, {.split = Split::test, .length = 40, .rows = 1000, .number = number});
    for (int row = 0; row < 1000; ++row, ++rows) {
      const std::vector<int> marks = marked(b, row);
      REQUIRE(marks.size() == 2);
      double sum = 0;
      for (int t = 0; t < 40; ++t) {
        const double u = inputs_of(b).at({t, row, 0}), m = inputs_of(b).at({t, row, 1});
        CHECK((u >= -1 && u < 1));
        if (m == 1) sum += u;
        else CHECK(m == (t == 0 || t == 39 ? -1 : 0));
      }
      REQUIRE(target_of(b, row) == Approx(.5 + sum / 4).margin(1e-6));
      for (const int t : marks) ++places[t];
      both += marks[1] < 10;
      zeroed += inputs_of(b).at({0, row, 0}) == 0;
    }
  }
  CHECK(places.rbegin()->first == 19);  // the last of the first 19 steps that are left
  CHECK(zeroed / double(rows) == Approx(.1).margin(.01));
  // The first mark is on one of 10 steps; the second on one of 19, of which 9 are among the first ten.
  CHECK(both / double(rows) == Approx(9. / 19).margin(.015));
  CHECK(places[4] / double(rows) == Approx(.1 + .9 / 19).margin(.01));
  CHECK(places[19] / double(rows) == Approx(1. / 19).margin(.006));
}

TEST_CASE("the baselines of adding are the variances of its targets") {
  for (const auto& [form, answer, published] : {std::tuple{"arjovsky", 1., 1. / 6},
                                                {"bai", 1., 1. / 6},
                                                {"skip", 0., 1. / 6},
                                                {"hochreiter", .5, (.9 * 2 / 3 + .1 / 3) / 16}}) {
    INFO(form);
    const auto task = adding(form);
    CHECK(task->info().baseline == Approx(published));
    CHECK(error_of(*task, answer, 30) == Approx(task->info().baseline).epsilon(.02));
  }
}

TEST_CASE("hochreiter counts errors below .04 as correct") {
  const auto task = adding("hochreiter");
  const Measure constant_answer = measured(*task, .5, 30);
  CHECK(constant_answer.name == "correct");
  CHECK(constant_answer.baseline == Approx(15.424));
  CHECK(constant_answer.value == Approx(constant_answer.baseline).margin(1));
  CHECK(measured(*task, 3, 30).value == 0);
  CHECK(meter_of(*adding("bai")) == nullptr);
}

TEST_CASE("training batches of hochreiter have up to a tenth more steps than --length") {
  const auto task = adding("hochreiter");
  std::set<int> lengths;
  for (std::uint64_t k = 0; k < 200; ++k)
    lengths.insert(batch_of(*task, {.length = 50, .rows = 1, .number = k}).steps());
  CHECK(lengths == std::set<int>{50, 51, 52, 53, 54, 55});
  CHECK(task->steps({.length = 50}) == 55);
  CHECK(batch_of(*task, {.split = Split::test, .length = 50, .rows = 1}).steps() == 50);
  CHECK_THROWS_WITH(task->check_sizes({.length = 19}), Contains("--length must be at least 20"));
  CHECK(adding("bai")->steps({.length = 50}) == 50);
}

TEST_CASE("each form of adding is learnt far below its baseline at --quick", "[science]") {
  for (const char* form : {"arjovsky", "bai", "hochreiter", "skip"}) {
    INFO(form);
    const TempFolder folder;
    const auto run = train_quick("adding", folder, {"--cell", "lstm", "--form", form, "--steps", "800"});
    CHECK(run["loss"].get<double>() < .4 * run["baseline_loss"].get<double>());
  }
}

}  // namespace adding_test
