#include <algorithm>
#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/grad.hpp>
#include <ebb/nn/cell_spec.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/text.hpp>
#include <vector>

namespace ebb {

namespace {

/// Rows begin to end of B, each repeated `times` times, padded with zeros to at least B entries: a StepContext draws
/// for that many rows.
Tokens repeated(int begin, int end, int times, int B) {
  const int count = (end - begin) * times;
  Tokens rows({std::max(count, B)});
  for (int k = 0; k < count; ++k) rows.data()[k] = begin + k / times;
  return rows;
}

/// Row k selects value k % S of the state.
Array one_hot_rows(int rows, int S, DType dtype) {
  Array seed = Array::zeros({rows, S}, dtype);
  for (int k = 0; k < rows; ++k) seed.set_flat(std::int64_t{k} * S + k % S, 1);
  return seed;
}

void check_state(const Cell& cell, const Var& x, const State& s) {
  if (x.rank() != 2) throw ShapeError(std::string("step_jacobian: x must be [rows, width], but is ") + text(x.shape()));
  if (const Field input{"x", {cell.sizes().input}, 1, 0, 0};
      cell.sizes().input > 0 && !detail::fits(input, x.shape(), x.dim(0)))
    throw ShapeError(std::string("step_jacobian: x is ") + text(x.shape()) + ", but the cell needs " +
                     detail::wanted_text(input, x.dim(0)) + detail::origin_of(x));
  if (s.size() != cell.field_count())
    throw ShapeError(std::string("step_jacobian: the state has ") + detail::counted(s.size(), "field") + ", but cell " +
                     cell.name() + " has " + std::to_string(cell.field_count()));
  for (int k = 0; k < s.size(); ++k)
    if (!detail::fits(cell.field(k), s[k].shape(), x.dim(0)))
      throw ShapeError(std::string("step_jacobian: ") + cell.field(k).name + " is " + text(s[k].shape()) +
                       ", but the cell needs " + detail::wanted_text(cell.field(k), x.dim(0)) +
                       detail::origin_of(s[k]));
}

enum class By { state, input };

/// Computes a block of rows on a separate tape.
void jacobian_of_rows(const Cell& cell, const Array& x, const std::vector<Array>& state, const StepContext& at, By by,
                      const Tokens& order, Array J) {
  const int S = J.dim(1);
  const Tokens rows = order.range(0, J.dim(0) * S);
  const Tape tape{{.dtype = J.dtype()}};
  const Var input = by == By::input ? variable(gather(x, rows)) : constant(gather(x, rows));
  State s(cell.field_names(), cell.field_count());
  for (int k = 0; k < s.size(); ++k) {
    const Array values = gather(state[static_cast<std::size_t>(k)], rows);
    s[k] = by == By::state ? variable(values) : constant(values);
  }
  const Var next = flat_state(cell.step(input, s, at.of_rows(order)));
  if (next.dim(1) != S)
    throw ShapeError(std::string("step_jacobian: the step of cell ") + cell.name() + " changes the width of its state");
  std::vector<Var> wrt;
  if (by == By::input) wrt.push_back(input);
  for (int k = 0; by == By::state && k < s.size(); ++k) wrt.push_back(s[k]);
  const std::vector<Var> g = vjp(next, constant(one_hot_rows(rows.dim(0), S, J.dtype())), wrt);
  int first = 0;
  for (const Var& v : g) {
    const int width = static_cast<int>(v.shape().size() / rows.dim(0));
    J.column_block(first, first + width).assign(v.value().reshape({J.dim(0), S, width}));
    first += width;
  }
}

Array jacobian_of(const Cell& cell, const Var& x, const State& s, const StepContext& at, By by) {
  check_state(cell, x, s);
  const int B = x.dim(0), S = state_size(cell), some = std::max(1, 4096 / std::max(1, S));
  std::vector<Array> state;
  for (int k = 0; k < s.size(); ++k) state.push_back(s[k].value());
  Array J = Array::zeros({B, S, by == By::input ? x.dim(1) : S}, x.dtype());
  for (int begin = 0; begin < B; begin += some) {
    const int end = std::min(B, begin + some);
    jacobian_of_rows(cell, x.value(), state, at, by, repeated(begin, end, S, B), J.range(begin, end));
  }
  return J;
}

}  // namespace

int state_size(const Cell& cell) {
  std::int64_t elements = 0;
  for (int k = 0; k < cell.field_count(); ++k) elements += Shape(cell.field(k).width, cell.field(k).rank).size();
  return static_cast<int>(elements);
}

Var flat_state(const State& s) {
  std::vector<Var> fields;
  for (int k = 0; k < s.size(); ++k)
    fields.push_back(reshape(s[k], {s[k].dim(0), static_cast<int>(s[k].shape().size() / s[k].dim(0))}));
  return concat(fields, -1);
}

Array step_jacobian(const Cell& cell, const Var& x, const State& s, const StepContext& at) {
  return jacobian_of(cell, x, s, at, By::state);
}
Array step_input_jacobian(const Cell& cell, const Var& x, const State& s, const StepContext& at) {
  return jacobian_of(cell, x, s, at, By::input);
}

}  // namespace ebb
