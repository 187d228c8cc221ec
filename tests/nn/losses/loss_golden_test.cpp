#include <ebb/autograd/tape.hpp>
#include <ebb/nn/losses/class_loss.hpp>
#include <ebb/nn/losses/loss.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace loss_golden_test {

using namespace ebb;
using nlohmann::json;

namespace {

Tokens targets_of(const json& c, const Shape& shape) {
  const std::vector<int> numbers = c["targets"];
  Tokens t(shape);
  std::copy(numbers.begin(), numbers.end(), t.data());
  return t;
}

ClassLossOptions options_of(const json& c) {
  ClassLossOptions o{.smoothing = c["smoothing"]};
  if (c.contains("weights")) o.weights = test::array_of(c["weights"]);
  if (c["ignored"]) o.ignored = -7;
  return o;
}

Var loss_of(const json& c, const Var& x) {
  const std::string name = c["name"];
  const Shape rows = x.shape().without(x.rank() - 1);
  if (name == "cross_entropy") return cross_entropy(x, targets_of(c, rows), options_of(c));
  if (name == "nll") return negative_log_likelihood(x, targets_of(c, rows), options_of(c));
  const double parameter = c["parameter"];
  if (name == "multiclass_hinge")
    return multiclass_hinge(x, targets_of(c, rows), {.margin = parameter, .squared = c["squared"]});
  const Var target = constant(test::array_of(c["target"]));
  if (name == "hinge") return hinge(x, target, {.margin = parameter, .squared = c["squared"]});
  return name == "huber" ? huber(x, target, parameter) : smooth_l1(x, target, parameter);
}

}  // namespace

TEST_CASE("Losses and their gradients agree with PyTorch's") {
  const json goldens = test::golden("losses.json");
  REQUIRE(goldens["cases"].size() > 20);
  for (const json& c : goldens["cases"]) {
    Tape tape{{.dtype = f64}};
    const Var x = variable(test::array_of(c["x"]));
    const Var loss = loss_of(c, x);
    const Grads g = tape.backward(sum(loss * constant(test::array_of(c["g"]))));
    CAPTURE(c["name"].get<std::string>(), c.value("parameter", 0.), c.value("smoothing", 0.),
            c.value("ignored", false));
    CHECK(test::error_of(loss.value(), test::array_of(c["loss"])) <= 1e-12);
    CHECK(test::error_of(g[x], test::array_of(c["dx"])) <= 1e-12);
  }
}

TEST_CASE("The weighted mean of a batch in shards equals PyTorch's mean of a weighted cross entropy", "[shards]") {
  const json goldens = test::golden("losses.json");
  for (const json& c : goldens["cases"]) {
    if (c["name"] != "cross_entropy") continue;
    Params w{{.dtype = f64}};
    const Array x = test::array_of(c["x"]);
    const Leaf logits = w.add("logits", x);  // [T, B, V]: a shard takes its rows of the second axis
    const ClassLossOptions o = options_of(c);
    const Tokens targets = targets_of(c, {x.dim(0), x.dim(1)});
    CAPTURE(o.smoothing, bool(o.weights), o.ignored);
    for (const int shards : {1, 2, 4}) {
      const Result r = backward(w, {.rows = x.dim(1), .dtype = f64, .shards = shards}, [&](Shard& s) {
        const Var own = slice(logits, 1, s.begin(), s.end());
        return weighted_mean(s, cross_entropy(own, s.sequence(targets), o), targets, o);
      });
      CHECK(r.loss == Approx(c["mean"].get<double>()).epsilon(1e-12));
      CHECK(test::error_of(r.grads[logits], test::array_of(c["mean_dx"])) <= 1e-12);
    }
  }
}

}  // namespace loss_golden_test
