#include "catch.hpp"
#include "same_bits.hpp"

#include <cstring>
#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/reduce.hpp>
#include <vector>

namespace same_names_test {

using namespace ebb;
using test::same_bits;

namespace {

/// Compares a call on Arrays with the same call on Vars; `f` is a generic lambda.
template <class F> void same(const char* call, const F& f, const std::vector<Shape>& shapes) {
  for (const DType d : {f32, f64}) {
    std::vector<Array> a;
    std::vector<Var> v;
    Tape tape{{.dtype = d}};
    for (std::size_t k = 0; k < shapes.size(); ++k) {
      a.push_back(uniform(shapes[k], Key{7}.named(call).at(k), .2, 1.5, d));
      v.push_back(variable(a.back()));
    }
    const Array numbers = f(a);
    const Var y = f(v);
    INFO(call << " of " << name_of(d));
    CHECK(same_bits(numbers, y.value()));
  }
}
#define SAME(call, ...)    \
  same(#call,              \
       [](const auto& x) { \
         (void)x;          \
         return call;      \
       },                  \
       {__VA_ARGS__})

}  // namespace

TEST_CASE("elementwise functions agree between Arrays and Vars, including broadcasting and numbers") {
  const Shape whole{3, 5}, row{5}, column{3, 1};
#define EBB_UNARY(Op, function, x) same(#function, [](const auto& x) { return function(x[0]); }, {whole});
#define EBB_BINARY(Op, function, a, b)                                                \
  same(#function, [](const auto& x) { return function(x[0], x[1]); }, {whole, row});  \
  same(#function, [](const auto& x) { return function(x[0], x[1]); }, {column, row}); \
  same(#function " of a number", [](const auto& x) { return function(x[0], .7); }, {whole});
#define EBB_TERNARY(Op, function, a, b, c)                                                         \
  same(#function, [](const auto& x) { return function(x[0], x[1], x[2]); }, {whole, row, column}); \
  same(#function " of numbers", [](const auto& x) { return function(x[0], .4, .7); }, {whole});
#define EBB_COMPARISON(Op, function, a, b)  // Arrays have no comparisons
#include <ebb/ops/pointwise_functions.inl>
  SAME(2 + x[0], whole);
  SAME(2 - x[0], whole);
  SAME(2 * x[0], whole);
  SAME(elu(-x[0]), whole);
}

TEST_CASE("all other functions of both Arrays and Vars agree, with and without an axis") {
  SAME(matmul(x[0], x[1]), {2, 3}, {3, 4});
  SAME(matmul(x[0], x[1]), {2, 2, 3}, {2, 3, 2});
  SAME(outer(x[0], x[1]), {2, 3}, {2, 4});
  SAME(transpose(x[0]), {2, 3});
  SAME(transpose(x[0], {2, 0, 1}), {2, 3, 4});
  SAME(sum(x[0]), {2, 3});
  SAME(sum(x[0], 1), {2, 3});
  SAME(sum(x[0], {0, 2}, Keep::yes), {2, 3, 4});
  SAME(amax(x[0]), {2, 3});
  SAME(amax(x[0], -1), {2, 3});
  SAME(amax(x[0], 0, Keep::yes), {2, 3});
  SAME(norm(x[0]), {2, 3});
  SAME(norm(x[0], -1), {2, 3});
  SAME(norm(x[0], {0, 1}, Keep::yes), {2, 3, 4});
  SAME(cumsum(x[0]), {2, 3});
  SAME(cumsum(x[0], 0), {2, 3});
  SAME(logsumexp(x[0]), {2, 3});
  SAME(logsumexp(x[0], 0, Keep::yes), {2, 3});
  SAME(softmax(x[0]), {2, 3});
  SAME(softmax(x[0], 0), {2, 3});
  SAME(log_softmax(x[0]), {2, 3});
  SAME(log_softmax(x[0], 0), {2, 3});
  SAME(cross_entropy(x[0], Tokens({2}, {0, 2})), {2, 3});
  SAME(broadcast_to(x[0], {4, 3}), {3});
  SAME(sum_to(x[0], {3}), {4, 3});
  SAME(slice(x[0], 1, 1, 3), {2, 4});
  SAME(flip(x[0], 1), {2, 4});
  SAME(pad(x[0], 1, 1, 2), {2, 3});
  SAME(pad(x[0], -1, 1, 2, .5), {2, 3});
  SAME(gather(x[0], Tokens({2}, {1, 0})), {2, 3});
  SAME(scatter_add(x[0], Tokens({2}, {1, 1}), 3), {2, 3});
  SAME(pick(x[0], Tokens({2}, {1, 2})), {2, 3});
}

TEST_CASE("means and argmax agree between Arrays and Vars") {
  Tape tape{{.dtype = f64}};
  const Array a = uniform({3, 4}, Key{8}, -1, 1, f64);
  const Var v = variable(a);
  const Tokens from_numbers = argmax(a), from_vars = argmax(v), down = argmax(a, 0), down_vars = argmax(v, 0);
  for (int k = 0; k < 3; ++k) CHECK(from_numbers.at({k}) == from_vars.at({k}));
  for (int k = 0; k < 4; ++k) CHECK(down.at({k}) == down_vars.at({k}));
  for (int k = 0; k < 4; ++k)
    CHECK(mean(a, 0).at({k}) ==
          Approx(mean(v, 0).value().at({k})).epsilon(1e-15));  // one divides, the other multiplies by 1 / n
  CHECK(mean(a).item() == Approx(mean(v).item()).epsilon(1e-15));
}

TEST_CASE("a hand-written softmax with amax is correct for Arrays and Vars") {
  Tape tape{{.dtype = f64}};
  const Array a = uniform({3, 4}, Key{9}, -5, 5, f64);
  const auto by_hand = [](const auto& x) {
    const auto e = exp(x - amax(x, -1, Keep::yes));
    return e / sum(e, -1, Keep::yes);
  };
  CHECK(largest_magnitude(by_hand(a) - softmax(a)) < 1e-15);
  CHECK(largest_magnitude(by_hand(variable(a)).value() - softmax(a)) < 1e-15);
  CHECK(max(a, -1.).at_flat(0) == std::max(a.at_flat(0), -1.));
}

}  // namespace same_names_test
