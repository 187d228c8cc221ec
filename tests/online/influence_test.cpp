#include <cmath>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/observe/trajectory.hpp>
#include <ebb/online/online_learner.hpp>
#include <ebb/online/rtrl.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>

#include "catch.hpp"
#include "online_run.hpp"

namespace influence_test {

using namespace ebb;
using Catch::Matchers::Contains;
using test::OnlineRun;

namespace {

/// h' = .75 h + .25 tanh(x W + h U), Murray's units.
struct LeakyUnits {
  Param W, U;
  LeakyUnits(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)), U(p.matrix("U", s.hidden, s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s) const { return {.75 * s.h + .25 * tanh(matmul(x, W) + matmul(s.h, U))}; }
};
EBB_CELL_NAMED(test_leaky_units, "test-leaky-units", LeakyUnits, "leaky rate units");

/// h' = tanh(x W + h U^2): a matrix that is used elementwise before its product.
struct SquaredWeights {
  Param W, U;
  SquaredWeights(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)), U(p.matrix("U", s.hidden, s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s) const { return {tanh(matmul(x, W) + matmul(s.h, square(U)))}; }
};
EBB_CELL_NAMED(test_squared_weights, "test-squared-weights", SquaredWeights, "squares of weights");

}  // namespace

TEST_CASE("With weights held, the gradients of RTRL sum to that of backpropagation through time, for every cell") {
  for (const CellInfo& info : cell_list()) {
    INFO(info.name);
    OnlineRun run(info.name);
    if (run.w.count() == 0) continue;
    CHECK(run.error_of(run.sum_of("rtrl"), run.by_bptt()) < 1e-12);
  }
}

TEST_CASE("RTRL takes the diagonal form for cells whose units recur alone") {
  const auto share_kept = [](const char* name) {
    const OnlineRun run(name);
    const StepMap map(*run.cell, run.w, run.x[0]);
    return static_cast<double>(make_rtrl(map, 1)->values()) / static_cast<double>(make_dense_rtrl(map, 1)->values());
  };
  for (const char* name : {"mingru", "minlstm", "indrnn", "diagonal", "saddle"}) {
    INFO(name);
    CHECK(share_kept(name) * OnlineRun::H == 1);
  }
  for (const char* name : {"rnn", "irnn", "lstm", "gru", "slstm:heads=1", "tanhmap"}) {
    INFO(name);
    CHECK(share_kept(name) == 1);
  }
}

TEST_CASE("IRNN's recurrence is the identity initially, but is not taken for diagonal") {
  const OnlineRun run("irnn", 0);
  const StepMap map(*run.cell, run.w, run.x[0]);
  CHECK(make_rtrl(map, 1)->values() == std::int64_t{map.size()} * map.count());
}

TEST_CASE("SnAp-1 is RTRL with the entries that the immediate derivative cannot reach set to zero") {
  for (const CellInfo& info : cell_list()) {
    INFO(info.name);
    OnlineRun run(info.name);
    if (run.w.count() == 0) continue;
    CHECK(run.error_of(run.vector_of("snap1"), run.by_masked_recursion()) < 1e-12);
  }
}

TEST_CASE("SnAp-1 and e-prop are exact where recurrences are diagonal; SnAp-1 is biased elsewhere") {
  for (const char* name : {"mingru", "minlstm", "indrnn"}) {
    INFO(name);
    OnlineRun run(name);
    for (const char* method : {"snap1", "eprop"}) CHECK(run.error_of(run.sum_of(method), run.by_bptt()) < 1e-12);
  }
  OnlineRun run("rnn");
  CHECK(run.error_of(run.sum_of("snap1"), run.by_bptt()) > 1e-3);
}

TEST_CASE("E-prop is backpropagation through time with h held where it enters the recurrent products only") {
  for (const char* name : {"rnn", "irnn", "exprnn", "lstm", "cifg", "lstm-peephole"}) {
    INFO(name);
    OnlineRun run(name);
    CHECK(run.error_of(run.sum_of("eprop"), run.by_bptt("h")) < 1e-12);
  }
  OnlineRun run("rnn");
  CHECK(run.error_of(run.sum_of("rflo"), run.by_bptt("h")) < 1e-12);
}

TEST_CASE("RFLO of leaky units is the recursion of Murray 2019") {
  OnlineRun run("test-leaky-units");
  const Array U = run.w.find("cell/U").value(), W = run.w.find("cell/W").value();
  constexpr int B = OnlineRun::B, I = OnlineRun::I, H = OnlineRun::H;
  std::vector<double> h(B * H), p(B * H * H), q(B * I * H), gU(H * H), gW(I * H);
  for (int t = 0; t < OnlineRun::T; ++t)
    for (int b = 0; b < B; ++b) {
      std::vector<double> next(H);
      for (int i = 0; i < H; ++i) {
        double z = 0;
        for (int j = 0; j < I; ++j) z += run.x.at({t, b, j}) * W.at({j, i});
        for (int j = 0; j < H; ++j) z += h[static_cast<std::size_t>(b * H + j)] * U.at({j, i});
        const double slope = 1 - std::tanh(z) * std::tanh(z), u = run.u.at({t, b, i});
        for (int j = 0; j < H; ++j) {
          double& e = p[static_cast<std::size_t>((b * H + j) * H + i)];
          e = .75 * e + .25 * slope * h[static_cast<std::size_t>(b * H + j)];
          gU[static_cast<std::size_t>(j * H + i)] += u * e;
        }
        for (int j = 0; j < I; ++j) {
          double& e = q[static_cast<std::size_t>((b * I + j) * H + i)];
          e = .75 * e + .25 * slope * run.x.at({t, b, j});
          gW[static_cast<std::size_t>(j * H + i)] += u * e;
        }
        next[static_cast<std::size_t>(i)] = .75 * h[static_cast<std::size_t>(b * H + i)] + .25 * std::tanh(z);
      }
      std::copy(next.begin(), next.end(), h.begin() + b * H);
    }
  const Grads g = run.sum_of("rflo");
  for (int k = 0; k < H * H; ++k) CHECK(g[run.w.find("cell/U")].at_flat(k) == Approx(gU[static_cast<std::size_t>(k)]));
  for (int k = 0; k < I * H; ++k) CHECK(g[run.w.find("cell/W")].at_flat(k) == Approx(gW[static_cast<std::size_t>(k)]));
}

TEST_CASE("Methods reject the cells that do not meet their assumptions, with the reason") {
  const auto reason = [](const char* method, const char* cell) {
    try {
      const OnlineRun run(cell);
      const StepMap map(*run.cell, run.w, run.x[0]);
      make_influence(method, map, 1);
    } catch (const ValueError& e) { return std::string(e.what()); }
    return std::string();
  };
  CHECK_THAT(reason("rflo", "lstm"), Contains("rflo does not apply to cell lstm: its state does not leak"));
  CHECK_THAT(reason("eprop", "fastgrnn"), Contains("contributes to several units within one step"));
  CHECK_THAT(reason("kf-rtrl", "test-squared-weights"),
             Contains("its parameter cell/U is used in other ways than in a product or elementwise"));
  CHECK_THAT(reason("sketch", "rnn"), Contains("there is no online gradient 'sketch'; there are rtrl, snap1"));
  Params w{{.dtype = f64}};
  const CellPtr stack = make_stack("rnn", w / "cell", {2, 3}, 2);
  CHECK_THROWS_WITH(StepMap(*stack, w, Array::zeros({1, 2}, f64)), Contains("online gradients are those of one layer"));
}

TEST_CASE("A learner's gradient reaches parameters through their transforms, and restart forgets") {
  OnlineRun run("exprnn");
  OnlineLearner learner(*run.cell, run.w, OnlineRun::B, OnlineRun::I, {.method = "rtrl", .seed = 1, .dtype = f64});
  learner.advance(run.x[0]);
  const Grads first = learner.gradient(run.u[0]);
  learner.advance(run.x[1]);
  CHECK(learner.time() == 2);
  learner.restart();
  learner.advance(run.x[0]);
  CHECK(run.error_of(learner.gradient(run.u[0]), first) == 0);
  CHECK_THROWS_WITH(learner.advance(run.x), Contains("the input of a step must be [3, 2]"));
}

}  // namespace influence_test
