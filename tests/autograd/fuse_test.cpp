#include <ebb/autograd/fuse.hpp>

#include <cmath>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/random.hpp>
#include <vector>

#include "catch.hpp"

namespace fuse_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

double error_of(const Array& a, const Array& b) {
  REQUIRE(a.shape() == b.shape());
  double worst = 0, scale = 1e-300;
  for (std::int64_t k = 0; k < a.size(); ++k) {
    const double x = a.at_flat(k), y = b.at_flat(k);
    if (std::isnan(x) != std::isnan(y)) return INFINITY;
    if (std::isnan(x) || x == y) continue;
    worst = std::max(worst, std::abs(x - y));
    scale = std::max(scale, std::abs(y));
  }
  return worst / std::max(scale, 1.0);
}

std::vector<Var> listed(Var y) { return {std::move(y)}; }
std::vector<Var> listed(std::pair<Var, Var> y) { return {y.first, y.second}; }
template <class... V> std::vector<Var> listed(std::tuple<V...> y) {
  return std::apply([](auto&... v) { return std::vector<Var>{v...}; }, y);
}

/// The results' values, then the operands' gradients, of the lambda run plainly or fused. Results whose bit is not in
/// `used` are not part of the loss. If `dying`, operands are temporaries, 1 * x.
template <int N, class F>
std::vector<Array> outcome(F f, const std::vector<Array>& in, bool fused, DType d, bool dying, unsigned used) {
  Tape tape{{.dtype = d}};
  std::vector<Var> x;
  for (const Array& a : in) x.push_back(variable(a));
  const std::vector<Var> y = [&]<std::size_t... k>(std::index_sequence<k...>) {
    Var v[] = {dying ? 1.0 * x[k] : x[k]...};
    return fused ? listed(fuse(f, static_cast<Var&&>(v[k])...)) : listed(f(v[k]...));
  }(std::make_index_sequence<N>{});
  std::vector<Array> found;
  Var loss = constant(Array::number(0, d));
  for (std::size_t r = 0; r < y.size(); ++r) {
    found.push_back(y[r].value().copy());
    if (used >> r & 1) loss = loss + sum(y[r] * constant(uniform(y[r].shape(), Key{9}.at(r), -1, 1, d)));
  }
  const Grads g = tape.backward(loss);
  for (const Var& v : x) found.push_back(g[v]);
  return found;
}

template <int N, class F>
void same(const char* name, F f, const std::vector<Shape>& shapes, double low = -2, double high = 2,
          unsigned used = ~0u) {
  for (const DType d : {f64, f32})
    for (const bool dying : {false, true}) {
      std::vector<Array> in;
      for (std::size_t k = 0; k < shapes.size(); ++k) in.push_back(uniform(shapes[k], Key{5}.at(k), low, high, d));
      const auto a = outcome<N>(f, in, true, d, dying, used), b = outcome<N>(f, in, false, d, dying, used);
      REQUIRE(a.size() == b.size());
      for (std::size_t k = 0; k < a.size(); ++k) {
        INFO(name << (d == f64 ? " float64" : " float32") << (dying ? ", dying operands" : "") << ", array " << k
                  << " of shape " << a[k].shape());
        CHECK(error_of(a[k], b[k]) <= (d == f64 ? 1e-12 : 3e-5));
      }
    }
}

constexpr auto lstm = [](auto i, auto f, auto g, auto o, auto c) {
  auto c1 = sigmoid(f) * c + sigmoid(i) * tanh(g);
  return std::pair{c1, sigmoid(o) * tanh(c1)};
};
constexpr auto gru = [](auto xr, auto xz, auto xn, auto hr, auto hz, auto hn, auto b, auto h) {
  auto r = sigmoid(xr + hr);
  auto z = sigmoid(xz + hz);
  auto n = tanh(xn + r * (hn + b));
  return (1 - z) * n + z * h;
};
constexpr auto mixed = [](auto a, auto b, auto c) { return tanh(a * b) + c * sigmoid(a - 2 * c) * b; };

}  // namespace

TEST_CASE("every elementwise op has the same value and gradient fused as on Vars") {
#define EBB_UNARY(Op, function, x) \
  same<1>(#function, [](auto x) { return function(x) * x; }, {{3, 37}}, pointwise::Op::low, pointwise::Op::high);
#define EBB_BINARY(Op, function, a, b)                                                                          \
  same<2>(                                                                                                      \
      #function, [](auto a, auto b) { return function(a, b) * a + b; }, {{3, 37}, {3, 37}}, pointwise::Op::low, \
      pointwise::Op::high);
#define EBB_TERNARY(Op, function, a, b, c) \
  same<3>(#function, [](auto a, auto b, auto c) { return function(a, b, c) + a * b * c; }, {{3, 37}, {3, 37}, {3, 37}});
#define EBB_COMPARISON EBB_BINARY
#include <ebb/ops/pointwise_functions.inl>
}

TEST_CASE("a fused op handles numbers and comparisons as on Vars") {
  const std::vector<Shape> one = {{3, 37}}, two = {{3, 37}, {3, 37}};
#define EBB_ONE(f) same<1>(#f, [](auto x) { return f; }, one)
#define EBB_TWO(f) same<2>(#f, [](auto a, auto b) { return f; }, two, .3, 2)
  EBB_ONE(elu(x));
  EBB_ONE(elu(x, .3));
  EBB_ONE(clip(x, -1, .5));
  EBB_ONE(where(x > .3, x * x, -x));
  EBB_ONE(-x + 3 - x / 2);
  EBB_ONE(pow(abs(x) + 1, 3));
  EBB_TWO((a < b) * a + (a <= b) * b + (a > b) + (a >= b));
  EBB_TWO(equal(a, b) + a + not_equal(a, b) * b);
  EBB_TWO(where(a < b, a * b, a));
#undef EBB_ONE
#undef EBB_TWO
}

TEST_CASE("numbers in a fused lambda are distinguished, equal parts are merged") {
  same<1>("polynomial", [](auto x) { return 2 * x + 3 * x * x; }, {{50}});
  same<1>("common part", [](auto x) { return sigmoid(x) * sigmoid(x) + tanh(sigmoid(x)); }, {{50}});
  same<1>("compound",
          [](auto x) {
            auto y = x * 1.5;
            y += x;
            y *= 2;
            y -= 1;
            y /= 3;
            return y;
          },
          {{50}});
  same<1>("softsign", [](auto x) { return x / (1 + abs(x)); }, {{4, 5, 6}});
  same<2>("mish", [](auto x, auto) { return x * tanh(softplus(x)); }, {{7, 3}, {7, 3}});
}

TEST_CASE("fused operands broadcast, and their gradients are sums") {
  const std::vector<std::vector<Shape>> cases = {{{6, 33}, {6, 33}, {33}},
                                                 {{6, 33}, {33}, {}},
                                                 {{6, 33}, {6, 1}, {1, 33}},
                                                 {{6, 33}, {}, {6, 1}},
                                                 {{5}, {5}, {}},
                                                 {{}, {}, {}},
                                                 {{2, 3, 4}, {3, 4}, {2, 1, 4}},
                                                 {{2, 3, 4}, {2, 3, 1}, {1, 3, 1}},
                                                 {{2, 3, 4, 5}, {3, 1, 5}, {2, 1, 4, 1}},
                                                 {{40, 1}, {1, 7}, {40, 7}},
                                                 {{1, 17}, {1, 17}, {17}},
                                                 {{0, 4}, {0, 4}, {4}}};
  for (const auto& shapes : cases) same<3>("mixed", mixed, shapes, -1, 1);
}

TEST_CASE("there may be several fused results, each used or not") {
  const std::vector<Shape> five(5, Shape{9, 21});
  for (const unsigned used : {1u, 2u, 3u}) same<5>("lstm", lstm, five, -2, 2, used);
  const auto four = [](auto a, auto b) { return std::tuple{a * b, tanh(a), a, b - tanh(a)}; };
  for (unsigned used = 1; used < 16; ++used) same<2>("four", four, {{3, 5}, {3, 5}}, -1, 1, used);
  same<2>("a smaller result", [](auto a, auto b) { return std::pair{a * b, exp(b)}; }, {{3, 5}, {5}});
  same<8>("gru", gru, {{9, 21}, {9, 21}, {9, 21}, {9, 21}, {9, 21}, {9, 21}, {21}, {9, 21}});
}

TEST_CASE("an unused result does not contribute to the gradient, even where its own is infinite") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::from({3}, {0, 1, 2}, f64));
  auto [a, b] = fuse([](auto x) { return std::pair{log(x), x * x}; }, x);
  const Grads g = tape.backward(sum(b));
  CHECK(g[x].at({0}) == 0);
  CHECK(g[x].at({2}) == 4);
}

TEST_CASE("an operand may be given twice, as itself or as a view of itself") {
  const auto f = [](auto a, auto b) { return a * tanh(b) + a; };
  for (const bool fused : {true, false}) {
    Tape tape{{.dtype = f64}};
    const Var x = variable(uniform({4, 6}, Key{1}, -1, 1, f64));
    static Array kept;
    const auto go = [&](const Var& a, const Var& b) { return fused ? fuse(f, a, b) : f(a, b); };
    Var loss = sum(go(x, x)) + sum(square(go(range(x, 0, 3), range(x, 1, 4)))) + sum(square(go(x, x[1])));
    const auto [p, q, r] = split<3>(x);
    loss = loss + sum(go(p, r) * go(slice(x, 1, 1, 5), slice(x, 1, 2, 6))[0][0]);
    const Array g = tape.backward(loss)[x];
    if (fused) kept = g;
    else CHECK(error_of(kept, g) < 1e-13);
  }
}

TEST_CASE("views are fused in place: rows, slices of a sequence, column blocks") {
  for (const DType d : {f64, f32})
    for (const bool named : {false, true}) {
      std::vector<Array> found[2];
      for (const int way : {0, 1}) {
        Tape tape{{.dtype = d}};
        const Var x = variable(uniform({3, 5, 4 * 11}, Key{1}, -1, 1, d)),
                  c0 = variable(uniform({5, 11}, Key{2}, -1, 1, d));
        Var c = c0, all = constant(Array::number(0, d));
        for (int t = 0; t < 3; ++t) {
          std::array<Var, 4> pre = split<4>(named ? x[t] : tanh(x[t]));
          auto [c1, h1] = way     ? lstm(pre[0], pre[1], pre[2], pre[3], c)
                          : named ? fuse(lstm, pre, c)
                                  : fuse(lstm, static_cast<std::array<Var, 4>&&>(pre), c);
          c = c1;
          all = all + sum(h1 * (t + 1.0));
        }
        const Grads g = tape.backward(all + sum(c));
        found[way] = {all.value(), g[x], g[c0]};
      }
      for (std::size_t k = 0; k < 3; ++k) CHECK(error_of(found[0][k], found[1][k]) < (d == f64 ? 1e-12 : 1e-5));
    }
}

TEST_CASE("a block of a split that a fused op does not use receives zeros") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::full({2, 6}, 1, f64));
  const auto [a, b, c] = split<3>(x);
  const Grads g = tape.backward(sum(fuse([](auto a, auto c) { return a * c; }, a, c)));
  CHECK(g[x].at({1, 0}) == 1);
  CHECK(g[x].at({1, 2}) == 0);
  CHECK(g[x].at({0, 5}) == 1);
}

TEST_CASE("blocks of several arrays may be given in any order, and overlap others in their parents") {
  const auto f = [](auto a, auto p, auto b, auto q, auto c) { return a * tanh(p) - b * q * c + sigmoid(c); };
  Array found[2][2];
  for (const bool fused : {true, false}) {
    Tape tape{{.dtype = f64}};
    const Var x = variable(uniform({5, 9}, Key{1}, -1, 1, f64)), y = variable(uniform({5, 6}, Key{2}, -1, 1, f64));
    const Var u = x * 2, v = y * 3;
    auto [a, b, c] = split<3>(u);
    auto [p, q] = split<2>(v);
    const Var first = fused ? fuse(f, a, p, b, q, c) : f(a, p, b, q, c);
    const Var overlapping = slice(u, 1, 1, 4);
    const Var second = fused ? fuse(f, a, p, overlapping, q, c) : f(a, p, overlapping, q, c);
    const Grads g = tape.backward(sum(square(first)) + sum(second) + sum(u * u));
    found[fused][0] = g[x];
    found[fused][1] = g[y];
  }
  for (const int k : {0, 1}) CHECK(error_of(found[1][k], found[0][k]) < 1e-13);
}

TEST_CASE("numbers, parameters and operands without gradient may be at any position") {
  LeafSet set(f64);
  const Leaf w = set.add("w", Array::from({3}, {1, 2, 3}, f64));
  Tape tape{{.dtype = f64}};
  const Var x = constant(Array::from({2, 3}, {1, 2, 3, 4, 5, 6}, f64));
  const Var y = fuse([](auto x, auto w, auto k) { return x * w + k; }, x, w, 10);
  CHECK(y.value().at({1, 2}) == 28);
  const Grads g = tape.backward(sum(y));
  CHECK(g[w].at({0}) == 5);
  NoGrad off;
  const Var z = fuse([](auto x, auto w) { return x - w; }, x, w);
  CHECK(z.value().at({0, 1}) == 0);
  CHECK_FALSE(z.requires_grad());
}

TEST_CASE("NaN propagates") {
  for (const DType d : {f32, f64}) {
    Tape tape{{.dtype = d}};
    const Var x = variable(Array::full({2, 19}, NAN, d));
    const Var y = fuse([](auto x) { return tanh(x) + sigmoid(x) * max(x, 0.0) + exp(x); }, x);
    const Array g = tape.backward(sum(y))[x];
    for (int k = 0; k < 38; ++k) CHECK((std::isnan(y.value().at_flat(k)) && std::isnan(g.at_flat(k))));
  }
}

TEST_CASE("a fused element has the same bits at any row and any position in a row") {
  for (const DType d : {f32, f64}) {
    Tape tape{{.dtype = d}};
    const Array row = uniform({1, 37}, Key{3}, -3, 3, d);
    const Var one = fuse(mixed, constant(row), .7, constant(row));
    Array many = Array::empty({9, 40}, d);
    many.fill(.1);
    for (int r = 0; r < 9; ++r) many.range(r, r + 1).column_block(3, 40).assign(row);
    const Var all = fuse(mixed, constant(many), .7, constant(many));
    for (int r = 0; r < 9; ++r)
      for (int k = 0; k < 37; ++k) REQUIRE(all.value().at({r, k + 3}) == one.value().at({0, k}));
  }
}

TEST_CASE("a large fused op gives the same bits on any number of threads") {
  std::vector<Array> found[3];
  const int before = threads();
  for (const int n : {1, 2, 3}) {
    set_threads(n);
    Tape tape;
    const Var x = variable(uniform({301, 211}, Key{1}, -1, 1)), b = variable(uniform({211}, Key{2}, -1, 1));
    const Var y = fuse(mixed, x, x * 2, b) + fuse([](auto a, auto c) { return tanh(a) * c; }, x, x * 3);
    const Grads g = tape.backward(sum(fuse(mixed, y, range(x, 0, 301), 2.0)));
    found[n - 1] = {y.value(), g[x], g[b]};
  }
  set_threads(before);
  for (const int n : {1, 2})
    for (std::size_t k = 0; k < 3; ++k) CHECK(error_of(found[n][k], found[0][k]) == 0);
}

TEST_CASE("fused expressions pass gradcheck, and to second order through Vars") {
  std::vector<Array> in;
  for (std::uint64_t k = 0; k < 5; ++k) in.push_back(uniform({3, 4}, Key{k}, -1, 1, f64));
  in.push_back(uniform({4}, Key{8}, -1, 1, f64));
  for (const int order : {1, 2}) {
    const auto r = gradcheck(
        [](const std::vector<Var>& v) {
          auto [c, h] = fuse(lstm, v[0] + v[5], v[1], v[2] * v[5], v[3], v[4]);
          return c + fuse([](auto h, auto b) { return h / (1 + abs(h)) * b; }, h, v[5]);
        },
        in, {.order = order});
    INFO("order " << order << "\n" << r);
    CHECK(r.ok());
  }
}

TEST_CASE("a retained fused graph may be swept again") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(uniform({2, 5}, Key{1}, -1, 1, f64));
  const Var loss = sum(fuse([](auto a, auto b) { return tanh(a) * sigmoid(b); }, x * 2, x * 3));
  const Array first = tape.backward(loss, true)[x].copy();
  CHECK(error_of(tape.backward(loss)[x], first) == 0);
  CHECK_THROWS_AS(tape.backward(loss), TapeError);
}

TEST_CASE("operands with incompatible shapes are named, with the line") {
  Tape tape;
  const Var a = constant(Array::zeros({3, 4}, f32)), b = constant(Array::zeros({5}, f32));
  CHECK_THROWS_AS(fuse(mixed, a, b, 1), ShapeError);
  CHECK_THROWS_WITH(fuse(mixed, a, b, 1),
                    Contains("fuse") && Contains("[3, 4]") && Contains("[5]") && Contains("fuse_test.cpp:"));
}

TEST_CASE("invalid lambdas are rejected at compile time") {
  double outside = 2;
  auto captures = [outside](auto x) { return x * outside; };
  CHECK_FALSE(std::is_empty_v<decltype(captures)>);  // fuse has a static_assert for this
  static double changes = 1;
  auto reads = [](auto x) { return x * changes; };
  CHECK_FALSE(detail::fused::known_now<decltype(reads), std::make_index_sequence<1>>);
  auto fine = [](auto x) { return x * 2; };
  CHECK(detail::fused::known_now<decltype(fine), std::make_index_sequence<1>>);
  changes = 2;
}

}  // namespace fuse_test
