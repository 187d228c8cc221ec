#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/omega.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/random.hpp>

#include "../arrays.hpp"
#include "catch.hpp"

namespace omega_test {

using namespace ebb;
using nlohmann::json;

namespace {

/// A cell with a squared error, at every step or at the last, divided by the number of rows.
struct Penalised {
  Params w{{.seed = 3, .dtype = f64}};
  CellPtr cell;
  Array x, y;
  bool every = false;

  Penalised(const std::string& name, CellSizes sizes) : cell(make_cell(name, w / "", sizes)) {}

  Var value(const OmegaOptions& o) const {
    const Sequence in{constant(x)};
    State initial = cell->initial_state(x.dim(1));
    for (int k = 0; k < initial.size(); ++k) initial[k] = variable(initial[k].value());
    const StepContext at;
    const Run run = unroll(*cell, in, initial, at);
    const int T = run.steps();
    const Var last = sum(square(run.last() - constant(y[T - 1])));
    const Var loss = (every ? sum(square(run.all() - constant(y))) : last) * (1.0 / x.dim(1));
    return omega({.cell = *cell, .x = in, .initial = initial, .run = run, .at = at, .loss = loss, .weights = w}, o);
  }
  double number(const OmegaOptions& o) const {
    const Tape tape{{.dtype = f64, .order = 2}};
    return value(o).item();
  }
};

void draw(Penalised& c, bool every) {
  c.x = normal({5, 2, 3}, Key{7}, 0, 1, f64);
  c.y = normal({5, 2, 4}, Key{8}, 0, 1, f64);
  c.every = every;
}

}  // namespace

TEST_CASE(
    "Omega and its gradient agree with PyTorch, in both forms, for last and for all losses, for one field and two") {
  const json goldens = test::golden("remedies.json");
  for (const json& c : goldens["omega"]) {
    Penalised one(c["cell"], {goldens["input"], goldens["hidden"]});
    for (const auto& [name, values] : c["parameters"].items()) test::set(one.w, name.c_str(), test::array_of(values));
    one.x = test::array_of(c["x"]);
    one.y = test::array_of(c["y"]);
    one.every = c["every"];
    for (const auto& [form, wanted] : c["forms"].items()) {
      CAPTURE(c["cell"].dump(), one.every, form);
      Tape tape{{.dtype = f64, .order = 2}};
      const Var value = one.value({.squared = wanted["squared"],
                                   .averaged = wanted["averaged"],
                                   .immediate = wanted["immediate"],
                                   .bound = wanted["bound"]});
      CHECK(value.item() == Approx(double(wanted["value"])).epsilon(1e-12));
      const Grads g = tape.backward(value);
      for (int k = 0; k < one.w.count(); ++k) {
        CAPTURE(one.w[k].name());
        CHECK(test::error_of(g[one.w[k]], test::array_of(wanted["gradients"][one.w[k].name()])) < 1e-11);
      }
    }
  }
}

TEST_CASE("the full gradient of Omega agrees with finite differences on cells with gates, memory and constraints") {
  const auto cell =
      GENERATE(as<std::string>{}, "rnn", "gru", "lstm", "lstm-peephole", "mingru", "cornn", "antisymmetric");
  const bool every = GENERATE(false, true);
  CAPTURE(cell, every);
  Penalised c(cell, {3, 4});
  draw(c, every);
  const OmegaOptions o = OmegaOptions::paper();
  std::vector<Array> analytic;
  {
    Tape tape{{.dtype = f64, .order = 2}};
    const Grads g = tape.backward(c.value(o));
    for (int k = 0; k < c.w.count(); ++k) analytic.push_back(g[c.w[k]].copy());
  }
  for (int k = 0; k < c.w.count(); ++k) {
    double scale = 1e-3;
    for (std::int64_t i = 0; i < analytic[static_cast<std::size_t>(k)].size(); ++i)
      scale = std::max(scale, std::abs(analytic[static_cast<std::size_t>(k)].at_flat(i)));
    for (std::int64_t i = 0; i < c.w[k].shape().size(); i += 3) {
      const auto shifted = [&](double by) {
        {
          Edit edit = c.w.edit();
          Array values = edit[c.w[k]];
          values.set_flat(i, values.at_flat(i) + by);
        }
        const double value = c.number(o);
        Edit edit = c.w.edit();
        Array values = edit[c.w[k]];
        values.set_flat(i, values.at_flat(i) - by);
        return value;
      };
      const double h = 1e-5, numeric = (shifted(h) - shifted(-h)) / (2 * h);
      CAPTURE(c.w[k].name(), i);
      CHECK(std::abs(analytic[static_cast<std::size_t>(k)].at_flat(i) - numeric) < 2e-6 * scale);
    }
  }
}

TEST_CASE("the immediate gradient of Omega is that of the recurrent weights alone") {
  for (const auto& [name, only] : {std::pair{"rnn", "U"}, {"lstm", "Wh"}}) {
    Penalised c(name, {3, 4});
    draw(c, true);
    Tape tape{{.dtype = f64, .order = 2}};
    const Grads g = tape.backward(c.value(OmegaOptions::code()));
    for (int k = 0; k < c.w.count(); ++k) {
      CAPTURE(name, c.w[k].name());
      double largest = 0;
      for (std::int64_t i = 0; i < g[c.w[k]].size(); ++i) largest = std::max(largest, std::abs(g[c.w[k]].at_flat(i)));
      CHECK((largest > 0) == (std::string(c.w[k].name()) == only));
    }
  }
}

TEST_CASE("Omega leaves out steps whose gradient is below the bound, and has value and gradient zero if all are") {
  Penalised c("rnn", {3, 4});
  draw(c, false);
  for (const OmegaOptions& form : {OmegaOptions::paper(), OmegaOptions::code()}) {
    OmegaOptions o = form;
    o.bound = 1e300;
    Tape tape{{.dtype = f64, .order = 2}};
    const Var value = c.value(o);
    CHECK(value.item() == 0);
    const Grads g = tape.backward(value);
    for (int k = 0; k < c.w.count(); ++k) CHECK(test::error_of(g[c.w[k]], Array::zeros(c.w[k].shape(), f64)) == 0);
  }
}

TEST_CASE("Omega of an orthogonal linear recurrence is zero, and of a scaled one known") {
  Penalised c("rnn:activation=linear,recurrent=orthogonal", {3, 4});
  draw(c, false);
  CHECK(c.number(OmegaOptions::paper()) < 1e-28);
  test::set(c.w, "U", .5 * c.w.find("U").value());
  CHECK(c.number(OmegaOptions::paper()) == Approx(5 * 2 * .25));  // steps, rows, (1/2 - 1)^2
  CHECK(c.number(OmegaOptions::code()) == Approx(.5625));         // (1/4 - 1)^2
}

}  // namespace omega_test
