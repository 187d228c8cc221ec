// The cells timed by benchmarks/compare, in several implementations that must be the same function.
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/unroll.hpp>

#include "../../../benchmarks/cells/gru_concatenated.cpp"
#include "../../../benchmarks/cells/gru_fused.cpp"
#include "../../../benchmarks/cells/gru_textbook.cpp"
#include "../../../benchmarks/cells/lstm_concatenated.cpp"
#include "../../../benchmarks/cells/lstm_fused.cpp"
#include "../../../benchmarks/cells/lstm_textbook.cpp"
#include "../../../benchmarks/cells/mgu_concatenated.cpp"
#include "../../../benchmarks/cells/mgu_fused.cpp"
#include "../../../benchmarks/cells/mgu_textbook.cpp"
#include "../../../benchmarks/cells/rnn_concatenated.cpp"
#include "../../../benchmarks/cells/rnn_fused.cpp"
#include "../../../benchmarks/cells/rnn_textbook.cpp"

#include "arrays.hpp"
#include "catch.hpp"

namespace spellings_test {

using namespace ebb;

namespace {

struct Sizes {
  int T, B, I, H;
};

/// Outputs, last state, and all gradients, with those of parameters joined gate by gate: "Wx" is [I, gates H].
using Outcome = std::vector<std::pair<std::string, Array>>;

std::string gates(const std::string& cell) {
  return cell == "lstm" ? "ifgo" : cell == "gru" ? "rzn" : cell == "mgu" ? "fn" : "";
}

/// Calls f(parameter, its part of whole) for the parameters that make up `name`.
template <class F>
void for_parts(const Params& w, const std::string& cell, const std::string& name, const Array& whole, F&& f) {
  if (const Leaf one = w.find(name.c_str())) return f(one, whole);
  const std::string letters = gates(cell), start = name == "Wx" ? "W" : name == "Wh" ? "U" : name;
  if (letters.empty()) return f(w.find(start.c_str()), whole);
  const int width = whole.columns() / static_cast<int>(letters.size());
  for (int k = 0; k < static_cast<int>(letters.size()); ++k)
    f(w.find((start + letters[static_cast<std::size_t>(k)]).c_str()), whole.column_block(k * width, (k + 1) * width));
}

std::vector<std::pair<std::string, Shape>> parameters(const std::string& cell, Sizes z) {
  const int g = std::max(1, static_cast<int>(gates(cell).size()));
  std::vector<std::pair<std::string, Shape>> list = {{"Wx", {z.I, g * z.H}}, {"Wh", {z.H, g * z.H}}, {"b", {g * z.H}}};
  if (cell == "gru") list.push_back({"c", {z.H}});
  return list;
}

Array numbers(const char* name, const Shape& s) { return uniform(s, Key{7}.named(name), -1, 1, f64); }

void set_weights(Params& w, const std::string& cell, Sizes z) {
  Edit change = w.edit();
  std::int64_t set = 0;
  for (const auto& [name, shape] : parameters(cell, z))
    for_parts(w, cell, name, numbers(name.c_str(), shape), [&](const Leaf& p, const Array& part) {
      REQUIRE(p);
      change[p].assign(part);
      set += part.size();
    });
  REQUIRE(set == w.trained());
}

Outcome run(const std::string& cell, const std::string& spelling, Sizes z) {
  Params w{{.dtype = f64}};
  const CellPtr made = make_cell("bench-" + cell + "-" + spelling, w / "", {z.I, z.H});
  set_weights(w, cell, z);
  Tape tape{{.dtype = f64}};
  const Var x = variable(numbers("x", {z.T, z.B, z.I}));
  State start(made->field_names(), made->field_count());
  for (int k = 0; k < start.size(); ++k) start[k] = variable(numbers(start.name(k), {z.B, z.H}));
  const Run r = unroll(*made, Sequence(x), start, StepContext{});
  Outcome found = {{"outputs", r.all().value()}};
  Var loss = sum(r.all() * constant(numbers("adjoint", {z.T, z.B, z.H})));
  for (int k = 0; k < start.size(); ++k) {
    found.push_back({std::string("last ") + start.name(k), r.end()[k].value()});
    loss = loss + sum(r.end()[k] * constant(numbers("end", {z.B, z.H})));
  }
  const Grads g = tape.backward(loss);
  found.push_back({"dx", g[x]});
  for (int k = 0; k < start.size(); ++k)
    found.push_back({std::string("gradient of the first ") + start.name(k), g[start[k]]});
  for (const auto& [name, shape] : parameters(cell, z)) {
    Array whole = Array::empty(shape, f64);
    for_parts(w, cell, name, whole, [&](const Leaf& p, Array part) { part.assign(g[p]); });
    found.push_back({"d" + name, whole});
  }
  return found;
}

}  // namespace

TEST_CASE("The implementations of a cell give the same outputs and gradients") {
  const auto cell = GENERATE(as<std::string>{}, "rnn", "lstm", "gru", "mgu");
  for (const Sizes z : {Sizes{1, 1, 1, 1}, Sizes{7, 5, 3, 4}, Sizes{4, 1, 2, 33}, Sizes{40, 20, 5, 17}}) {
    const Outcome textbook = run(cell, "textbook", z);
    for (const std::string spelling : {"concatenated", "fused"}) {
      const Outcome other = run(cell, spelling, z);
      REQUIRE(other.size() == textbook.size());
      for (std::size_t k = 0; k < other.size(); ++k) {
        INFO(cell << " " << spelling << " (" << z.T << "," << z.B << "," << z.I << "," << z.H
                  << "): " << other[k].first);
        CHECK(test::error_of(other[k].second, textbook[k].second) <= 1e-12);
      }
    }
  }
}

}  // namespace spellings_test
