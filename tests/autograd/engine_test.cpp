#include "catch.hpp"

#include <ebb/autograd/edit.hpp>
#include <ebb/autograd/engine.hpp>
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/ops/parallel.hpp>

namespace engine_test {

using namespace ebb;

namespace {

/// A recurrence with shared weights, a tied transpose, a computed weight and a split, which exercises packing,
/// deferral, forwarding and reuse.
struct Recurrence {
  LeafSet set{f64};
  Leaf w = set.add("w", uniform({3, 8}, Key{1}.named("w"), -1, 1, f64));
  Leaf u = set.add("u", uniform({4, 8}, Key{1}.named("u"), -.5, .5, f64));
  Leaf v = set.add("v", uniform({4, 4}, Key{1}.named("v"), -.5, .5, f64));
  Leaf b = set.add("b", uniform({8}, Key{1}.named("b"), -.5, .5, f64));

  PartialLoss loss(Shard& s, const Array& x) const {
    const Sequence in = s.sequence(x);
    const Var skew = var_of(v) - transpose(v);  // a computed right operand
    Var h = zeros({s.rows(), 4});
    std::vector<Var> all;
    for (int t : steps(in.steps())) {
      const auto [f, n] = split<2>(matmul(in[t], w) + matmul(h, u) + b);
      h = sigmoid(f) * h + tanh(n + matmul(h, skew)) * .5;
      all.push_back(matmul(h, transpose(v)));
    }
    s.retain("out", all);
    return s.mean_rows(sum(square(h), 1)) + s.mean_tokens(sum(square(stack(all)), 2));
  }
};

double largest_relative(const Array& a, const Array& b) {
  double most = 0, scale = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    most = std::max(most, std::abs(a.at_flat(i) - b.at_flat(i)));
    scale = std::max(scale, std::abs(b.at_flat(i)));
  }
  return most / scale;
}

struct EngineScope {
  Engine before = engine();
  explicit EngineScope(const Engine& e) { engine() = e; }
  ~EngineScope() { engine() = before; }
};

}  // namespace

TEST_CASE("results with and without each optimisation of the engine agree to 1e-12 of the largest entry", "[shards]") {
  const Recurrence m;
  for (const auto& [rows, length] : {std::pair{1, 700}, {20, 9}, {9, 150}}) {
    const Array x = normal({length, rows, 3}, Key{2}, 0, 1, f64);
    const auto run = [&, rows = rows] {
      return backward(m.set, {.rows = rows, .dtype = f64}, [&](Shard& s) { return m.loss(s, x); });
    };
    const Result all = run();
    for (const Engine& off :
         {Engine{.pack = false}, Engine{.defer = false}, Engine{.forward = false}, Engine{.reuse = false},
          Engine{.flush = false}, Engine{false, false, false, false, false}}) {
      const EngineScope scope(off);
      const Result r = run();
      INFO("rows " << rows << " pack " << off.pack << " defer " << off.defer << " forward " << off.forward << " reuse "
                   << off.reuse << " flush " << off.flush);
      CHECK(r.loss == Approx(all.loss).epsilon(1e-13));
      CHECK(largest_relative(r.grads.flat(), all.grads.flat()) < 1e-12);
      CHECK(largest_relative(r.grad("out"), all.grad("out")) < 1e-12);
    }
  }
}

TEST_CASE("deferred gradients of weights are the sums over all steps, at sizes that no tile divides", "[shards]") {
  constexpr int steps = 45, rows = 13, inputs = 21, hidden = 37;  // 585 rows: one flush on the way, one at the end
  for (const DType type : {f32, f64}) {
    LeafSet set{type};
    const Leaf w = set.add("w", uniform({inputs, hidden}, Key{1}.named("w"), -.3, .3, type));
    const Leaf u = set.add("u", uniform({hidden, hidden}, Key{1}.named("u"), -.3, .3, type));
    const Leaf v = set.add("v", uniform({hidden, hidden}, Key{1}.named("v"), -.3, .3, type));
    const Leaf b = set.add("b", uniform({hidden}, Key{1}.named("b"), -.3, .3, type));
    const Array x = normal({steps, rows, inputs}, Key{2}, 0, 1, type);
    const auto run = [&] {
      return backward(set, {.rows = rows, .dtype = type, .shards = 1}, [&](Shard& s) {
        const Sequence in = s.sequence(x);
        Var h = zeros({s.rows(), hidden});
        for (int t : ebb::steps(in.steps()))  // x and g are each shared by two products
          h = tanh(matmul(in[t], w) + matmul(h, u) + b) * .7 + matmul(h, transpose(v)) * .2;
        return s.mean_rows(sum(square(h), 1));
      });
    };
    const Result deferred = run();
    const EngineScope scope({.defer = false});
    const Result each = run();
    CHECK(deferred.loss == each.loss);
    for (const Leaf& leaf : {w, u, v, b})
      CHECK(largest_relative(deferred.grads[leaf], each.grads[leaf]) < (type == f32 ? 2e-6 : 4e-15));
  }
}

TEST_CASE("packing does not change any bit", "[shards]") {
  const Recurrence m;
  const Array x = normal({20, 17, 3}, Key{3}, 0, 1, f32);
  const auto run = [&] { return backward(m.set, {.rows = 17}, [&](Shard& s) { return m.loss(s, x); }); };
  const Result packed = run();
  const EngineScope scope({.pack = false});
  const Result plain = run();
  CHECK(packed.loss == plain.loss);
  for (std::int64_t i = 0; i < plain.grads.flat().size(); ++i)
    REQUIRE(packed.grads.flat().at_flat(i) == plain.grads.flat().at_flat(i));
}

TEST_CASE("denormal adjoints are zero, denormal values are kept") {
  constexpr int steps = 140;  // 2^-140 is a denormal float
  const auto value_and_gradient = [&] {
    Tape tape{{.dtype = f32}};
    const Var x = variable(Array::full({1}, 1, f32));
    Var y = x;
    for (int k = 0; k < steps; ++k) y = y * .5;
    const Grads g = tape.backward(sum(y));
    return std::pair{y.value().at_flat(0), g[x].at_flat(0)};
  };
  CHECK(value_and_gradient() == std::pair{std::ldexp(1., -steps), 0.});
  const EngineScope scope({.flush = false});
  CHECK(value_and_gradient() == std::pair{std::ldexp(1., -steps), std::ldexp(1., -steps)});
}

TEST_CASE("a gradient that fades to zero has the same bits for any number of threads", "[shards]") {
  const Array u = uniform({64, 64}, Key{6}.named("u"), -.05, .05, f32), h = normal({64, 64}, Key{7}, 0, 1, f32);
  const auto adjoints = [&](int count) {
    const int before = threads();
    set_threads(count);
    Tape tape{{.dtype = f32}};
    const Var weights = variable(u);
    std::vector<Var> states{variable(h)};
    for (int t = 0; t < 80; ++t) states.push_back(retain(matmul(states.back(), weights)));
    const Grads g = tape.backward(sum(states.back()));
    std::vector<Array> all{g[weights]};
    for (const Var& s : states) all.push_back(g[s]);
    set_threads(before);
    return all;
  };
  const auto one = adjoints(1);
  const auto largest = [](const Array& a) {
    double most = 0;
    for (std::int64_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a.at_flat(i)));
    return most;
  };
  CHECK(largest(one[1]) == 0);
  CHECK(largest(one[40]) > 0);
  for (int count : {2, 3}) {
    const auto more = adjoints(count);
    for (std::size_t k = 0; k < one.size(); ++k)
      for (std::int64_t i = 0; i < one[k].size(); ++i) REQUIRE(more[k].at_flat(i) == one[k].at_flat(i));
  }
}

TEST_CASE("a pack follows the weights when they change") {
  Recurrence m;
  const Array x = normal({6, 9, 3}, Key{4}, 0, 1, f64);
  const auto run = [&] {
    return backward(m.set, {.rows = 9, .dtype = f64}, [&](Shard& s) { return m.loss(s, x); }).loss;
  };
  const double before = run();
  Edit(m.set)[m.u].fill(.25);
  const double after = run();
  const EngineScope scope({.pack = false});
  CHECK(after == run());
  CHECK(after != before);
}

TEST_CASE("gradcheck passes on the path with packs and deferred gradients, to second order") {
  const Recurrence m;
  const Array x = normal({4, 9, 3}, Key{5}, 0, 1, f64);
  const GradcheckReport r = gradcheck(m.set, {.rows = 9}, [&](Shard& s) { return m.loss(s, x); }, {.order = 2});
  INFO(r);
  CHECK(r.ok());
}

}  // namespace engine_test
