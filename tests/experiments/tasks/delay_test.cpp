#include <cmath>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/recurrent_network.hpp>

#include "catch.hpp"
#include "goes_on.hpp"
#include "train_quick.hpp"

namespace delay_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

std::unique_ptr<Task> delay(int d, int n) {
  return make_task("delay", {.own = {{"delay", std::to_string(d)}, {"width", std::to_string(n)}}});
}

const TaskSettings small{.hidden = 3, .length = 12};

/// The vectors of a batch, [T, B, n].
Array vectors(const Model& m, const Batch& b) {
  Array x;
  evaluate(m.w, {.rows = b.rows(), .shards = 1}, [&](Shard& s) {
    x = m.recurrent().recurrence_inputs(s, b).all().value().copy();
    return s.sum(constant(Array::zeros({1}, f32)));
  });
  return x;
}

double loss_of(const Model& m, const Batch& b) {
  return evaluate(m.w, {.rows = b.rows(), .dtype = f64}, [&](Shard& s) { return m.loss(s, b); }).loss;
}

}  // namespace

TEST_CASE("delay reads vectors of independent normal numbers") {
  const auto task = delay(4, 3);
  const Model m{*task, "rnn", small, 1};
  const Array x = vectors(m, task->batch({.length = 40, .rows = 500, .number = 2, .seed = 3}));
  REQUIRE(x.shape() == Shape{40, 500, 3});
  double sum = 0, squares = 0, fourth = 0, neighbours = 0;
  for (int t = 0; t < 40; ++t)
    for (int row = 0; row < 500; ++row)
      for (int k = 0; k < 3; ++k) {
        const double v = x.at({t, row, k});
        sum += v;
        squares += v * v;
        fourth += v * v * v * v;
        neighbours += t > 0 ? v * x.at({t - 1, row, k}) : 0;
      }
  const double n = 40. * 500 * 3;
  CHECK(sum / n == Approx(0).margin(.02));
  CHECK(squares / n == Approx(1).margin(.02));
  CHECK(fourth / n == Approx(3).margin(.15));
  CHECK(neighbours / n == Approx(0).margin(.02));
}

TEST_CASE("delay asks for the vector of d steps before, and for nothing in the first d steps") {
  const auto task = delay(3, 2);
  const Model m{*task, "rnn", small, 4};
  const Batch b = task->batch({.length = 12, .rows = 5, .number = 1, .seed = 2});
  // Outputs of the network by its own formula, and the loss by hand.
  const Array x = vectors(m, b);
  const auto weight = [&](const char* name) { return m.w.find(name).value().to(f64); };
  const Array W = weight("net/cell/W"), U = weight("net/cell/U"), bias = weight("net/cell/b"), V = weight("net/out/W"),
              c = weight("net/out/b");
  double loss = 0;
  for (int row = 0; row < 5; ++row) {
    std::vector<double> h(3, 0);
    for (int t = 0; t < 12; ++t) {
      std::vector<double> next(3);
      for (int j = 0; j < 3; ++j) {
        double a = bias.at({j});
        for (int k = 0; k < 2; ++k) a += x.at({t, row, k}) * W.at({k, j});
        for (int k = 0; k < 3; ++k) a += h[static_cast<std::size_t>(k)] * U.at({k, j});
        next[static_cast<std::size_t>(j)] = std::tanh(a);
      }
      h = next;
      for (int k = 0; t >= 3 && k < 2; ++k) {
        double y = c.at({k});
        for (int j = 0; j < 3; ++j) y += h[static_cast<std::size_t>(j)] * V.at({j, k});
        loss += std::pow(y - x.at({t - 3, row, k}), 2) / (9 * 5 * 2);
      }
    }
  }
  CHECK(loss_of(m, b) == Approx(loss).epsilon(1e-6));
}

TEST_CASE("the baseline of delay is the variance of what it asks for") {
  const auto task = delay(2, 2);
  CHECK(task->info().baseline == 1);
  const Model m{*task, "rnn", small, 1};
  double sum = 0, n = 0;
  for (std::uint64_t number = 0; number < 10; ++number) {
    const Array x = vectors(m, task->batch({.split = Split::test, .length = 20, .rows = 500, .number = number}));
    for (std::int64_t k = 0; k < x.size() - 2L * 500 * 2; ++k, ++n) sum += x.at_flat(k) * x.at_flat(k);
  }
  CHECK(sum / n == Approx(1).margin(.02));
}

TEST_CASE("delay rejects a length without a target, and resumes to the bit") {
  const TempFolder folder;
  check_rejected(ebb_command({"train", "delay", "--delay", "20", "--length", "20", "--out", folder / "no"}),
                 "--length must be greater than --delay");
  goes_on("delay", "gru", {.hidden = 5, .length = 12, .batch = 6, .steps = 5, .lr = .01}, {2},
          {.own = {{"delay", "3"}}});
}

TEST_CASE("a network recalls at --quick, unless the delay exceeds its state", "[science]") {
  const auto error = [](const std::string& cell, const std::string& steps, const std::string& hidden) {
    const TempFolder folder;
    return train_quick("delay", folder, {"--cell", cell, "--delay", steps, "--hidden", hidden})["loss"].get<double>();
  };
  for (const char* cell : {"rnn", "gru", "lstm"}) {
    INFO(cell);
    CHECK(error(cell, "2", "24") < .4);
  }
  CHECK(error("rnn", "8", "2") > .9);  // two units, of which a linear recurrence would need 18
}

}  // namespace delay_test
