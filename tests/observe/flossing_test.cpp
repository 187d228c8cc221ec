#include <ebb/autograd/gradcheck.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/observe/flossing.hpp>
#include <ebb/observe/lyapunov.hpp>
#include <ebb/ops/random.hpp>
#include <sstream>

#include "catch.hpp"
#include "message_of.hpp"
#include "numbers.hpp"

namespace flossing_test {

using namespace ebb;
using nlohmann::json;

namespace {

Array golden_array(const json& j) {
  const std::vector<int> extents = j["shape"];
  const std::vector<double> values = j["values"];
  Array a = Array::empty(Shape(extents.data(), static_cast<int>(extents.size())), f64);
  std::copy(values.begin(), values.end(), a.data<double>());
  return a;
}

double largest_difference(const Array& a, const Array& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::int64_t k = 0; k < a.size(); ++k) worst = std::max(worst, std::abs(a.at_flat(k) - b.at_flat(k)));
  return worst;
}

}  // namespace

TEST_CASE("the gradient of an orthonormal basis is right to second order, for square and tall matrices") {
  for (const Shape& shape : {Shape{2, 4, 4}, Shape{1, 5, 3}}) {
    const GradcheckReport r = gradcheck([](const std::vector<Var>& in) { return detail::orthonormal_columns(in[0]); },
                                        {normal(shape, Key{5}, 0, 1, f64)}, {.order = 2});
    std::ostringstream text;
    text << r;
    INFO(text.str());
    CHECK(r.ok());
  }
}

TEST_CASE("exponents for flossing are those of lyapunov") {
  const auto cell_name = GENERATE(as<std::string>{}, "rnn", "gru", "lstm", "cornn");
  const int warm_up = GENERATE(0, 6);
  Params w{{.seed = 2}};
  const CellPtr cell = make_cell(cell_name, w / "cell", {3, 5});
  const Array x = normal({40, 2, 3}, Key{4}, 0, 1, f64);
  const int S = cell->field_count() * 5;
  for (const int k : {S, 2}) {
    CAPTURE(cell_name, warm_up, k);
    const Lyapunov wanted = lyapunov(*cell, x, {}, {.directions = k, .warm_up = warm_up, .blocks = 2});
    const Tape tape{{.dtype = f64, .order = 2}};
    Array got =
        flossing_exponents(*cell, Sequence(constant(x)), {}, {.directions = k, .warm_up = warm_up}).value().copy();
    REQUIRE(got.shape() == Shape{2, k});
    for (int b = 0; b < 2; ++b) {  // lyapunov sorts them
      double* const row = got.data<double>() + std::int64_t{b} * k;
      std::sort(row, row + k, std::greater<>());
    }
    CHECK(largest_difference(got, wanted.of_rows) < 1e-10);
  }
}

TEST_CASE("exponents for flossing and their gradients agree with PyTorch") {
  std::ifstream file(EBB_SOURCE_DIR "/tests/goldens/remedies.json");
  const json goldens = json::parse(file);
  for (const json& c : goldens["flossing"]) {
    CAPTURE(c["cell"].dump());
    Params w{{.dtype = f64}};
    const CellPtr cell = make_cell(c["cell"], w / "", {goldens["input"], goldens["hidden"]});
    {
      Edit edit = w.edit();
      for (const auto& [name, values] : c["parameters"].items())
        edit[w.find(name.c_str())].assign(golden_array(values));
    }
    Tape tape{{.dtype = f64, .order = 2}};
    const Var e = flossing_exponents(*cell, Sequence(constant(golden_array(c["x"]))), {},
                                     {.warm_up = c["warm_up"], .every = c["every"]});
    CHECK(largest_difference(e.value(), golden_array(c["exponents"])) < 1e-12);
    const Var loss = mean(square(e));
    CHECK(loss.item() == Approx(double(c["value"])).epsilon(1e-12));
    const Grads g = tape.backward(loss);
    for (int k = 0; k < w.count(); ++k) {
      CAPTURE(w[k].name());
      CHECK(largest_difference(g[w[k]], golden_array(c["gradients"][w[k].name()])) < 1e-10);
    }
  }
}

TEST_CASE("the gradient of flossing agrees with finite differences") {
  const auto cell_name = GENERATE(as<std::string>{}, "rnn", "gru", "lstm", "mingru", "cornn");
  const int every = GENERATE(1, 2);
  CAPTURE(cell_name, every);
  Params w{{.seed = 6, .dtype = f64}};
  const CellPtr cell = make_cell(cell_name, w / "", {2, 3});
  const Array x = normal({8, 2, 2}, Key{9}, 0, 1, f64);
  const auto loss = [&] {
    return mean(
        square(flossing_exponents(*cell, Sequence(constant(x)), {}, {.directions = 2, .warm_up = 2, .every = every})));
  };
  std::vector<Array> analytic;
  {
    Tape tape{{.dtype = f64, .order = 2}};
    const Grads g = tape.backward(loss());
    for (int k = 0; k < w.count(); ++k) analytic.push_back(g[w[k]].copy());
  }
  for (int k = 0; k < w.count(); ++k)
    for (std::int64_t i = 0; i < w[k].shape().size(); i += 2) {
      const auto shifted = [&](double by) {
        const auto add = [&](double d) {
          Edit edit = w.edit();
          Array values = edit[w[k]];
          values.set_flat(i, values.at_flat(i) + d);
        };
        add(by);
        double value = 0;
        {
          const Tape tape{{.dtype = f64, .order = 2}};
          value = loss().item();
        }
        add(-by);
        return value;
      };
      const double h = 1e-5, numeric = (shifted(h) - shifted(-h)) / (2 * h);
      CAPTURE(w[k].name(), i);
      CHECK(analytic[static_cast<std::size_t>(k)].at_flat(i) == Approx(numeric).epsilon(1e-6).margin(1e-8));
    }
}

TEST_CASE("flossing_exponents rejects options that cannot be") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("rnn", w / "", {2, 3});
  const Tape tape{{.dtype = f64, .order = 2}};
  const Sequence x(constant(normal({8, 2, 2}, Key{9}, 0, 1, f64)));
  const auto with = [&](const FlossingOptions& o) {
    return test::message_of<ValueError>([&] { flossing_exponents(*cell, x, {}, o); });
  };
  CHECK(with({.directions = 4}) ==
        "flossing: directions must be from 0 to 3, the size of the state of cell rnn, but is 4");
  CHECK(with({.warm_up = 8}) == "flossing: the inputs have 8 steps, none after a warm-up of 8");
  CHECK(with({.every = 0}) == "flossing: steps between orthonormalisations must be at least 1, but are 0");
}

}  // namespace flossing_test
