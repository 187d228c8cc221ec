#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/optim/clip.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace clip_test {

using namespace ebb;
using nlohmann::json;
using test::array_of;
using test::contains;
using test::message_of;

namespace {

/// A matrix and a vector with the gradients of make_training.py's `clipping`.
struct Clipping {
  json goldens = test::golden("training.json")["clipping"];
  Params w{{.dtype = f64}};
  Param W = (w / "").trained("W", array_of(goldens["w"]["W"])), b = (w / "").trained("b", array_of(goldens["w"]["b"]));

  Grads gradient(DType dtype = f64) const {
    Grads g;
    g.flat_of(w, dtype);
    for (const Leaf& p : {W, b}) g[p].assign(array_of(goldens["g"][p.name()]));
    return g;
  }
};

}  // namespace

TEST_CASE("Clipping each parameter by its own norm agrees with PyTorch") {
  const Clipping c;
  Grads g = c.gradient();
  CHECK(clip_each_by_norm(g, .5) == 1);
  CHECK(std::sqrt(sum_of_squares(g[c.W])) == Approx(.5).epsilon(1e-12));
  CHECK(test::error_of(g[c.W], array_of(c.goldens["each"]["W"])) < 2e-6);  // PyTorch adds 1e-6 to the norm
  CHECK(test::same_bits(g[c.b], array_of(c.goldens["each"]["b"])));
}

TEST_CASE("Adaptive clipping bounds each unit by its own weights") {
  const Clipping c;
  for (const DType dtype : {f64, f32}) {
    Grads g = c.gradient(dtype);
    CHECK(clip_adaptive(g, c.goldens["share"], c.goldens["epsilon"]) == 3);
    for (const Leaf& p : {c.W, c.b})
      CHECK(test::error_of(g[p].to(f64), array_of(c.goldens["adaptive"][p.name()])) < (dtype == f64 ? 1e-14 : 1e-6));
    const Array once = g.flat().copy();
    clip_adaptive(g, 10);
    CHECK(test::same_bits(g.flat(), once));
  }
}

TEST_CASE("A norm that is not finite is counted and left unchanged, and the other parameters are clipped") {
  const Clipping c;
  for (const double bad : {double(NAN), double(INFINITY)}) {
    Grads g = c.gradient();
    g[c.b].set_flat(1, bad);
    CHECK(clip_each_by_norm(g, .5) == 2);
    CHECK(std::sqrt(sum_of_squares(g[c.W])) == Approx(.5));
    CHECK(g[c.b].at_flat(0) == array_of(c.goldens["g"]["b"]).at_flat(0));
    g = c.gradient();
    g[c.W].set_flat(1, bad);  // unit 1 of 3
    CHECK(clip_adaptive(g, c.goldens["share"], c.goldens["epsilon"]) == 3);
    CHECK(g[c.W].at({1, 1}) == array_of(c.goldens["g"]["W"]).at({1, 1}));
    CHECK(g[c.W].at({1, 0}) == Approx(array_of(c.goldens["adaptive"]["W"]).at({1, 0})));
  }
}

TEST_CASE("Invalid bounds are rejected by name") {
  const Clipping c;
  Grads g = c.gradient();
  CHECK(contains(message_of<ValueError>([&] { clip_each_by_norm(g, 0); }), "clip_each_by_norm"));
  CHECK(contains(message_of<ValueError>([&] { clip_adaptive(g, NAN); }), "clip_adaptive"));
  CHECK(contains(message_of<ValueError>([&] { clip_adaptive(g, .1, -1); }), "epsilon"));
}

namespace {

/// One matrix [2, 2] whose gradient is `unit` times (3 0; 4 5).
struct Enormous {
  Params w{{.dtype = f64}};
  Param W = (w / "").trained("W", Array::from({2, 2}, {3, 0, 4, 0}, f64));

  Grads gradient(double unit, DType dtype) const {
    Grads g;
    g.flat_of(w, dtype);
    g[W].assign((Array::from({2, 2}, {3, 0, 4, 5}, f64) * unit).to(dtype));
    return g;
  }
};

}  // namespace

TEST_CASE("Gradients whose squares overflow float64 are clipped correctly") {
  const Enormous e;
  for (const double unit : {1e-170, 1., 1e160, 1e305}) {
    Grads g = e.gradient(unit, f64);
    const double norm = std::sqrt(50.) * unit, most = norm / 2;
    CHECK(g.norm() == Approx(norm).epsilon(1e-14));
    CHECK(clip_by_norm(g, most) == Approx(norm).epsilon(1e-14));
    CHECK(g[e.W].at({1, 0}) == Approx(2 * unit).epsilon(1e-14));
    g = e.gradient(unit, f64);
    CHECK(clip_each_by_norm(g, most) == 1);
    CHECK(g[e.W].at({1, 1}) == Approx(2.5 * unit).epsilon(1e-14));
  }
  Grads g = e.gradient(1e160, f64);
  CHECK(clip_adaptive(g, .1) == 2);
  CHECK(g[e.W].at({0, 0}) == Approx(.3).epsilon(1e-14));
  CHECK(g[e.W].at({1, 0}) == Approx(.4).epsilon(1e-14));
  CHECK(g[e.W].at({1, 1}) == Approx(1e-4).epsilon(1e-14));  // for zero weights: share times epsilon
}

TEST_CASE("float32 gradients near the largest value are clipped accurately") {
  const Enormous e;
  Grads g = e.gradient(5e37, f32);
  CHECK(clip_by_norm(g, 1e-6) == Approx(std::sqrt(50.) * 5e37).epsilon(1e-6));
  CHECK(g[e.W].at({0, 0}) == Approx(3e-6 / std::sqrt(50.)).epsilon(1e-6));
}

}  // namespace clip_test
