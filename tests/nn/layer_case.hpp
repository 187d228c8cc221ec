#pragma once
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/params.hpp>
#include <map>
#include <string>

#include "arrays.hpp"
#include "catch.hpp"

/// Compares layers with the cases of tests/goldens/layers_*.json.
namespace test {

using Vars = std::map<std::string, ebb::Var>;

/// Like error_of, except for gradients that are zero up to rounding, such as that of a bias that softmax cancels.
inline double gradient_error(const ebb::Array& got, const ebb::Array& wanted) {
  const bool zero = ebb::largest_magnitude(wanted) < 1e-14;
  return zero ? error_of(got, ebb::Array::zeros(wanted.shape(), ebb::f64)) : error_of(got, wanted);
}

/// Sets w's parameters to the case's inputs of the same names; `run` receives the others as Vars and returns the
/// outputs by name. Outputs and gradients of all inputs must equal the case's.
template <class F> void compare_case(const nlohmann::json& c, ebb::Params& w, double tolerance, F&& run) {
  CAPTURE(c["options"].dump());
  std::map<std::string, bool> is_parameter;
  for (int k = 0; k < w.count(); ++k) {
    const std::string name = w[k].name();
    REQUIRE(c["inputs"].contains(name));
    is_parameter[name] = true;
    set(w, name.c_str(), array_of(c["inputs"][name]));
  }
  ebb::Tape tape{{.dtype = w.dtype()}};
  Vars in;
  for (const auto& [name, values] : c["inputs"].items())
    if (!is_parameter[name]) in[name] = ebb::variable(array_of(values));
  const Vars out = run(in);
  ebb::Var loss;
  for (const auto& [name, values] : c["outputs"].items()) {
    CAPTURE(name);
    REQUIRE(out.contains(name));
    CHECK(error_of(out.at(name).value(), array_of(values)) <= tolerance);
    const ebb::Var part = sum(out.at(name) * ebb::constant(array_of(c["weights"][name])));
    loss = loss ? loss + part : part;
  }
  const ebb::Grads g = tape.backward(loss);
  for (const auto& [name, values] : c["gradients"].items()) {
    CAPTURE(name);
    CHECK(gradient_error(is_parameter[name] ? g[w.find(name.c_str())] : g[in[name]], array_of(values)) <= tolerance);
  }
}

/// Tolerance for the comparison with float64 values.
inline double tolerance_of(ebb::DType t) { return t == ebb::f64 ? 1e-12 : 1e-5; }

}  // namespace test
