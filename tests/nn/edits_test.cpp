#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/op.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/memory.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace edits_test {

// Changing weights and failing passes: no product may use stale values.
using namespace ebb;

namespace {

/// Identity whose gradient can be made to throw.
struct Fuse {
  static constexpr auto name = "fuse wire";
  bool* blown;
  Array value(const Array& x) const { return x.copy(); }
  Var vjp(const Var& g, const Var&, const Var&) const {
    if (*blown) throw ValueError("blown");
    return g;
  }
};

struct Layer {
  explicit Layer(DType type) : x(Array::full({16, 8}, 1, type)) {}
  double loss(DType type) const {  // the second product is packed
    return evaluate(w, {.rows = 16, .dtype = type},
                    [&](Shard& s) {
                      const Var h = s.rows(x);
                      return s.mean_rows(sum(matmul(h, W) + matmul(h, W), 1));
                    })
        .loss;
  }
  Params w{{.seed = 1}};
  Param W = (w / "a").matrix("W", 8, 8);
  Array x;
};

}  // namespace

TEST_CASE("After an edit while a tape lives, later tapes use the new values") {
  for (const DType type : {f64, f32})
    for (const bool grows : {false, true}) {
      CAPTURE(name_of(type), grows);
      Layer m(type);
      {
        Tape outer{{.dtype = type}};
        const Var first = matmul(constant(m.x), m.W);
        if (grows) (m.w / "a").matrix("V", 64, 64);  // the buffer moves
        m.w.edit()[m.W].fill(1);
        const Var again = sum(matmul(constant(m.x), m.W) + matmul(constant(m.x), m.W));
        CHECK(again.item() == Approx(2 * 16 * 64));  // the new values
        CHECK_THROWS_AS(outer.backward(sum(first)), TapeError);
      }
      CHECK(m.loss(type) == Approx(2 * 64));
    }
}

TEST_CASE("A tape without gradients that is kept across edits uses each edited value, for weights and biases") {
  Layer m(f32);
  const Param b = (m.w / "a").vector("b", 8);
  Tape tape;
  NoGrad off;
  const Var h = constant(m.x);
  for (const double value : {1., 2., 3.}) {
    {
      Edit change = m.w.edit();
      change[m.W].fill(value);
      change[b].fill(value);
    }
    for (int k = 0; k < 3; ++k) CHECK((matmul(h, m.W) + b).value().at_flat(0) == Approx(9 * value));
  }
}

TEST_CASE("Values written through an edit that is still open are used by a pass") {
  Layer m(f32);
  Edit change = m.w.edit();
  Array W = change[m.W];
  for (const double value : {1., 2., 3.}) {
    W.fill(value);
    CHECK(m.loss(f32) == Approx(2 * 64 * value));
  }
}

TEST_CASE("A backward after a failed one is rejected, unless the graph was retained") {
  for (const bool retain_graph : {false, true}) {
    bool blown = true;
    Params w{{.seed = 1, .dtype = f64}};
    const Param W = (w / "a").matrix("W", 4, 4);
    Tape tape{{.dtype = f64}};
    Var h = constant(normal({2, 4}, Key{3}, 0, 1, f64));
    for (int k = 0; k < 3; ++k) h = tanh(matmul(h, W));
    Var m = apply(Fuse{&blown}, h);
    for (int k = 0; k < 3; ++k) m = tanh(matmul(m, W) * m);
    const Var loss = sum(square(m));
    CHECK_THROWS_AS(tape.backward(loss, retain_graph), ValueError);
    blown = false;
    if (retain_graph) CHECK(tape.backward(loss, true).norm() > 0);
    else CHECK_THROWS_AS(tape.backward(loss), TapeError);
  }
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::full({3}, .5, f64)), h = tanh(x);
  tape.backward(sum(square(h)));
  const Var more = sum(exp(h) * h);
  for (int k = 0; k < 3; ++k) CHECK_THROWS_AS(tape.backward(more), TapeError);
}

TEST_CASE("A gradient that failed leaves nothing retained") {
  bool blown = true;
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::full({3}, .5, f64)), h = tanh(x), loss = sum(square(apply(Fuse{&blown}, h)));
  CHECK_THROWS_AS(grad(loss, {h}), ValueError);
  blown = false;
  CHECK_FALSE(tape.backward(loss).has(h));
}

TEST_CASE("A weight computed at each step of a run without gradients does not grow the tape") {
  Tape tape;
  NoGrad off;
  const Var w = constant(Array::full({16, 16}, .01, f32));
  Var h = constant(Array::full({2, 16}, 1, f32));
  const auto some = [&] {
    for (int k = 0; k < 500; ++k) {
      const Var m = w * 1.5;
      h = tanh(matmul(h, m) + matmul(h, m));
    }
    return pool_stats().in_use;
  };
  const std::size_t before = some();
  CHECK(some() == before);
}

TEST_CASE("The gradient of a parameter's Var can be retained") {
  Layer m(f64);
  Tape tape{{.dtype = f64}};
  const Var W = retain(var_of(m.W));
  const Grads g = tape.backward(sum(square(matmul(constant(m.x), m.W))));
  CHECK(test::same_bits(g[W], g[m.W]));
  const Result r = backward(m.w, {.rows = 16, .dtype = f64}, [&](Shard& s) {
    s.retain("W", {var_of(m.W)});
    return s.sum(sum(square(matmul(s.rows(m.x), m.W))));
  });
  CHECK(r.grads.norm() > 0);
}

}  // namespace edits_test
