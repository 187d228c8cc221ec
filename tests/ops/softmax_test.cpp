#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/reduce.hpp>
#include <limits>
#include "catch.hpp"
#include "reference.hpp"

namespace softmax_test {

using namespace ebb;
using namespace reference;
using Catch::Matchers::Contains;

namespace {

const double inf = std::numeric_limits<double>::infinity();

double row_logsumexp(const Array& row) {
  long double sum = 0;
  for (int j = 0; j < row.columns(); ++j) sum += std::exp(static_cast<long double>(row.at_flat(j)));
  return static_cast<double>(std::log(sum));
}

}  // namespace

TEST_CASE("the softmax family agrees with its definition at every row length") {
  for (DType t : {f32, f64})
    for (int n = 1; n <= 70; ++n) {
      const Array x = numbers({3, n}, t, static_cast<std::uint64_t>(n), -5, 5);
      const double tolerance = t == f32 ? 1e-6 : 2e-15;
      const Array p = softmax(x), l = log_softmax(x), s = logsumexp(x);
      INFO("row of " << n << " " << name_of(t));
      for (int i = 0; i < 3; ++i) {
        const double want = row_logsumexp(x[i]);
        CHECK(s.at({i}) == Approx(want).epsilon(tolerance).margin(tolerance));
        for (int j = 0; j < n; ++j) {
          CHECK(l.at({i, j}) == Approx(x.at({i, j}) - want).epsilon(tolerance).margin(tolerance));
          CHECK(p.at({i, j}) == Approx(std::exp(x.at({i, j}) - want)).epsilon(10 * tolerance));
        }
      }
    }
}

TEST_CASE("softmax runs along any axis and over views") {
  const Array x = numbers({3, 4, 5}, f64, 1);
  for (const Array& in : {x, as_view(x)})
    for (int axis = 0; axis < 3; ++axis) {
      const Array p = softmax(in, axis);
      CHECK(distance(sum(p, axis), Array::full(x.shape().without(axis), 1, f64)) < 1e-15);
      CHECK(distance(exp(log_softmax(in, axis)), p) < 1e-15);
      CHECK(distance(exp(x - logsumexp(in, axis, Keep::yes)), p) < 1e-14);
      CHECK(logsumexp(in, axis).shape() == x.shape().without(axis));
    }
}

TEST_CASE("softmax does not overflow, and handles infinities") {
  const Array big = Array::from({1, 3}, {1000, 999, -1000}, f32);
  CHECK(softmax(big).at({0, 0}) == Approx(1 / (1 + std::exp(-1))));
  CHECK(logsumexp(big).at({0}) == Approx(1000 + std::log1p(std::exp(-1))));
  CHECK(logsumexp(Array::from({1, 2}, {-inf, -inf})).at({0}) == -inf);
  CHECK(logsumexp(Array::from({1, 2}, {-inf, 3})).at({0}) == 3);
  CHECK(logsumexp(Array::from({1, 2}, {inf, 3})).at({0}) == inf);
  CHECK(softmax(Array::from({1, 2}, {-inf, 3})).at({0, 0}) == 0);
  CHECK(std::isnan(logsumexp(Array::from({1, 2}, {NAN, 3})).at({0})));
}

TEST_CASE("a row of softmax has the same bits at any position") {
  for (int n : {1, 9, 33, 65}) {
    const Array x = numbers({6, n}, f32, 1), p = softmax(x);
    for (int r = 0; r < 6; ++r) CHECK(same_bits(softmax(x[r]), p[r]));
  }
}

TEST_CASE("cross entropy is the negative log softmax of the target, and its adjoint softmax less one-hot") {
  for (DType t : {f32, f64})
    for (int n : {2, 16, 65}) {
      const Array x = numbers({2, 5, n}, t, 3, -4, 4), g = numbers({2, 5}, t, 4);
      const Tokens y = integers({2, 5}, Key{5}, 0, n);
      const double tolerance = t == f32 ? 1e-6 : 1e-14;
      CHECK(distance(cross_entropy(x, y), -pick(log_softmax(x), y)) < tolerance);
      const Array want = g.reshape({2, 5, 1}) * (softmax(x) - one_hot(y, n, t));
      CHECK(distance(cross_entropy_vjp(g, x, y), want) < tolerance);
      CHECK(distance(cross_entropy_vjp(g, as_view(x), y), want) < tolerance);
    }
}

TEST_CASE("a target outside the vocabulary is rejected with its position") {
  const Array x = Array::zeros({4, 10}, f32);
  CHECK_THROWS_WITH(cross_entropy(x, Tokens({4}, {0, 1, 10, 2})),
                    "cross_entropy: target 10 at position 2 is outside [0, 10)");
  CHECK_THROWS_AS(cross_entropy(x, Tokens({4}, {0, 1, -1, 2})), ValueError);
  CHECK_THROWS_AS(cross_entropy(x, Tokens({3}, {0, 1, 2})), ShapeError);
}

}  // namespace softmax_test
