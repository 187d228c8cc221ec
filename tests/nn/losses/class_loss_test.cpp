#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/nn/losses/class_loss.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/ops/error.hpp>
#include <limits>

#include "arrays.hpp"
#include "catch.hpp"

namespace class_loss_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

Array random(const Shape& s, std::uint64_t seed, double low = -2, double high = 2) {
  return uniform(s, Key{seed}, low, high, f64);
}

const Tokens labels({2, 3}, {1, 0, 3, 2, -1, 1});

GradcheckReport check(const std::vector<Array>& in, Var (*loss)(const std::vector<Var>&)) {
  return gradcheck(loss, in, {.order = 2});
}

}  // namespace

TEST_CASE("Cross entropy with options, the likelihood and the robust losses pass the gradient check to second order") {
  const Array logits = random({2, 3, 4}, 1), y = random({3, 4}, 2), t = random({3, 4}, 3);
  using Vars = const std::vector<Var>&;
  CHECK(check({logits}, [](Vars v) {
          return cross_entropy(v[0], labels,
                               {.smoothing = .2, .weights = Array::from({4}, {1, .5, 2, 0}, f64), .ignored = -1});
        }).ok());
  CHECK(check({logits}, [](Vars v) { return square(cross_entropy(v[0], labels, {.ignored = -1})); }).ok());
  CHECK(check({logits}, [](Vars v) {
          return square(negative_log_likelihood(v[0], labels, {.smoothing = .3, .ignored = -1}));
        }).ok());
  CHECK(check({y, t}, [](Vars v) { return huber(v[0], v[1], .8); }).ok());
  CHECK(check({y, t}, [](Vars v) { return smooth_l1(v[0], v[1], .5); }).ok());
  CHECK(check({y}, [](Vars v) { return hinge(v[0], constant(Array::full({3, 4}, -1, f64)), {.squared = true}); }).ok());
  CHECK(check({y}, [](Vars v) { return multiclass_hinge(v[0], Tokens({3}, {0, 2, 3}), {.squared = true}); }).ok());
}

TEST_CASE("At the target the Huber loss is zero with zero gradient and curvature one") {
  Tape tape{{.dtype = f64, .order = 2}};
  const Var y = variable(Array::zeros({2}, f64));
  const Var first = grad(sum(huber(y, zeros({2}))), {y}, {.create_graph = true})[0];
  CHECK(first.value().at({0}) == 0);
  CHECK(grad(sum(first), {y})[0].value().at({1}) == 1);
}

TEST_CASE(
    "Options that change nothing give the plain cross entropy, and an ignored target has exactly no loss and "
    "gradient") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(random({2, 3, 4}, 4));
  const Tokens all({2, 3}, {1, 0, 3, 2, 2, 1});
  CHECK(test::same_bits(cross_entropy(x, all, {}).value(), cross_entropy(x, all).value()));
  for (const double smoothing : {0., .1}) {
    const Var loss = cross_entropy(x, labels, {.smoothing = smoothing, .ignored = -1});
    CHECK(loss.value().at({1, 1}) == 0);
    const Array dx = grad(sum(loss), {x})[0].value();
    for (int k = 0; k < 4; ++k) CHECK(dx.at({1, 1, k}) == 0);
    CHECK(dx.at({1, 2, 0}) != 0);
  }
}

TEST_CASE("Targets that are neither a class nor the ignored one are rejected, and invalid options are named") {
  Tape tape{{.dtype = f64}};
  const Var x = constant(random({2, 3, 4}, 4));
  CHECK(contains(message_of<ValueError>([&] { cross_entropy(x, labels, {.smoothing = .1}); }), "-1"));
  CHECK_THROWS_AS(cross_entropy(x, labels, {}), ValueError);
  CHECK(contains(message_of<ValueError>([&] { cross_entropy(x, labels, {.smoothing = 1.5, .ignored = -1}); }), "1.5"));
  CHECK(contains(message_of<ShapeError>([&] { cross_entropy(x, labels, {.weights = random({3}, 1), .ignored = -1}); }),
                 "[3]"));
  CHECK(contains(message_of<ValueError>(
                     [&] { cross_entropy(x, labels, {.weights = Array::from({4}, {1, 1, -2, 1}), .ignored = -1}); }),
                 "class 2 is -2"));
  CHECK(contains(message_of<ValueError>([&] { huber(x, x, 0); }), "delta"));
  CHECK_THROWS_AS(smooth_l1(x, x, -1), ValueError);
  CHECK(contains(message_of<ValueError>([&] { hinge(x, x); }), "position 0"));
  CHECK(contains(message_of<ShapeError>([&] { huber(x, zeros({2, 3, 1})); }), "class_loss_test.cpp:"));
}

TEST_CASE("A masked loss excludes NaN and gives it no gradient, and the mean over an empty mask is an error",
          "[shards]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Array x = Array::from({4}, {1, nan, 3, 4}, f64), mask = Array::from({4}, {1, 0, 0, 1}, f64);
  Params w{{.dtype = f64}};
  const Leaf v = w.add("v", x);
  const auto run = [&](const Array& m, int shards) {
    return backward(w, {.rows = 4, .dtype = f64, .shards = shards},
                    [&](Shard& s) { return masked_mean(s, 3 * range(v, s.begin(), s.end()), m); });
  };
  for (const int shards : {1, 2, 4}) {  // with four, the masks of two shards are empty
    const Result r = run(mask, shards);
    CHECK(r.loss == Approx(7.5));
    CHECK(test::same_bits(r.grads[v], Array::from({4}, {1.5, 0, 0, 1.5}, f64)));
  }
  CHECK(contains(message_of<ValueError>([&] { run(Array::zeros({4}, f64), 2); }), "zero everywhere"));
  CHECK(contains(message_of<ShapeError>([&] { run(Array::zeros({3}, f64), 1); }), "[3]"));
}

TEST_CASE("Padding becomes the ignored target, and the weighted mean is then that over real tokens", "[shards]") {
  const int T = 5, B = 6, V = 4;
  Params w{{.dtype = f64}};
  const Leaf logits = w.add("logits", random({T, B, V}, 7));
  const Tokens targets = integers({T, B}, Key{8}, 0, V);
  const Lengths lengths({B}, {5, 0, 2, 3, 1, 4});
  const ClassLossOptions o{.ignored = -1};
  const Tokens padded = ignore_padding(targets, lengths, -1);
  CHECK(padded.at({1, 4}) == -1);
  CHECK(padded.at({0, 4}) == targets.at({0, 4}));
  const auto run = [&](bool by_length) {
    return backward(w, {.rows = B, .dtype = f64, .shards = 3}, [&](Shard& s) {
      const Var own = slice(logits, 1, s.begin(), s.end());
      if (by_length) return s.mean_tokens(cross_entropy(own, s.sequence(targets)), lengths);
      return weighted_mean(s, cross_entropy(own, s.sequence(padded), o), padded, o);
    });
  };
  const Result a = run(true), b = run(false);
  CHECK(a.loss == Approx(b.loss).epsilon(1e-14));
  CHECK(test::error_of(b.grads.flat(), a.grads.flat()) <= 1e-14);
  const Tokens none = ignore_padding(targets, Lengths({B}), -1);
  CHECK(contains(message_of<ValueError>([&] {
                   backward(w, {.rows = B, .dtype = f64, .shards = 1},
                            [&](Shard& s) { return weighted_mean(s, cross_entropy(logits, none, o), none, o); });
                 }),
                 "the weights of"));
  CHECK_THROWS_AS(ignore_padding(targets, Lengths({B}, {6, 0, 0, 0, 0, 0}), -1), ValueError);
}

}  // namespace class_loss_test
