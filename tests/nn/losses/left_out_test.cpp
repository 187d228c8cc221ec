#include <cmath>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/losses/class_loss.hpp>
#include <ebb/nn/losses/ctc.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/dropout.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace left_out_test {

using namespace ebb;

/// Values excluded from a loss do not affect it and receive a gradient of zero, even if infinite or NaN: they are not
/// multiplied by zero.
namespace {

const double inf = INFINITY;

/// Row 1 of three is excluded; all its values except one are `odd`.
Array logits_with(double odd) { return Array::from({3, 3}, {.5, -1, 2, odd, odd, 1, -.5, .25, 0}, f64); }
Array logits_without() { return Array::from({2, 3}, {.5, -1, 2, -.5, .25, 0}, f64); }

}  // namespace

TEST_CASE("An ignored row does not affect cross entropy, with every option and to second order") {
  const Tokens targets({3}, {2, -1, 0}), kept({2}, {2, 0});
  const ClassLossOptions all[] = {{.ignored = -1},
                                  {.smoothing = .2, .ignored = -1},
                                  {.weights = Array::from({3}, {1, .5, 2}), .ignored = -1},
                                  {.smoothing = .1, .weights = Array::from({3}, {1, 0, 2}), .ignored = -1}};
  for (const DType dtype : {f32, f64})
    for (const int order : {1, 2})
      for (const double odd : {-inf, inf, double(NAN)})
        for (const ClassLossOptions& o : all) {
          Tape tape{{.dtype = dtype, .order = order}};
          const Var z = variable(logits_with(odd)), real = variable(logits_without());
          const Var loss = cross_entropy(z, targets, o), alone = cross_entropy(real, kept, o);
          const Var g = grad(sum(loss), {z}, {.create_graph = order == 2})[0],
                    h = grad(sum(alone), {real}, {.create_graph = order == 2})[0];
          CHECK(loss.value().at({1}) == 0);
          for (int k = 0; k < 3; ++k) {
            CHECK(g.value().at({1, k}) == 0);
            CHECK(g.value().at({0, k}) == h.value().at({0, k}));
            CHECK(g.value().at({2, k}) == h.value().at({1, k}));
          }
          if (order == 1) continue;
          const Array second = grad(sum(square(g)), {z})[0].value();
          for (int k = 0; k < 3; ++k) CHECK(second.at({1, k}) == 0);
          CHECK(std::isfinite(second.at({0, 0})));
        }
}

TEST_CASE("A class of weight zero does not count at minus infinity, with or without smoothing") {
  const Array weights = Array::from({3}, {1, 0, 2});
  for (const DType dtype : {f32, f64})
    for (const double smoothing : {0., .3}) {
      Tape tape{{.dtype = dtype}};
      const Var z = variable(Array::from({2, 3}, {1, -inf, 2, 1, -inf, 2}, f64));
      const Var loss = cross_entropy(z, Tokens({2}, {2, 1}), {.smoothing = smoothing, .weights = weights});
      const Array g = grad(sum(loss), {z})[0].value();
      const double l0 = -std::log(1 + std::exp(1)), l2 = -std::log(1 + std::exp(-1)),
                   spread = -smoothing / 3 * (l0 + 2 * l2);
      CHECK(loss.value().at({0}) == Approx((1 - smoothing) * -2 * l2 + spread));
      CHECK(loss.value().at({1}) == Approx(spread));  // the target's class has weight zero
      for (int r = 0; r < 2; ++r) {
        CHECK(g.at({r, 1}) == 0);
        CHECK(std::isfinite(g.at({r, 0})));
        CHECK(g.at({r, 0}) == Approx(-g.at({r, 2})).margin(1e-6));
      }
    }
}

TEST_CASE("The target's own term is excluded from the multiclass hinge, even if its score is infinite") {
  Tape tape{{.dtype = f64}};
  const Var y = variable(Array::from({1, 3}, {inf, 1, 2}, f64)), loss = multiclass_hinge(y, Tokens({1}, {0}));
  const Array g = grad(sum(loss), {y})[0].value();
  CHECK(loss.value().item() == 0);
  for (int k = 0; k < 3; ++k) CHECK(g.at({0, k}) == 0);
}

TEST_CASE("Binary cross entropy of a certain and correct answer is zero") {
  Tape tape{{.dtype = f32}};
  const Var z = variable(Array::from({3}, {inf, -inf, 0})), t = constant(Array::from({3}, {1, 0, .25}));
  const Var loss = binary_cross_entropy(z, t);
  const Array g = grad(sum(loss), {z})[0].value();
  CHECK(loss.value().at({0}) == 0);
  CHECK(loss.value().at({1}) == 0);
  CHECK(loss.value().at({2}) == Approx(std::log(2.)));
  CHECK(g.at({0}) == 0);
  CHECK(g.at({1}) == 0);
  CHECK(g.at({2}) == Approx(.25));
}

TEST_CASE("Lengths and masks exclude rows with NaN logits", "[shards]") {
  Params w{{.dtype = f64}};
  const Leaf logits = w.add("logits", Array::from({2, 2, 2}, {1, 0, 0, 1, .5, 0, -inf, double(NAN)}, f64));
  const Tokens targets({2, 2}, {0, 1, 1, 0});
  const auto run = [&](bool by_length) {
    return backward(w, {.rows = 2, .dtype = f64, .shards = 1}, [&](Shard& s) {
      const Var loss = cross_entropy(logits, s.sequence(targets));
      return by_length ? s.mean_tokens(loss, Lengths({2}, {2, 1}))
                       : masked_mean(s, loss, Array::from({2, 2}, {1, 1, 1, 0}, f64));
    });
  };
  for (const bool by_length : {true, false}) {
    const Result r = run(by_length);
    CHECK(r.loss == Approx((2 * std::log(1 + std::exp(-1)) + std::log(1 + std::exp(.5))) / 3));
    for (int k = 0; k < 2; ++k) CHECK(r.grads[logits].at({1, 1, k}) == 0);
    CHECK(r.grads[logits].at({1, 0, 0}) == Approx(1 / (1 + std::exp(-.5)) / 3));
  }
}

TEST_CASE("An excluded row of ctc has no gradient for any logits") {
  for (const double odd : {inf, double(NAN)}) {
    Tape tape{{.dtype = f64}};
    const Var z = variable(Array::from({2, 2, 3}, {0, 1, 2, odd, odd, 0, 2, 0, 1, 0, odd, odd}, f64));
    const Var loss = ctc(z, Lengths({2}, {2, 2}), Tokens({2, 1}, {1, 2}), Lengths({2}, {1, 1}));
    const Array g = grad(sum(masked(loss, Array::from({2}, {1, 0}, f64))), {z})[0].value();
    for (int t = 0; t < 2; ++t)
      for (int k = 0; k < 3; ++k) {
        CHECK(g.at({t, 1, k}) == 0);
        CHECK(std::isfinite(g.at({t, 0, k})));
      }
  }
}

TEST_CASE("ctc to second order is correct for log-probabilities below -1e30") {
  const Array z = Array::from({2, 1, 3}, {0, -1e31, 1, 0, -1e31, 1}, f64);
  double loss[2];
  for (const int order : {1, 2}) {
    Tape tape{{.dtype = f64, .order = order}};
    loss[order - 1] = ctc(constant(z), Lengths({1}, {2}), Tokens({1, 1}, {1}), Lengths({1}, {1})).value().item();
  }
  CHECK(loss[0] == Approx(1e31).epsilon(1e-12));
  CHECK(loss[1] == Approx(loss[0]).epsilon(1e-12));
}

TEST_CASE("Dropout of an infinite value gives zero") {
  Tape tape{{.dtype = f32}};
  const StepContext training({.training = true, .seed = 4});
  const Array kept = dropout(full({64}, 1), .5, training).value();
  const Var x = variable(Array::full({64}, inf, f32)), y = dropout(x, .5, training);
  const Array g = grad(sum(where(constant(kept), 0, y)), {x})[0].value();
  int dropped = 0;
  for (int k = 0; k < 64; ++k) {
    CHECK(y.value().at({k}) == (kept.at({k}) == 0 ? 0 : inf));
    CHECK(g.at({k}) == 0);
    dropped += kept.at({k}) == 0;
  }
  CHECK(dropped > 16);
}

}  // namespace left_out_test
