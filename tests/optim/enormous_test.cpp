#include <cmath>
#include <ebb/optim/adam.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <ebb/optim/rmsprop.hpp>
#include <ebb/optim/sgd.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace enormous_test {

using namespace ebb;

/// Gradients that are finite but whose squares are not, which would make an optimiser's state infinite permanently.
namespace {

struct Two {
  DType dtype;
  Params w{{.dtype = dtype}};
  Param a = (w / "").vector("a", 2, constant_init(1)), b = (w / "").vector("b", 1, constant_init(2));

  Grads gradient(double of_a, double of_b) const {
    Grads g;
    g.flat_of(w, dtype);
    g[a].fill(of_a);
    g[b].fill(of_b);
    return g;
  }
};

}  // namespace

TEST_CASE("Every optimiser continues after one enormous finite gradient as if it had not occurred") {
  for (const std::string& name : Registry<OptimizerEntry>::names())
    for (const auto& [dtype, sizes] : {std::pair{f32, std::vector{1e20, 1e25, 1e38}}, {f64, std::vector{1e160, 1e300}}})
      for (const double size : sizes) {
        Two hit{dtype}, spared{dtype};
        const auto one = make_optimizer(name, hit.w, .1), other = make_optimizer(name, spared.w, .1);
        const auto both = [&] {
          one->step(hit.gradient(.5, -.25));
          other->step(spared.gradient(.5, -.25));
        };
        both();
        one->step(hit.gradient(0, size));
        INFO(name << " " << size << " " << name_of(dtype));
        if (one->skipped() == 0) continue;  // its state can represent such a gradient
        CHECK(one->skipped() == 1);
        CHECK(one->updates() == 1);
        CHECK(test::same_bits(hit.w.flat(), spared.w.flat()));
        const double before = hit.b.value().item();
        both();
        CHECK(hit.b.value().item() != before);
        CHECK(test::same_bits(hit.w.flat(), spared.w.flat()));
      }
}

TEST_CASE("Optimisers with squared gradients skip the update: Adagrad, Adadelta, RMSProp and all variants of Adam") {
  for (const auto& [name, size] : {std::pair{"adagrad", 1e20},
                                   {"adadelta", 1e20},
                                   {"rmsprop", 1e25},
                                   {"adam", 1e25},
                                   {"adamw", 1e25},
                                   {"amsgrad", 1e25},
                                   {"nadam", 1e25},
                                   {"radam", 1e25}}) {
    Two p{f32};
    const auto optimizer = make_optimizer(name, p.w, .1);
    optimizer->step(p.gradient(1, size));
    CHECK(optimizer->skipped() == 1);
    CHECK(optimizer->updates() == 0);
    CHECK(p.a.value().at({0}) == 1);
  }
}

TEST_CASE("A gradient that the state can represent is not skipped") {
  Two p{f32};
  Adam adam{p.w, {.lr = .1}};
  adam.step(p.gradient(1, 1e19));
  CHECK(adam.skipped() == 0);
  CHECK(adam.updates() == 1);
  CHECK(p.b.value().item() == Approx(1.9));
  Sgd plain{p.w, {.lr = 1e-30}};
  plain.step(p.gradient(1, 1e30));
  CHECK(plain.skipped() == 0);
  CHECK(p.b.value().item() == Approx(.9));
}

TEST_CASE("Overflowing velocities, weight decay in the gradient and frozen parameters are handled") {
  Two p{f32};
  Sgd sgd{p.w, {.lr = 1e-38, .momentum = .9}};
  sgd.step(p.gradient(0, 3e38));
  CHECK(sgd.skipped() == 0);
  sgd.step(p.gradient(0, 3e38));
  CHECK(sgd.skipped() == 1);
  Two q{f32};
  q.w.edit()[q.b].fill(1e25);
  RmsProp decays{q.w, {.decay = 1}};
  decays.step(q.gradient(1, 0));
  CHECK(decays.skipped() == 1);
  RmsProp frozen{q.w, {.decay = 1}};
  frozen.freeze("b");
  frozen.step(q.gradient(1, 1e30));
  CHECK(frozen.skipped() == 0);
  CHECK(frozen.updates() == 1);
}

TEST_CASE("A gradient that is not finite is not skipped, so that its effect is visible") {
  Two p{f32};
  Adam adam{p.w};
  adam.step(p.gradient(1, INFINITY));
  CHECK(adam.skipped() == 0);
  CHECK_FALSE(std::isfinite(p.b.value().item()));
}

}  // namespace enormous_test
