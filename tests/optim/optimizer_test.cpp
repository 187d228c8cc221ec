#include <ebb/autograd/engine.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/optim/adamw.hpp>
#include <ebb/optim/clip.hpp>
#include <ebb/optim/rmsprop.hpp>
#include <ebb/optim/sgd.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace optimizer_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

Grads gradients(const Params& w, double value, DType dtype) {
  Grads g;
  g.flat_of(w, dtype);
  for (int k = 0; k < w.count(); ++k) g[w[k]].fill(value);  // not the padding between parameters
  return g;
}

/// Reads memory[read] of so many memories, and memory(reach) before the first step.
class Remembers final : public Optimizer {
 public:
  Remembers(const LeafSet& set, int memories, int read) : Optimizer("remembers", set, .1, 0, memories), read_(read) {}
  Array& reach(int m) { return memory(m); }

 private:
  void update(const Slice<float>& s) override { s.memory[read_][0] += s.g[0]; }
  void update(const Slice<double>& s) override { s.memory[read_][0] += s.g[0]; }
  int read_;
};

/// The memory is halved, and the gradient added.
class Halves final : public Optimizer {
 public:
  explicit Halves(const LeafSet& set) : Optimizer("halves", set, .1, 0, 1) {}
  double memory_of_first() { return memory(0).at_flat(0); }

 private:
  template <class T> void halve(const Slice<T>& s) { s.memory[0][0] = s.memory[0][0] / 2 + s.g[0]; }
  void update(const Slice<float>& s) override { halve(s); }
  void update(const Slice<double>& s) override { halve(s); }
};

}  // namespace

TEST_CASE("The memory of gradients that stay zero ends at zero, not at a denormal number") {
  Params w;
  w.add("w", Array::zeros({1}));
  Halves o(w);
  o.step(gradients(w, 0x1p-120, f32));
  for (int k = 0; k < 6; ++k) o.step(gradients(w, 0, f32));
  CHECK(o.memory_of_first() == 0x1p-126);
  engine().flush = false;
  o.step(gradients(w, 0, f32));
  engine().flush = true;
  CHECK(o.memory_of_first() == 0x1p-127);
  o.step(gradients(w, 0, f32));
  CHECK(o.memory_of_first() == 0);
}

TEST_CASE("An optimiser has at most three memories, and reading one that it did not request is an error") {
  Params w;
  (w / "").vector("w", 2);
  for (const int memories : {4, 1000, -1})
    CHECK(message_of<ValueError>([&] { Remembers(w, memories, 0); }) ==
          "remembers: an optimiser has 0 to 3 memories, but its constructor requested " + std::to_string(memories));
  for (const auto& [memories, read] : {std::pair{0, 0}, {1, 1}, {2, 3}, {3, 3}, {3, -1}}) {
    Remembers rule(w, memories, read);
    const std::string wanted = "remembers: there is no memory[" + std::to_string(read) +
                               "]; memories requested by the constructor: " + std::to_string(memories);
    CHECK(contains(message_of<ValueError>([&] { rule.step(gradients(w, 1, f32)); }), wanted));
    CHECK(contains(message_of<ValueError>([&] { rule.reach(read); }), wanted));
  }
  Remembers rule(w, 3, 2);
  rule.step(gradients(w, 1, f32));
  rule.step(gradients(w, 1, f32));
  CHECK(rule.reach(2).at({0}) == 2);
  CHECK(rule.reach(0).at({0}) == 0);
}

TEST_CASE("Invalid options are rejected by name") {
  Params w;
  (w / "").vector("w", 2);
  CHECK(contains(message_of<ValueError>([&] { Sgd(w, {.lr = -.1}); }), "learning rate lr"));
  CHECK(contains(message_of<ValueError>([&] { Adam(w, {.lr = NAN}); }), "nan"));
  CHECK(contains(message_of<ValueError>([&] { Adam(w, {.lr = INFINITY}); }), "adam"));
  CHECK(contains(message_of<ValueError>([&] { Adam(w, {.beta1 = 1}); }), "beta1"));
  CHECK(contains(message_of<ValueError>([&] { Adam(w, {.beta2 = -.1}); }), "beta2"));
  CHECK(contains(message_of<ValueError>([&] { AdamW(w, {.beta2 = 1.5}); }), "less than 1, but is 1.5"));
  CHECK(contains(message_of<ValueError>([&] { AdamW(w, {.decay = -1}); }), "decay"));
  CHECK(contains(message_of<ValueError>([&] { RmsProp(w, {.alpha = 1}); }), "alpha"));
  CHECK(contains(message_of<ValueError>([&] { RmsProp(w, {.epsilon = -1e-8}); }), "epsilon"));
  CHECK(contains(message_of<ValueError>([&] { Sgd(w, {.momentum = -1}); }), "momentum"));
  CHECK(contains(message_of<ValueError>([&] { Sgd(w, {.nesterov = true}); }), "nesterov"));
  CHECK(contains(message_of<ValueError>([&] { Sgd(w, {.momentum = .9, .dampening = .1, .nesterov = true}); }),
                 "nesterov"));
  Adam adam(w);
  CHECK_THROWS_AS(adam.set_lr(-1), ValueError);
  CHECK(adam.lr() == 1e-3);
}

TEST_CASE("Gradients of another set are rejected and change nothing") {
  Params w, other;
  (w / "").vector("w", 2, constant_init(1));
  (other / "").vector("w", 2);
  Sgd sgd{w, {.lr = 1}};
  CHECK_THROWS_AS(sgd.step(gradients(other, 1, f32)), ValueError);
  CHECK_THROWS_AS(sgd.step(Grads{}), ValueError);
  CHECK(w.find("w").value().at({0}) == 1);
  CHECK(sgd.updates() == 0);
}

TEST_CASE("Fixed parameters are unchanged, the version increases, and gradients of either element type are accepted") {
  for (const DType set : {f32, f64})
    for (const DType grad : {f32, f64}) {
      Params w{{.dtype = set}};
      const Param free = (w / "").vector("w", 3, constant_init(1));
      const Param fixed = (w / "").fixed("A", Array::full({2}, 5, f64));
      const Param last = (w / "").matrix("W", 2, 2, constant_init(2));
      const std::uint64_t version = w.version();
      AdamW adam{w, {.lr = .5, .decay = .1}};
      adam.step(gradients(w, 1, grad));
      CHECK(w.version() > version);
      CHECK(fixed.value().at({1}) == 5);
      CHECK(free.value().at({2}) == Approx(1 - .05 - .5));
      CHECK(last.value().at({1, 1}) == Approx(2 - .1 - .5));
    }
}

TEST_CASE("A parameter added after the first step is rejected") {
  Params w;
  (w / "").vector("w", 2);
  Adam adam{w};
  adam.step(gradients(w, 1, f32));
  (w / "").vector("late", 20);
  CHECK(contains(message_of<ValueError>([&] { adam.step(gradients(w, 1, f32)); }), "adam"));
}

TEST_CASE("The rate can be changed between steps") {
  Params w{{.dtype = f64}};
  const Param p = (w / "").vector("w", 1, constant_init(0));
  Sgd sgd{w, {.lr = 1}};
  sgd.step(gradients(w, 1, f64));
  sgd.set_lr(.25);
  sgd.step(gradients(w, 1, f64));
  CHECK(p.value().item() == -1.25);
}

TEST_CASE("Clipping by norm scales all gradients and returns the norm before scaling") {
  Params w;
  (w / "").vector("a", 3);
  (w / "").matrix("b", 3, 2);
  Grads g = gradients(w, 2, f64);
  CHECK(clip_by_norm(g, 100) == Approx(6));
  CHECK(g.norm() == Approx(6));
  CHECK(clip_by_norm(g, 1.5) == Approx(6));
  CHECK(g.norm() == Approx(1.5));
  CHECK(g[w.find("b")].at({2, 1}) == Approx(.5));
  CHECK_THROWS_AS(clip_by_norm(g, 0), ValueError);
  CHECK_THROWS_AS(clip_by_norm(g, NAN), ValueError);
}

TEST_CASE("A norm that is not finite is returned and the gradients are unchanged") {
  Params w;
  (w / "").vector("a", 3);
  for (const double bad : {double(NAN), double(INFINITY)}) {
    Grads g = gradients(w, 2, f32);
    g.flat().set_flat(1, bad);
    CHECK_FALSE(std::isfinite(clip_by_norm(g, 1)));
    CHECK_FALSE(g.finite());
    CHECK(g.flat().at_flat(0) == 2);
  }
}

TEST_CASE("Clipping by value clamps each value, counts those outside, and keeps NaN") {
  Params w;
  (w / "").vector("a", 4);
  Grads g = gradients(w, .5, f32);
  g.flat().set_flat(0, -3);
  g.flat().set_flat(1, 7);
  g.flat().set_flat(2, NAN);
  CHECK(clip_by_value(g, 1) == 3);
  CHECK(g.flat().at_flat(0) == -1);
  CHECK(g.flat().at_flat(1) == 1);
  CHECK(std::isnan(g.flat().at_flat(2)));
  CHECK(g.flat().at_flat(3) == .5);
  CHECK_THROWS_AS(clip_by_value(g, -1), ValueError);
}

}  // namespace optimizer_test
