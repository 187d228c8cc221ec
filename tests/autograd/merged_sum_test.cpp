#include "catch.hpp"
#include "same_bits.hpp"

#include <array>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/ops/random.hpp>

namespace merged_sum_test {

using namespace ebb;
using test::same_bits;

namespace {

Array drawn(const Shape& s, std::uint64_t seed, DType t = f32) { return uniform(s, Key{seed}, -1, 1).to(t); }

/// The operands of a gate.
struct Gate {
  Var x, W, h, U, b;
  Gate()
      : x(variable(drawn({3, 5}, 1))), W(variable(drawn({5, 4}, 2))), h(variable(drawn({3, 4}, 3))),
        U(variable(drawn({4, 4}, 4))), b(variable(drawn({4}, 5))) {}
  std::array<Var, 5> all() const { return {x, W, h, U, b}; }
};

}  // namespace

TEST_CASE("a gate's sum, bias and activation are one node, with the bits of three") {
  Array y[2], g[2][5];
  std::int64_t nodes[2];
  for (const int apart : {0, 1}) {
    Tape tape;
    const Gate p;
    const std::int64_t before = tape.stats().nodes;
    Var result;
    if (apart) {
      const Var products = matmul(p.x, p.W), others = matmul(p.h, p.U), sum = products + others, all = sum + p.b;
      result = sigmoid(all);
      nodes[apart] = tape.stats().nodes - before;
      y[apart] = result.value().copy();
      const Grads grads = tape.backward(mean(result * result));
      for (std::size_t k = 0; k < 5; ++k) g[apart][k] = grads[p.all()[k]].copy();
    } else {
      result = sigmoid(matmul(p.x, p.W) + matmul(p.h, p.U) + p.b);
      nodes[apart] = tape.stats().nodes - before;
      y[apart] = result.value().copy();
      const Grads grads = tape.backward(mean(result * result));
      for (std::size_t k = 0; k < 5; ++k) g[apart][k] = grads[p.all()[k]].copy();
    }
  }
  CHECK(nodes[0] == 3);
  CHECK(nodes[1] == 5);
  CHECK(same_bits(y[0], y[1]));
  for (int k = 0; k < 5; ++k) CHECK(same_bits(g[0][k], g[1][k]));
}

TEST_CASE("a sum is extended only while nothing else refers to it") {
  Tape tape;
  const Var a = variable(drawn({2, 3}, 1)), b = variable(drawn({2, 3}, 2)), c = variable(drawn({2, 3}, 3));
  const auto nodes = [&](auto&& made) {
    const std::int64_t before = tape.stats().nodes;
    const Var y = made();
    return tape.stats().nodes - before;
  };
  CHECK(nodes([&] { return a * b + c + a; }) == 2);
  CHECK(nodes([&] { return a * b + c + a + b + c; }) == 3);  // four inputs are the most
  CHECK(nodes([&] { return tanh(-(a * b + c)); }) == 3);     // only one activation
  Var kept;
  CHECK(nodes([&] { return (kept = a * b + c) + a; }) == 3);
  CHECK(nodes([&] {
          Var sum = a * b + c;
          retain(sum);
          return std::move(sum) + a;
        }) == 3);
  CHECK(nodes([&] {
          Var sum = a * b + c;
          const Var later = a * c;  // is recorded after the sum
          return std::move(sum) + later;
        }) == 4);
  CHECK(nodes([&] {
          Var sum = a * b + c;
          return std::move(sum) + variable(drawn({2, 3}, 4));
        }) == 3);
}

TEST_CASE("a sum that is retained keeps its own gradient") {
  Tape tape;
  const Var a = variable(Array::full({2}, .3)), b = variable(Array::full({2}, .4));
  const Var inner = retain(a * b + a), y = tanh(inner + b);
  const Grads g = tape.backward(sum(y));
  const double t = y.value().at({0});
  CHECK(g[inner].at({1}) == Approx(1 - t * t));
}

TEST_CASE("sums that are extended have gradients of every order, with inputs of smaller shapes and without gradients") {
  const auto f = [](const std::vector<Var>& in) {
    const Var fixed = constant(drawn({2, 3}, 9, f64));
    return tanh(in[0] * in[1] + in[2] + fixed) * exp(in[0] + in[1] + in[2] + in[0]) + sigmoid(fixed + in[1] + in[1]);
  };
  const GradcheckReport r =
      gradcheck(f, {drawn({2, 3}, 1, f64), drawn({2, 3}, 2, f64), drawn({3}, 3, f64)}, {.order = 2});
  INFO(r);
  CHECK(r.ok());
}

}  // namespace merged_sum_test
