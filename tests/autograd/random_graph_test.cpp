#include "catch.hpp"

#include <ebb/autograd/gradcheck.hpp>
#include <ebb/ops/random.hpp>

namespace random_graph_test {

using namespace ebb;

namespace {

/// A random expression over a pool of values, with reuse, views, splits, stacks, broadcasts and dying temporaries.
Var random_expression(const std::vector<Var>& inputs, Key key, int length) {
  std::vector<Var> pool = inputs;  // all [3, 4]
  std::uint64_t at = 0;
  const auto pick_one = [&] { return pool[static_cast<std::size_t>(key.below(static_cast<int>(pool.size()), at++))]; };
  for (int k = 0; k < length; ++k) {
    const Var a = pick_one(), b = pick_one();
    Var r;
    switch (key.below(11, at++)) {
      case 0: r = a + b; break;
      case 1: r = tanh(a) * b; break;
      case 2: r = a - sigmoid(b * .5); break;
      case 3: {
        auto [p, q] = split<2>(a);
        r = concat({q * .7, p}, 1);
        break;
      }
      case 4: r = stack({a[2], b[0], a[1]}); break;
      case 5: r = a + mean(b, 0); break;
      case 6: r = tanh(matmul(a, matmul(transpose(b), a)) * .1); break;
      case 7: r = where(a > b, a, b * .3); break;
      case 8: r = concat({range(a, 1, 3), range(b, 0, 1)}, 0) + a; break;
      case 9: r = reshape(reshape(a, {4, 3}) * .5, {3, 4}) + b; break;
      default: r = softmax(a) - b * .2; break;
    }
    if (key.below(3, at++) == 0 && pool.size() > 3) pool.erase(pool.begin() + 2);  // let one die
    pool.push_back(r);
  }
  return pool.back() + pool[pool.size() / 2];
}

}  // namespace

TEST_CASE("random graphs with reuse, views and dying temporaries have correct gradients") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Key key = Key{seed}.named("graph");
    std::vector<Array> in;
    for (std::uint64_t k = 0; k < 2; ++k) in.push_back(uniform({3, 4}, key.named("input").at(k), -1, 1, f64));
    const auto f = [&](const std::vector<Var>& v) { return random_expression(v, key, 4 + static_cast<int>(seed % 9)); };
    const GradcheckReport r = gradcheck(f, in, {.order = seed < 20 ? 2 : 1});
    INFO("seed " << seed << "\n" << r);
    CHECK(r.ok());
  }
}

}  // namespace random_graph_test
