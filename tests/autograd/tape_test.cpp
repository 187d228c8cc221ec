#include "catch.hpp"

#include <cmath>
#include <ebb/autograd/dot.hpp>
#include <ebb/autograd/grad.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/memory.hpp>
#include <ebb/ops/random.hpp>
#include <sstream>
#include <thread>

namespace tape_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {
Array numbers(std::initializer_list<double> x) { return Array::from({static_cast<int>(x.size())}, x, f64); }
}  // namespace

TEST_CASE("a value used twice receives both adjoints") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(numbers({2, 3}));
  const Grads g = tape.backward(sum(x * x + x));
  CHECK(g[x].at({0}) == 5);
  CHECK(g[x].at({1}) == 7);
}

TEST_CASE("sixty doublings stay linear in time and give 2^60") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(numbers({1}));
  Var h = x;
  for (int k = 0; k < 60; ++k) h = h + h;
  CHECK(tape.backward(sum(h))[x].item() == std::pow(2.0, 60));
  CHECK(tape.stats().nodes < 70);
}

TEST_CASE("a chain of 200,000 steps neither overflows the stack nor loses the gradient") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(numbers({1}));
  Var h = x;
  for (int k = 0; k < 200'000; ++k) h = h * .99999 + 1e-9 * h;
  CHECK(tape.backward(sum(h))[x].item() == Approx(std::exp(200'000 * std::log(.99999 + 1e-9))).epsilon(1e-9));
}

TEST_CASE("an unreferenced intermediate is overwritten, a referenced one is not") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::full({64, 64}, 1, f64));
  const Var named = x + 1;
  const Var y = ((x + 1) + 2) + named;
  CHECK(named.value().at({0, 0}) == 2);
  CHECK(y.value().at({0, 0}) == 6);
  const Array held = (x + 1).value();
  const Var z = (x + 5) + 1;
  CHECK(held.at({0, 0}) == 2);
  CHECK(z.value().at({0, 0}) == 7);
}

TEST_CASE("a caller's array is never overwritten through a constant") {
  Array mine = Array::full({8}, 1, f64);
  Tape tape{{.dtype = f64}};
  const Var y = constant(mine) + 1;
  CHECK(mine.at({0}) == 1);
  CHECK(y.value().at({0}) == 2);
}

TEST_CASE("values that no backward needs are freed at once") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::full({1000}, 1, f64));
  const auto before = tape.stats().kept_bytes;
  Var h = x;
  for (int k = 0; k < 100; ++k) h = h + x;  // additions keep nothing
  CHECK(tape.stats().kept_bytes - before < 4 * 8192);
  for (int k = 0; k < 100; ++k) h = tanh(h);  // tanh keeps its result
  CHECK(tape.stats().kept_bytes - before > 99 * 8000);
}

TEST_CASE("a block of a split that is not used receives zeros") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::full({2, 6}, 1, f64));
  const auto [a, b, c] = split<3>(x);
  const Grads g = tape.backward(sum(a * 2 + c * 3));
  for (int i = 0; i < 2; ++i) {
    CHECK(g[x].at({i, 0}) == 2);
    CHECK(g[x].at({i, 2}) == 0);
    CHECK(g[x].at({i, 5}) == 3);
  }
}

TEST_CASE("overlapping views and the whole add up, and a retained view keeps its own gradient") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::full({4, 2}, 1, f64));
  const Var y = x * 1;
  const Var a = retain(range(y, 0, 3)), b = range(y, 1, 4);
  const Grads g = tape.backward(sum(a * 2) + sum(b * 3) + sum(y * 10));
  CHECK(g[x].at({0, 0}) == 12);
  CHECK(g[x].at({1, 0}) == 15);
  CHECK(g[x].at({3, 0}) == 13);
  CHECK(g[a].at({1, 0}) == 2);
}

TEST_CASE("an adjoint forwarded by pointer is copied before it is added to") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(numbers({1})), y = variable(numbers({1}));
  const Var s = x + y;              // both receive s's adjoint
  const Var l = s + x * 2 + x * 4;  // then more for x only
  const Grads g = tape.backward(sum(l));
  CHECK(g[x].item() == 7);
  CHECK(g[y].item() == 1);
}

TEST_CASE("gradients of retained values can be read, others are an error") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(numbers({3}));
  const Var kept = retain(x * x), other = kept * 2;
  const Grads g = tape.backward(sum(other * other));
  CHECK(g[kept].item() == 8 * 9);
  CHECK_THROWS_AS(g[other], TapeError);
}

TEST_CASE("a Var of a destroyed tape is rejected") {
  Var v;
  {
    Tape tape;
    v = variable(Array::full({2}, 1, f32));
  }
  CHECK_THROWS_AS(v.value(), TapeError);
  Tape tape;
  CHECK_THROWS_WITH(v + 1, Contains("destroyed"));
}

TEST_CASE("an outer tape's Var is rejected by an inner tape's ops") {
  Tape outer;
  const Var v = variable(Array::full({2}, 1, f32));
  {
    Tape inner;
    CHECK_THROWS_WITH(v * 2, Contains("outer tape"));
  }
  CHECK((v * 2).value().at({0}) == 2);
}

TEST_CASE("a freed graph is an error, a kept one can be swept again") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(numbers({3}));
  const Var y = x * x, l = sum(y * y);
  CHECK(tape.backward(l, true)[x].item() == 108);
  CHECK(tape.backward(l)[x].item() == 108);
  CHECK_THROWS_WITH(tape.backward(l), Contains("freed"));
  CHECK_THROWS_WITH(tape.backward(sum(y * 2)), Contains("freed"));
  CHECK(tape.backward(sum(x * 2))[x].item() == 2);
}

TEST_CASE("without gradients a million steps do not grow the tape or the memory") {
  Tape tape;
  NoGrad off;
  const Var w = constant(Array::full({16, 16}, .01, f32));
  Var h = constant(Array::full({1, 16}, 1, f32));
  for (int k = 0; k < 100; ++k) h = tanh(matmul(h, w));
  const std::size_t before = pool_stats().reserved;
  for (int k = 0; k < 1'000'000; ++k) h = tanh(matmul(h, w) + 1);
  CHECK(pool_stats().reserved == before);
  CHECK(tape.stats().nodes == 0);
}

TEST_CASE("a loss that does not have exactly one element is rejected with its shape") {
  Tape tape;
  const Var x = variable(Array::full({2, 3}, 1, f32));
  CHECK_THROWS_WITH(tape.backward(x * 2), Contains("[2, 3]"));
}

TEST_CASE("shape errors name the op, both shapes, the line and the time step") {
  Tape tape;
  const Var x = constant(Array::zeros({32, 128}, f32)), w = constant(Array::zeros({64, 256}, f32));
  CHECK_THROWS_WITH(matmul(x, w),
                    Contains("matmul") && Contains("[32, 128]") && Contains("[64, 256]") && Contains("tape_test.cpp:"));
  std::string message;
  try {
    for (int t : steps(10)) {
      if (t == 7) (void)(x + w);
    }
  } catch (const ShapeError& e) { message = e.what(); }
  CHECK_THAT(message, Contains("add") && Contains("time step 7"));
}

TEST_CASE("gradients of gradients: the Hessian of a sum of cubes is diagonal, 6 x") {
  Tape tape{{.dtype = f64, .order = 2}};
  const Var x = variable(numbers({1, 2, -3}));
  const Var g = grad(sum(x * x * x), {x}, {.create_graph = true})[0];
  CHECK(g.value().at({2}) == Approx(27));
  const Grads h = tape.backward(sum(g));
  for (int i = 0; i < 3; ++i) CHECK(h[x].at({i}) == Approx(6 * x.value().at({i})));
}

TEST_CASE("third-order gradients follow from the same recorded gradients") {
  Tape tape{{.dtype = f64, .order = 3}};
  const Var x = variable(numbers({.3}));
  Var y = sum(tanh(x));
  for (int k = 0; k < 2; ++k) y = sum(grad(y, {x}, {.create_graph = true})[0]);
  const double t = std::tanh(.3), s = 1 - t * t;
  CHECK(tape.backward(y)[x].item() == Approx(-2 * s * s + 4 * t * t * s));
}

TEST_CASE("grad retains the graph, sweeps only the part that leads to its inputs, and rejects an undeclared order") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(numbers({2})), z = variable(numbers({5}));
  const Var y = sum(x * x * z);
  CHECK(grad(y, {x})[0].item() == 20);
  CHECK(grad(y, {z})[0].item() == 4);
  CHECK_THROWS_WITH(grad(y, {x}, {.create_graph = true}), Contains("order 2"));
  CHECK_THROWS_AS(grad(y, {constant(numbers({1}))}), TapeError);
  CHECK(tape.backward(y)[x].item() == 20);
}

TEST_CASE("detach cuts the graph") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(numbers({3}));
  CHECK(tape.backward(sum(detach(x) * x))[x].item() == 3);
}

TEST_CASE("a norm has the gradient zero at zero") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::from({2, 2}, {0, 0, 3, 4}, f64));
  const Array g = tape.backward(sum(row_norm(x)))[x];
  CHECK(g.at({0, 0}) == 0);
  CHECK(g.at({1, 0}) == Approx(.6));
}

TEST_CASE("the number of live adjoints does not grow with the number of steps") {
  std::int64_t peak[2];
  for (int k = 0; k < 2; ++k) {
    Tape tape{{.dtype = f64}};
    const Var x = variable(Array::full({1000}, 1, f64));
    Var h = x;
    const int T = k ? 400 : 100;
    for (int t = 0; t < T; ++t) h = h + x * 1e-3;  // keeps nothing in the forward pass
    const Var l = sum(h);
    reset_pool_peak();
    (void)tape.backward(l);
    peak[k] = tape.stats().peak_bytes;
  }
  CHECK(peak[1] < peak[0] + 16'384);
}

TEST_CASE("slices of a sequence add their adjoints to the whole at a cost linear in time") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::full({2000, 4, 4}, 1, f64));
  Var s = x[0] * 0;
  for (int t = 0; t < 2000; ++t) s = s + x[t] * double(t);
  const Array g = tape.backward(sum(s))[x];
  CHECK(g.at({1999, 3, 3}) == 1999);
  CHECK(g.at({0, 0, 0}) == 0);
}

TEST_CASE("a Var and a graph can be printed") {
  Tape tape;
  const Var x = variable(Array::from({2, 2}, {1, 2, 3, 4}, f32));
  std::ostringstream s;
  s << x;
  CHECK_THAT(s.str(), Contains("1") && Contains("4"));
  const std::string dot = to_dot(tanh(x) * 2);
  CHECK_THAT(dot, Contains("digraph") && Contains("tanh") && Contains("[2, 2]") && Contains("->") &&
                      Contains("tape_test.cpp"));
}

TEST_CASE("an empty Var, an index and an axis out of range are reported with the line") {
  Tape tape;
  const Var x = constant(Array::zeros({2, 3}, f32)), none;
  CHECK_THROWS_WITH(x + none, Contains("add") && Contains("empty") && Contains("tape_test.cpp:"));
  CHECK_THROWS_WITH(sum(none), Contains("empty") && Contains("tape_test.cpp:"));
  CHECK_THROWS_WITH(x[7], Contains("index 7") && Contains("tape_test.cpp:"));
  CHECK_THROWS_WITH(slice(x, 2, 0, 1), Contains("axis 2") && Contains("tape_test.cpp:"));
}

}  // namespace tape_test
