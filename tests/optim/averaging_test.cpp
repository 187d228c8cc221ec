#include <ebb/autograd/tape.hpp>
#include <ebb/nn/files/archive.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/optim/asgd.hpp>
#include <ebb/optim/average.hpp>
#include <ebb/optim/non_monotone.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"
#include "temp_folder.hpp"

namespace averaging_test {

using namespace ebb;
using nlohmann::json;
using test::contains;
using test::message_of;

namespace {

Array numbers(const std::vector<double>& v) {
  Array a = Array::empty({static_cast<int>(v.size())}, f64);
  std::copy(v.begin(), v.end(), a.data<double>());
  return a;
}

/// The problem of make_training.py: sum(a (w - target)^4 + w^2 / 2).
struct Descent {
  json goldens = test::golden("training.json");
  Params w{{.dtype = f64}};
  Param p = (w / "").trained("w", numbers(goldens["start"]));

  Grads gradient() const {
    Tape tape{{.dtype = f64}};
    const Var v = var_of(p);
    return tape.backward(sum(
        constant(numbers(goldens["a"])) * square(square(v - constant(numbers(goldens["target"])))) + square(v) / 2));
  }
  Array mean(Asgd& optimizer) const {
    optimizer.swap();
    const Array a = p.value().copy();
    optimizer.swap();
    return a;
  }
};

}  // namespace

TEST_CASE("Averaged descent follows PyTorch's path, weights and means") {
  const json goldens = test::golden("training.json");
  REQUIRE(goldens["asgd"].size() == 3);
  for (const json& run : goldens["asgd"]) {
    const json& o = run["options"];
    CAPTURE(o.dump());
    Descent d;
    Asgd optimizer{d.w,
                   {.lr = o["lr"],
                    .lambda = o.value("lambd", 1e-4),
                    .alpha = o.value("alpha", .75),
                    .decay = o.value("weight_decay", 0.),
                    .start = o.value("t0", std::int64_t{1'000'000})}};
    double worst = 0;
    for (std::size_t u = 0; u < 100; ++u) {
      optimizer.step(d.gradient());
      worst = std::max({worst, test::error_of(d.p.value(), numbers(run["path"][u])),
                        test::error_of(d.mean(optimizer), numbers(run["means"][u]))});
    }
    CHECK(worst < 1e-10);
  }
}

TEST_CASE("From the trigger on, the mean is over the weights since then, each counted once") {
  const json goldens = test::golden("training.json");
  for (const json& run : goldens["polyak"]) {
    Descent d;
    Asgd optimizer{d.w, {.lr = run["lr"], .lambda = 0}};
    CHECK_FALSE(optimizer.averaging());
    double worst = 0;
    for (std::size_t u = 0; u < 40; ++u) {
      if (u >= run["begin"].get<std::size_t>()) optimizer.start_averaging();  // repeatedly: only the first call counts
      optimizer.step(d.gradient());
      worst = std::max(worst, test::error_of(d.mean(optimizer), numbers(run["means"][u])));
    }
    CHECK(optimizer.averaging());
    CHECK(worst < 1e-12);
  }
}

TEST_CASE("The non-monotone trigger fires where the paper's algorithm does, and stays set") {
  const json goldens = test::golden("training.json");
  REQUIRE(goldens["trigger"].size() == 3);
  for (const json& run : goldens["trigger"]) {
    NonMonotone trigger(run["n"].get<int>());
    const int first = run["first"];
    REQUIRE(first > 0);
    for (int u = 0; u < 40; ++u) CHECK(trigger.update(run["losses"][static_cast<std::size_t>(u)]) == (u >= first));
  }
  NonMonotone trigger(0);
  CHECK_FALSE(trigger.update(NAN));
  CHECK_FALSE(trigger.update(3));
  CHECK(trigger.update(NAN));
  CHECK(bool(trigger));
  CHECK(contains(message_of<ValueError>([] { NonMonotone(-1); }), "-1"));
}

TEST_CASE("Averaged descent and its trigger are restored from a file bit for bit") {
  const TempFolder folder;
  const auto losses = test::golden("training.json")["trigger"][1];
  const auto run = [&](Descent& d, Asgd& optimizer, NonMonotone& trigger, std::size_t from, std::size_t to) {
    for (std::size_t u = from; u < to; ++u) {
      optimizer.step(d.gradient());
      if (trigger.update(losses["losses"][u])) optimizer.start_averaging();
    }
  };
  const AsgdOptions o{.lr = .02, .lambda = 0};
  Descent whole;
  Asgd whole_optimizer{whole.w, o};
  NonMonotone whole_trigger{3};
  run(whole, whole_optimizer, whole_trigger, 0, 40);
  for (const std::size_t cut :
       std::initializer_list<std::size_t>{0, 20, 30}) {  // without state, before the trigger, after it
    Descent first, second;
    Asgd first_optimizer{first.w, o}, second_optimizer{second.w, o};
    NonMonotone first_trigger{3}, second_trigger{3};
    run(first, first_optimizer, first_trigger, 0, cut);
    save(folder / "run", first.w, first_optimizer, first_trigger);
    load(folder / "run", second.w, second_optimizer, second_trigger);
    run(second, second_optimizer, second_trigger, cut, 40);
    CHECK(second_optimizer.averaging());
    CHECK(test::same_bits(second.p.value(), whole.p.value()));
    CHECK(test::same_bits(second.mean(second_optimizer), whole.mean(whole_optimizer)));
  }
}

TEST_CASE("Swapping in the mean does not change any bit of fixed and frozen parameters") {
  Params w{{.dtype = f32}};
  const Param free = (w / "").vector("free", 3, constant_init(1)),
              frozen = (w / "").vector("frozen", 3, constant_init(.1));
  const Param fixed = (w / "").fixed("fixed", Array::full({3}, .1, f32));
  Asgd optimizer{w, {.lr = .3, .start = 0}};
  optimizer.freeze("frozen");
  AverageWeights mean{w, .7};
  CHECK_THROWS_AS(optimizer.swap(), ValueError);
  for (int u = 0; u < 17; ++u) {
    Grads g;
    g.flat_of(w, f32).fill(1);
    optimizer.step(g);
    mean.update();
  }
  const Array last = free.value().copy(), was = fixed.value().copy();
  const Array before = mean.flat();
  for (const auto& swap :
       {std::function<void()>([&] { optimizer.swap(); }), std::function<void()>([&] { mean.swap(); })}) {
    swap();
    CHECK(free.value().at({0}) > last.at({0}));
    CHECK(test::same_bits(fixed.value(), was));
    CHECK(frozen.value().at({1}) == Approx(.1));
    swap();
    CHECK(test::same_bits(free.value(), last));
  }
  CHECK(before.at_flat(0) > last.at({0}));  // an Array returned earlier is not swapped
}

TEST_CASE("Averaged weights with a decay are the exponential moving average after warm-up") {
  Params w{{.dtype = f64}};
  const Param p = (w / "").vector("p", 1, zero_init);
  AverageWeights mean{w, .9};
  double by_hand = 0, even = 0;
  for (int n = 1; n <= 40; ++n) {
    const double x = std::sin(n);
    w.edit()[p].fill(x);
    mean.update();
    even += x;
    by_hand = n <= 10 ? even / n : .9 * by_hand + .1 * x;
    CHECK(mean.flat().at_flat(0) == Approx(by_hand).epsilon(1e-12));
  }
}

}  // namespace averaging_test
