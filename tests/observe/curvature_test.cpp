#include <algorithm>
#include <cmath>
#include <ebb/autograd/hessian.hpp>
#include <ebb/autograd/jacobian.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/observe/curvature.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/linalg.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/reduce.hpp>
#include <numbers>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace curvature_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

constexpr int T = 4, B = 3, I = 2, H = 3;

Array inputs() { return normal({T, B, I}, Key{1}.named("x"), 0, 1, f64); }
Array targets() { return normal({B, 2}, Key{2}.named("y"), 0, 1, f64); }

/// A small network of one cell and a readout.
struct Network {
  Params w{{.dtype = f64}};
  CellPtr cell;
  Linear out;
  explicit Network(const char* name) : cell(make_cell(name, w / "cell", {I, H})), out(w / "out", H, 2) {}
  Var outputs() const { return out(unroll(*cell, constant(inputs()), StepContext()).last()); }
  Array output_values() const {
    const Tape tape{{.dtype = f64}};
    return outputs().value();
  }
  static Var loss_of(const Var& z) { return mean(squared_error(z, constant(targets()))); }
  Var loss() const { return loss_of(outputs()); }
  Array values() const { return parameters().values(); }
  detail::ParameterVector parameters() const { return detail::ParameterVector(detail::trained_leaves(w)); }
  Array dense_hessian() const {
    const auto loss_at = [&](const Var& theta) {
      const detail::BoundParameters bound(parameters(), theta);
      return loss();
    };
    return hessian(loss_at, values());
  }
};

/// Eigenvalues of a symmetric matrix, ascending.
std::vector<double> sorted_eigenvalues(const Array& A) {
  const Array re = eigenvalues((A + transpose(A)) * .5).real;
  std::vector<double> list;
  for (std::int64_t k = 0; k < re.size(); ++k) list.push_back(re.at_flat(k));
  std::sort(list.begin(), list.end());
  return list;
}

/// Q diag(values) Q^T with a reflection Q.
Array with_spectrum(const std::vector<double>& values) {
  const int N = static_cast<int>(values.size());
  Array v = normal({N, 1}, Key{9}, 0, 1, f64), D = Array::zeros({N, N}, f64), Q = D.copy();
  for (int i = 0; i < N; ++i) {
    D.set_flat(i * N + i, values[static_cast<std::size_t>(i)]);
    Q.set_flat(i * N + i, 1);
  }
  Q = Q - matmul(v, v, Trans::no, Trans::yes) * (2 / sum_of_squares(v));
  return matmul(Q, matmul(D, Q, Trans::no, Trans::yes));
}

SymmetricProduct product_with(const Array& A) {
  return [A](const Array& v) { return matmul(A, v.reshape({v.dim(0), 1})).reshape({v.dim(0)}); };
}

void check_ends(const LeadingEigenvalues& got, const std::vector<double>& ascending, double margin) {
  const std::size_t n = ascending.size();
  CHECK(got.converged);
  for (std::size_t k = 0; k < got.largest.size(); ++k) {
    CHECK(got.largest[k].value == Approx(ascending[n - 1 - k]).epsilon(0).margin(margin));
    CHECK(got.largest[k].residual < margin);
  }
  for (std::size_t k = 0; k < got.smallest.size(); ++k) {
    CHECK(got.smallest[k].value == Approx(ascending[k]).epsilon(0).margin(margin));
    CHECK(got.smallest[k].residual < margin);
  }
}

}  // namespace

TEST_CASE("Leading eigenvalues of the Hessian agree with those of the dense Hessian within 1e-8") {
  for (const char* name : {"rnn", "gru", "lstm"}) {
    INFO(name);
    const Network net(name);
    const Array dense = net.dense_hessian();
    const HessianProduct H({net.w, [&] { return net.loss(); }});
    REQUIRE(H.size() == dense.dim(0));
    const Array v = normal({H.size()}, Key{5}, 0, 1, f64);
    CHECK(test::error_of(H(v), product_with(dense)(v)) < 1e-12);
    CHECK(test::error_of(H(v), H(v)) == 0);
    const LeadingEigenvalues ends = leading_eigenvalues(H.size(), std::ref(H), {.largest = 6, .smallest = 3});
    REQUIRE(ends.largest.size() == 6);
    REQUIRE(ends.smallest.size() == 3);
    check_ends(ends, sorted_eigenvalues(dense), 1e-8);
  }
}

TEST_CASE("The Hessian of a batch's loss is the same, and comes with the loss and its gradient") {
  const Network net("gru");
  const HessianProduct H({net.w, [&] { return net.loss(); }});
  const HessianProduct S({net.w, {.rows = B}, [&](Shard& s) {
                            const Run run = unroll(*net.cell, s.sequence(inputs()), s.context());
                            return s.mean_rows(squared_error(net.out(run.last()), s.rows(targets())));
                          }});
  const Array v = normal({S.size()}, Key{5}, 0, 1, f64);
  const Array Sv = S(v);
  CHECK(S.loss() == Approx(H.loss()).epsilon(1e-14));
  CHECK(norm_of(S.gradient()) > 0);
  CHECK(test::error_of(S.gradient(), H.gradient()) < 1e-13);
  const HessianProduct again({net.w, [&] { return net.loss(); }});
  CHECK(test::error_of(Sv, again(v)) < 1e-12);
  CHECK_THROWS_WITH(S(v), Contains("still open"));
  CHECK_THROWS_WITH(again(v.range(0, 3)), Contains("not [" + std::to_string(S.size())));
}

TEST_CASE("The Gauss-Newton matrix of least squares is J^T J, that of cross entropy J^T (diag p - p p^T) J") {
  const Network net("lstm");
  const auto outputs = [&] { return net.outputs(); };
  const Array J = jacobian_full(
      [&](const Var& theta) {
        const detail::BoundParameters bound(net.parameters(), theta);
        return reshape(net.outputs(), {-1});
      },
      net.values());
  const auto half_squares = [](const Var& z) { return .5 * sum(square(z - constant(targets()))); };
  const Array JtJ = matmul(J, J, Trans::yes, Trans::no);
  const GaussNewtonProduct G(net.w, outputs, half_squares);
  const Array v = normal({G.size()}, Key{5}, 0, 1, f64);
  CHECK(test::error_of(G(v), product_with(JtJ)(v)) < 1e-12);
  const LeadingEigenvalues ends = leading_eigenvalues(G.size(), std::ref(G), {.largest = 5, .smallest = 1});
  check_ends(ends, sorted_eigenvalues(JtJ), 1e-8);

  const Tokens classes({B}, {0, 1, 1});
  const GaussNewtonProduct F(net.w, outputs, [&](const Var& z) { return sum(cross_entropy(z, classes)); });
  const Array p = softmax(net.output_values());
  Array L = Array::zeros({2 * B, 2 * B}, f64);
  for (int b = 0; b < B; ++b)
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 2; ++j)
        L.set_flat((2 * b + i) * 2 * B + 2 * b + j, (i == j ? p.at({b, i}) : 0) - p.at({b, i}) * p.at({b, j}));
  const Array fisher = matmul(J, matmul(L, J), Trans::yes, Trans::no);
  CHECK(test::error_of(F(v), product_with(fisher)(v)) < 1e-12);
}

TEST_CASE("Lanczos finds the ends of a known spectrum, copies of an eigenvalue, and the rank of a projection") {
  std::vector<double> spectrum;
  for (int k = 0; k < 60; ++k) spectrum.push_back(std::cos(.1 * k) + (k == 0 ? 3 : 0));
  std::sort(spectrum.begin(), spectrum.end());
  check_ends(leading_eigenvalues(60, product_with(with_spectrum(spectrum)), {.largest = 4, .smallest = 4}), spectrum,
             1e-8);

  const std::vector<double> copies = {-1, -1, 0, 0, 0, 2, 2, 2, 5, 5};
  const LeadingEigenvalues c =
      leading_eigenvalues(10, product_with(with_spectrum(copies)), {.largest = 5, .smallest = 2});
  check_ends(c, copies, 1e-12);
  const Array gram = matmul(c.vectors, c.vectors, Trans::no, Trans::yes);
  for (int i = 0; i < 7; ++i)
    for (int j = 0; j < 7; ++j) CHECK(gram.at({i, j}) == Approx(i == j).margin(1e-12));

  std::vector<double> zeros(500, 0.);
  zeros.back() = 3;
  const LeadingEigenvalues low = leading_eigenvalues(500, product_with(with_spectrum(zeros)), {.largest = 3});
  CHECK(low.steps < 10);
  check_ends(low, zeros, 1e-12);
}

TEST_CASE("Lanczos without enough steps says so, and its residuals still bound the error") {
  std::vector<double> spectrum;
  for (int k = 0; k < 200; ++k) spectrum.push_back(k / 200.);
  const LeadingEigenvalues e =
      leading_eigenvalues(200, product_with(with_spectrum(spectrum)), {.largest = 2, .most_steps = 12});
  CHECK_FALSE(e.converged);
  CHECK(e.steps == 12);
  for (const LeadingEigenvalue& one : e.largest) {
    double nearest = 1;
    for (double x : spectrum) nearest = std::min(nearest, std::abs(x - one.value));
    CHECK(nearest <= one.residual);
    CHECK(one.residual > 1e-6);
  }
  CHECK_THROWS_AS(leading_eigenvalues(3, product_with(with_spectrum({1, 2, 3})), {.largest = -1}), ValueError);
  CHECK_THROWS_WITH(leading_eigenvalues(2, [](const Array&) { return Array::full({2}, NAN, f64); }),
                    Contains("infinite or NaN"));
}

TEST_CASE(
    "Each probe's quadrature has the moments of its vector, and their mean those of the matrix within its error") {
  std::vector<double> spectrum;
  for (int k = 0; k < 100; ++k) spectrum.push_back(std::sin(1. + k) * (k % 7));
  const Array A = with_spectrum(spectrum);
  const SpectralDensity d = spectral_density(100, product_with(A), {.probes = 40, .steps = 6});
  double truth[4] = {0, 0, 0, 0};
  for (double x : spectrum)
    for (int k = 0; k < 4; ++k) truth[k] += std::pow(x, k) / 100;
  CHECK(d.moment(0).value == Approx(1).epsilon(1e-13));
  for (int k = 1; k < 4; ++k) CHECK(std::abs(d.moment(k).value - truth[k]) < 3.5 * d.moment(k).error);
  // The first probe: v^T A^k v / N for k up to 2 m - 1 = 11.
  const Array v = bernoulli({100}, Key{1}.named("spectral density").at(0), .5, f64) * 2. - 1.;
  Array moved = v;
  for (int k = 0; k <= 11; ++k) {
    double by_nodes = 0;
    for (int i = 0; i < 6; ++i) by_nodes += d.weights.at({0, i}) * std::pow(d.nodes.at({0, i}), k);
    CHECK(by_nodes == Approx(sum(v * moved).item() / 100).epsilon(1e-10));
    moved = product_with(A)(moved);
  }
}

TEST_CASE("A spectral density with as many steps as dimensions has the exact eigenvalues, and integrates to one") {
  const std::vector<double> spectrum = {-2, -1, 0, 1, 1, 1, 3, 4};
  const SpectralDensity d = spectral_density(8, product_with(with_spectrum(spectrum)), {.probes = 400});
  CHECK(d.lowest == Approx(-2));
  CHECK(d.highest == Approx(4));
  CHECK(std::abs(d.share_below(-.5).value - .25) < 3.5 * d.share_below(-.5).error);
  CHECK(std::abs(d.share_below(2).value - .75) < 3.5 * d.share_below(2).error);
  Array at = Array::empty({1201}, f64);
  for (int k = 0; k < 1201; ++k) at.set_flat(k, -6 + .01 * k * 1.2);
  const DensityCurve c = d.smoothed(at, .2);
  double integral = 0, worst = 0;
  for (int k = 0; k < 1201; ++k) {
    integral += c.values.at_flat(k) * .012;
    double truth = 0;
    for (double x : spectrum)
      truth += std::exp(-std::pow((at.at_flat(k) - x) / .2, 2) / 2) / (8 * .2 * std::sqrt(2 * std::numbers::pi));
    if (c.errors.at_flat(k) > 1e-6)
      worst = std::max(worst, std::abs(c.values.at_flat(k) - truth) / c.errors.at_flat(k));
  }
  CHECK(integral == Approx(1).epsilon(1e-6));
  CHECK(worst < 4.5);
  CHECK_THROWS_WITH(d.smoothed(at, 0), Contains("not positive"));
  CHECK_THROWS_WITH(spectral_density(8, product_with(with_spectrum(spectrum)), {.probes = 1}), Contains("1 probes"));
}

TEST_CASE("The spectral density of a network's Hessian has its trace and its share of negative eigenvalues") {
  const Network net("gru");
  const Array dense = net.dense_hessian();
  const HessianProduct H({net.w, [&] { return net.loss(); }});
  const SpectralDensity d = spectral_density(H.size(), std::ref(H), {.probes = 40});
  double trace = 0;
  for (int k = 0; k < H.size(); ++k) trace += dense.at({k, k}) / H.size();
  CHECK(std::abs(d.moment(1).value - trace) < 3.5 * d.moment(1).error);
  const std::vector<double> values = sorted_eigenvalues(dense);
  const auto negative =
      static_cast<double>(std::count_if(values.begin(), values.end(), [](double x) { return x < -1e-3; }));
  const Estimate share = d.share_below(-1e-3);
  CHECK(std::abs(share.value - negative / H.size()) < 3.5 * share.error);
}

}  // namespace curvature_test
