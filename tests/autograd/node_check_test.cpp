#include "catch.hpp"

#include <ebb/autograd/fuse.hpp>
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/op.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/random.hpp>
#include <sstream>

namespace node_check_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

struct CubeWrong {  // a gradient 0.1 % off
  static constexpr auto name = "wrong cube";
  Array value(const Array& x) const { return x * x * x; }
  Var vjp(const Var& g, const Var& x, const Var&) const { return 3.003 * g * x * x; }
};

struct ProductWrong {  // correct for its first input
  static constexpr auto name = "wrong product";
  Array value(const Array& a, const Array& b) const { return a * b; }
  std::array<Var, 2> vjp(const Var& g, const Var& a, const Var& b, const Var&) const { return {g * b, -g * a}; }
};

struct Weights {
  LeafSet set{f64};
  Leaf w = set.add("w", uniform({3, 8}, Key{1}.named("w"), -1, 1, f64));
  Leaf u = set.add("u", uniform({2, 2}, Key{1}.named("u"), -1, 1, f64));
};

/// An LSTM-like model with every kind of node: splits, fused lambdas with one and two results, transposes,
/// broadcasting, sums.
template <class Odd> GradcheckReport checked(const Odd& odd) {
  const Weights m;
  const Array x = uniform({3, 4, 3}, Key{2}, -1, 1, f64);
  return gradcheck(m.set, {.rows = 4, .shards = 2}, [&](Shard& s) {
    const Sequence in = s.sequence(x);
    Var h = zeros({s.rows(), 2}), c = h;
    for (int t : steps(in.steps())) {
      auto [i, f, g, o] = split<4>(matmul(in[t], m.w));
      std::tie(c, h) = fuse(
          [](auto i, auto f, auto g, auto o, auto c) {
            auto c1 = sigmoid(f) * c + sigmoid(i) * tanh(g);
            return std::pair{c1, sigmoid(o) * tanh(c1)};
          },
          i, f, g, o + matmul(h, transpose(m.u)), c);
      h = h + odd(h);
    }
    return s.mean_rows(sum(square(softmax(h)) + fuse([](auto a, auto b) { return a * b; }, h, detach(c)), 1));
  });
}

}  // namespace

TEST_CASE("in a model only the op with the wrong gradient is named, with its line") {
  const GradcheckReport r = checked([](const Var& h) { return .5 * apply(CubeWrong{}, h); });
  INFO(r);
  CHECK_FALSE(r.ok());
  REQUIRE(r.wrong_ops.size() == 1);
  CHECK_THAT(r.wrong_ops[0], Contains("wrong cube (node_check_test.cpp:") && Contains("by differences"));
  std::ostringstream text;
  text << r;
  CHECK_THAT(text.str(), Contains("wrong gradient of wrong cube (node_check_test.cpp:"));
}

TEST_CASE("an op of two inputs with one wrong gradient is named, twice if it occurs on two lines") {
  const GradcheckReport r = checked([](const Var& h) {
    const Var once = apply(ProductWrong{}, h, tanh(h));
    return once + apply(ProductWrong{}, once, h);
  });
  CHECK_FALSE(r.ok());
  CHECK(r.wrong_ops.size() == 2);
  for (const std::string& op : r.wrong_ops) CHECK_THAT(op, Contains("wrong product (node_check_test.cpp:"));
}

TEST_CASE("a correct model names no op, and neither does one whose gradient is cut by detach()") {
  const GradcheckReport right = checked([](const Var& h) { return h * .5; });
  INFO(right);
  CHECK_FALSE(right.ok());  // detach(c) above
  CHECK(right.wrong_ops.empty());
  const GradcheckReport cut = checked([](const Var& h) { return h * .5 + detach(h); });
  CHECK_FALSE(cut.ok());
  CHECK(cut.wrong_ops.empty());
}

TEST_CASE("the wrong op is also named in a function of arrays") {
  const GradcheckReport r =
      gradcheck([](const std::vector<Var>& in) { return sum(tanh(apply(CubeWrong{}, in[0] * 2)), 0); },
                {uniform({2, 3}, Key{3}, .5, 1, f64)});
  CHECK_FALSE(r.ok());
  REQUIRE(r.wrong_ops.size() == 1);
  CHECK_THAT(r.wrong_ops[0], Contains("wrong cube (node_check_test.cpp:"));
}

}  // namespace node_check_test
