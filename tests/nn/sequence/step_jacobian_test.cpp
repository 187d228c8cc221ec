#include <cmath>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/jacobian.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/nn/sequence/recurrent_dropout.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/nn/sequence/zoneout.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/matmul.hpp>
#include <functional>

#include "arrays.hpp"
#include "catch.hpp"

namespace step_jacobian_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

constexpr int B = 3, I = 2, H = 4;

// A cell with a matrix state that depends on time and noise.
struct Fast {
  struct State {
    Var h, A;
  };
  Param W, U;
  Fast(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)), U(p.matrix("U", s.hidden, s.hidden)) {
    p.state("h", &State::h, {s.hidden});
    p.state("A", &State::A, {s.hidden, s.hidden});
  }
  State step(const Var& x, const State& s, const StepContext& at) const {
    const int rows = s.h.dim(0), H = s.h.dim(1);
    const Var column = reshape(s.h, {rows, H, 1}), row = reshape(tanh(matmul(s.h, U)), {rows, 1, H});
    const Var A = (.9 - .1 * at.time()) * s.A + column * row + .1 * at.normal("noise", s.A);
    return {.h = tanh(matmul(x, W) + reshape(matmul(reshape(s.h, {rows, 1, H}), A), {rows, H})), .A = A};
  }
};
EBB_CELL_NAMED(fast, "test-fast", Fast, "fast weights with noise, one field of which is a matrix");

struct Case {
  const Cell& cell;
  Array x;
  std::vector<Array> state;
  StepContext at;
};

State as_state(const Cell& cell, const std::vector<Array>& fields, bool wanted) {
  State s(cell.field_names(), cell.field_count());
  for (int k = 0; k < s.size(); ++k)
    s[k] = wanted ? variable(fields[static_cast<std::size_t>(k)]) : constant(fields[static_cast<std::size_t>(k)]);
  return s;
}

/// The state after three steps, perturbed, so that no field has its initial value.
Case made(const Cell& cell, const StepContext& at) {
  const Tape tape{{.dtype = f64}};
  const Run run = unroll(cell, Sequence(constant(uniform({3, B, I}, Key{1}, -1, 1, f64))), at);
  std::vector<Array> state;
  for (int k = 0; k < cell.field_count(); ++k) {
    const Array end = run.end()[k].value();
    state.push_back(end + uniform(end.shape(), Key{2}.named(cell.field(k).name), -.02, .02, f64));
  }
  return {cell, uniform({B, I}, Key{3}, -1, 1, f64), state, at.at_time(3)};
}

Array next_of(const Case& c) {
  const Tape tape{{.dtype = f64}};
  const NoGrad off;
  return flat_state(c.cell.step(constant(c.x), as_state(c.cell, c.state, false), c.at)).value();
}

/// Central differences in state value j of all rows at once; rows do not depend on each other.
void check_differences(const Case& c, const Array& J) {
  const double h = 1e-5;
  int first = 0;
  for (std::size_t k = 0; k < c.state.size(); ++k) {
    const int width = static_cast<int>(c.state[k].size() / B);
    for (int n = 0; n < width; ++n) {
      Case up = c, down = c;
      up.state[k] = c.state[k].copy();
      down.state[k] = c.state[k].copy();
      for (int b = 0; b < B; ++b) {
        up.state[k].set_flat(b * width + n, c.state[k].at_flat(b * width + n) + h);
        down.state[k].set_flat(b * width + n, c.state[k].at_flat(b * width + n) - h);
      }
      const Array a = next_of(up), d = next_of(down);
      for (int b = 0; b < B; ++b)
        for (int i = 0; i < J.dim(1); ++i) {
          INFO("row " << b << ", " << i << " by " << first + n);
          CHECK(J.at({b, i, first + n}) == Approx((a.at({b, i}) - d.at({b, i})) / (2 * h)).epsilon(1e-6).margin(1e-6));
        }
    }
    first += width;
  }
}

/// Gradients of one value of one row at a time.
void check_grads(const Case& c, const Array& J, const Array& by_input) {
  for (int b = 0; b < B; ++b)
    for (int i = 0; i < J.dim(1); ++i) {
      const Tape tape{{.dtype = f64}};
      const State s = as_state(c.cell, c.state, true);
      const Var x = variable(c.x), y = flat_state(c.cell.step(x, s, c.at))[b];
      std::vector<Var> wrt{x};
      for (int k = 0; k < s.size(); ++k) wrt.push_back(s[k]);
      const std::vector<Var> g = grad(slice(y, 0, i, i + 1), wrt);
      CHECK(test::error_of(by_input[b][i], g[0].value()[b]) < 1e-10);
      int first = 0;
      for (int k = 0; k < s.size(); ++k) {
        const Array one = g[static_cast<std::size_t>(k) + 1].value()[b];
        const Array row = one.reshape({static_cast<int>(one.size())});
        for (int n = 0; n < row.dim(0); ++n)
          CHECK(J.at({b, i, first + n}) == Approx(row.at({n})).epsilon(1e-10).margin(1e-10));
        first += row.dim(0);
      }
    }
}

void check(const Cell& cell, const StepContext& at) {
  INFO(cell.name());
  const Case c = made(cell, at);
  const Tape tape{{.dtype = f64}};
  const State s = as_state(cell, c.state, false);
  const Array J = step_jacobian(cell, constant(c.x), s, c.at),
              by_input = step_input_jacobian(cell, constant(c.x), s, c.at);
  REQUIRE(J.shape() == Shape{B, state_size(cell), state_size(cell)});
  REQUIRE(by_input.shape() == Shape{B, state_size(cell), I});
  check_differences(c, J);
  check_grads(c, J, by_input);
}

}  // namespace

TEST_CASE("The Jacobian of a step agrees with finite differences and with single gradients, for every cell") {
  for (const CellInfo& info : cell_list()) {
    if (info.name.rfind("test-", 0) == 0 && info.name != "test-fast") continue;
    Params w{{.dtype = f64}};
    check(*make_cell(info.name, w / "cell", {I, H}), StepContext({.seed = 5}));
  }
}

TEST_CASE("The Jacobian of a stack covers all its fields, with the masks of the rows") {
  const StepContext training({.training = true, .seed = 5, .update = 2, .first_row = 7});
  Params w{{.dtype = f64}};
  check(*make_stack("lstm", w / "stack", {I, 3}, 2), training);
  const auto cell = [&](const char* scope) { return make_cell("gru", w / scope, {I, H}); };
  check(Zoneout(cell("zoneout"), .3), training);
  check(DropoutCell(cell("dropout"), {.input = .4, .state = .4, .per_sequence = false}), training);
  check(RecurrentDropout(cell("recurrent"), .4), training);
  check(*make_cell("test-fast", w / "fast", {I, H}), training);
}

TEST_CASE("Many rows are computed in blocks, each with its own masks") {
  Params w{{.dtype = f64}};
  const Zoneout cell(make_cell("rnn", w / "cell", {1, 1}), .5);
  const StepContext at({.training = true, .seed = 5});
  const int rows = 5000;
  const Tape tape{{.dtype = f64}};
  const Var x = constant(normal({rows, 1}, Key{1}, 0, 1, f64));
  State s = cell.initial_state(rows);
  const Array J = step_jacobian(cell, x, s, at.at_time(0));
  s[0] = variable(s[0].value());
  CHECK(test::same_bits(J.reshape({rows, 1}), grad(sum(cell.step(x, s, at.at_time(0))[0]), {s[0]})[0].value()));
}

TEST_CASE("dh_T/dh_0 of an LSTM: the product of the steps' Jacobians is the Jacobian of the whole") {
  const int T = 6;
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("lstm", w / "cell", {I, H});
  const Tape tape{{.dtype = f64}};
  const Sequence x(constant(uniform({T, B, I}, Key{1}, -1, 1, f64)));
  const Array whole = jacobian(
                          [&](const Var& flat) {
                            State s(cell->field_names(), cell->field_count());
                            for (int k = 0; k < 2; ++k) s[k] = slice(flat, -1, k * H, (k + 1) * H);
                            return flat_state(unroll(*cell, x, s, StepContext{}).end());
                          },
                          flat_state(cell->initial_state(B)))
                          .value();
  State s = cell->initial_state(B);
  Array product;
  for (int t = 0; t < T; ++t) {
    const Array J = step_jacobian(*cell, x[t], s, StepContext().at_time(t));
    product = t == 0 ? J : matmul(J, product);
    s = cell->step(x[t], s, StepContext().at_time(t));
  }
  CHECK(test::error_of(product, whole) < 1e-13);
}

TEST_CASE("A state that is not the cell's is rejected by name") {
  Params w;
  const CellPtr cell = make_cell("lstm", w / "cell", {I, H});
  const Tape tape;
  State s = cell->initial_state(3);
  CHECK_THROWS_WITH(step_jacobian(*cell, zeros({2, I}), s), Contains("h is [3, 4]") && Contains("2 rows"));
  CHECK_THROWS_WITH(step_jacobian(*cell, zeros({3, I}), State{}), Contains("lstm") && Contains("2"));
  CHECK_THROWS_AS(step_jacobian(*cell, zeros({1, 3, I}), s), ShapeError);
}

}  // namespace step_jacobian_test
