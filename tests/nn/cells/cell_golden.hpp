#pragma once
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/unroll.hpp>

#include "../arrays.hpp"
#include "catch.hpp"

/// Compares a cell with the same equations in PyTorch: outputs, final states, all gradients.
namespace test {

using namespace ebb;
using nlohmann::json;

inline void compare(const char* what, const Array& got, const json& wanted, double tolerance) {
  INFO(what);
  CHECK(error_of(got, array_of(wanted)) <= tolerance);
}

inline void check_case(const std::string& name, const json& c, DType dtype, double tolerance) {
  Params w{{.dtype = dtype}};
  const CellPtr cell = make_cell(name, w / "", {c["sizes"]["input"], c["sizes"]["hidden"]});
  REQUIRE(static_cast<std::size_t>(w.count()) == c["parameters"].size());
  for (const auto& [parameter, values] : c["parameters"].items()) set(w, parameter.c_str(), array_of(values));

  Tape tape{{.dtype = dtype}};
  const Var x = variable(array_of(c["x"]));
  State start(cell->field_names(), cell->field_count());
  for (int k = 0; k < start.size(); ++k) start[k] = variable(array_of(c["start"][cell->field(k).name]));
  const Run run = unroll(*cell, Sequence(x), start, StepContext{});
  const json& wanted = c[name_of(dtype)];
  compare("outputs", run.all().value(), wanted["outputs"], tolerance);
  Var loss = sum(run.all() * constant(array_of(c["weights"])));
  for (int k = 0; k < start.size(); ++k) {
    const char* field = cell->field(k).name;
    compare(field, run.end()[k].value(), wanted["end"][field], tolerance);
    loss = loss + sum(run.end()[k] * constant(array_of(c["end_weights"][field])));
  }
  CHECK(loss.item() == Approx(double(wanted["loss"])).epsilon(tolerance * 10));

  const Grads g = tape.backward(loss);
  const json& grads = wanted["gradients"];
  for (int k = 0; k < w.count(); ++k)
    if (w[k].trained()) compare(w[k].name(), g[w[k]], grads[w[k].name()], tolerance);
  compare("x", g[x], grads["x"], tolerance);
  for (int k = 0; k < start.size(); ++k)
    compare("start", g[start[k]], grads[std::string("start/") + cell->field(k).name], tolerance);
}

inline void check_cell(const std::string& file) {
  const json goldens = golden(file + ".json");
  CAPTURE(file);
  for (const json& c : goldens["cases"]) {
    SECTION("float64 " + c["sizes"].dump()) { check_case(goldens["cell"], c, f64, 1e-12); }
    SECTION("float32 " + c["sizes"].dump()) { check_case(goldens["cell"], c, f32, 1e-5); }
  }
}

}  // namespace test
