#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_spec.hpp>
#include <ebb/nn/sequence/row_dependence.hpp>
#include <ebb/nn/sequence/unroll.hpp>

namespace ebb {

namespace {

Shape state_shape(const Field& f, int rows) {
  int extents[Shape::max_rank] = {rows};
  for (int a = 0; a < f.rank; ++a) extents[a + 1] = f.width[a];
  return Shape(extents, f.rank + 1);
}

/// The result of one row: in the run of all of them, and in its own.
std::string difference(const Var& all, const Var& alone, int row, const std::string& what) {
  const Array with = all.value().range(row, row + 1), without = alone.value();
  for (std::int64_t i = 0; i < without.size(); ++i) {
    const double a = with.at_flat(i), b = without.at_flat(i);
    if (std::abs(a - b) > 1e-9 * std::max(1.0, std::abs(b)))
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
  const Tape tape{{.dtype = f64}};
  const NoGrad off;
  const auto run = [&](int begin, int end) {
    State s(cell.field_names(), cell.field_count());
    for (int k = 0; k < s.size(); ++k) s[k] = constant(start[static_cast<std::size_t>(k)].range(begin, end));
    const StepContext at({.training = training, .seed = seed, .first_row = begin});
    return unroll(cell, Sequence(slice(constant(x), 1, begin, end)), s, at);
  };
  const Run all = run(0, B);
  for (int row = 0; row < B; ++row) {
    const Run alone = run(row, row + 1);
    std::string differs;
    for (int t = 0; t < T && differs.empty(); ++t)
      differs = difference(all[t], alone[t], row, "output of step " + std::to_string(t));
    for (int k = 0; k < cell.field_count() && differs.empty(); ++k)
      differs = difference(all.end()[k], alone.end()[k], row, std::string("last ") + cell.field(k).name);
    if (!differs.empty()) return differs;
  }
  return {};
}

}  // namespace ebb
