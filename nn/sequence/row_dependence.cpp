#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_spec.hpp>
#include <ebb/nn/sequence/in_step.hpp>
#include <ebb/nn/sequence/row_dependence.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb {

namespace {

Shape state_shape(const Field& f, int rows) {
  int extents[Shape::max_rank] = {rows};
  for (int a = 0; a < f.rank; ++a) extents[a + 1] = f.width[a];
  return Shape(extents, f.rank + 1);
}

/// What a step made of some rows: its output and the fields of the next state.
struct Made {
  Array output;
  std::vector<Array> fields;
};

/// A step of the rows from begin to end.
Made step_of(const Cell& cell, const Array& x, const std::vector<Array>& state, int begin, int end,
             const StepContext& at) {
  const Tape tape{{.dtype = f64}};
  const NoGrad off;
  const Var x_t = constant(x.range(begin, end));
  State s(cell.field_names(), cell.field_count());
  for (int k = 0; k < s.size(); ++k) s[k] = constant(state[static_cast<std::size_t>(k)].range(begin, end));
  return detail::in_step(at.time(), [&] {
    const State next = cell.step(x_t, s, at);
    detail::check_step(cell, next, end - begin, x_t, s);
    Made made{.output = checked_output(cell, x_t, next).value(), .fields = {}};
    for (int k = 0; k < next.size(); ++k) made.fields.push_back(next[k].value());
    return made;
  });
}

bool is_finite(const std::vector<Array>& fields) {
  return std::all_of(fields.begin(), fields.end(), [](const Array& f) { return all_finite(f); });
}

/// The result of one row: in the step of all of them, and in its own.
std::string difference(const Array& all, const Array& alone, int row, double scale, const std::string& what) {
  const Array with = all.range(row, row + 1);
  for (std::int64_t i = 0; i < alone.size(); ++i) {
    const double a = with.at_flat(i), b = alone.at_flat(i);
    if (std::abs(a - b) > 1e-9 * std::max(scale, std::abs(b)))
      return fmt::format("{}, row {} is {:.6g}, but {:.6g} without the other rows", what, row, a, b);
  }
  return {};
}

}  // namespace

std::vector<Array> states_near_start(const Cell& cell, int rows, Key key) {
  std::vector<Array> fields;
  for (int k = 0; k < cell.field_count(); ++k) {
    const Field& f = cell.field(k);
    const std::string label = std::string("start/") + f.name;
    fields.push_back(
        uniform(state_shape(f, rows), key.named(label.c_str()), f.initial_value - .5, f.initial_value + .5, f64));
  }
  return fields;
}

std::string row_dependence(const Cell& cell, const Array& x, const std::vector<Array>& start, bool training,
                           std::uint64_t seed) {
  const int T = x.dim(0), B = x.dim(1);
  if (B < 2) return {};
  std::vector<Array> state = start;
  for (int t = 0; t < T && is_finite(state); ++t) {
    const auto context = [&](int first) {
      return StepContext({.training = training, .seed = seed, .first_row = first}).at_time(t);
    };
    double scale = 1;  // rounding is relative to what the step reads
    for (const Array& f : state) scale = std::max(scale, largest_magnitude(f));
    const Made all = step_of(cell, x[t], state, 0, B, context(0));
    for (int row = 0; row < B; ++row) {
      const Made alone = step_of(cell, x[t], state, row, row + 1, context(row));
      std::string differs = difference(all.output, alone.output, row, scale, "output of step " + std::to_string(t));
      for (int k = 0; k < cell.field_count() && differs.empty(); ++k) {
        const auto at = static_cast<std::size_t>(k);
        differs = difference(all.fields[at], alone.fields[at], row, scale,
                             fmt::format("{} of step {}", cell.field(k).name, t));
      }
      if (!differs.empty()) return differs;
    }
    state = all.fields;
  }
  return {};
}

}  // namespace ebb
