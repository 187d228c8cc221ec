#include <cmath>
#include <ebb/autograd/jacobian.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/text.hpp>
#include <vector>

namespace ebb {

namespace {

using detail::Recorded;

/// Ones in column m, which selects that output in every row.
Array column_of_ones(const Shape& y, int m, DType dtype) {
  Array seed = Array::zeros(y, dtype);
  seed.column_block(m, m + 1).fill(1);
  return seed;
}

/// A sweep from the first row must not give the others a gradient.
void check_rows_apart(const Recorded& r) {
  const int B = r.x.dim(0);
  if (B < 2 || !r.y.requires_grad()) return;
  Array seed = Array::zeros(r.y.shape(), r.y.dtype());
  seed.range(0, 1).assign(uniform({1, r.y.dim(1)}, Key{1}.named("jacobian"), .5, 1, seed.dtype()));
  const Array g = detail::vjp_for("jacobian", r.y, constant(seed), {r.x}, {})[0].value();
  const Array others = g.range(1, B);
  for (std::int64_t k = 0; k < others.size(); ++k)
    if (std::abs(others.at_flat(k)) > 0)
      throw ValueError("jacobian: row 0 of f(x) depends on row " + std::to_string(1 + k / others.dim(1)) +
                       " of x, so there is no Jacobian per row: use jacobian_full");
}

void check_shapes(const Shape& x, const Shape& y) {
  const bool fits = x.rank() == y.rank() && (x.rank() == 1 || (x.rank() == 2 && x[0] == y[0]));
  if (!fits)
    throw ShapeError("jacobian: expected x [B, N] -> f(x) [B, M] or x [N] -> f(x) [M], but x is " + text(x) +
                     " and f(x) is " + text(y) + "; for other shapes use jacobian_full");
}

}  // namespace

Var jacobian(const VarFunction& f, const Var& x, GradOptions o) {
  const Recorded r(f, x, "jacobian");
  const Shape from = r.x.shape(), to = r.y.shape();
  check_shapes(from, to);
  const int M = to[-1];
  if (from.rank() == 2) check_rows_apart(r);
  std::vector<Var> columns;
  for (int m = 0; m < M; ++m)
    columns.push_back(detail::vjp_for("jacobian", r.y, constant(column_of_ones(to, m, r.y.dtype())), {r.x}, o)[0]);
  if (columns.empty()) return zeros(from.inserted(from.rank() - 1, 0));
  return stack(columns, from.rank() - 1);
}

Var jacobian_full(const VarFunction& f, const Var& x, GradOptions o) {
  const Recorded r(f, x, "jacobian_full");
  const Shape from = r.x.shape(), to = r.y.shape();
  if (from.rank() + to.rank() > Shape::max_rank)
    throw ShapeError("jacobian_full: f(x) is " + text(to) + " and x is " + text(from) +
                     ", more than four axes in total: reshape them");
  Shape both = to;
  for (int a = 0; a < from.rank(); ++a) both = both.inserted(both.rank(), from[a]);
  std::vector<Var> rows;
  for (std::int64_t k = 0; k < to.size(); ++k)
    rows.push_back(reshape(
        detail::vjp_for("jacobian_full", r.y, constant(detail::unit_vector(to, k, r.y.dtype())), {r.x}, o)[0], {-1}));
  return rows.empty() ? zeros(both) : reshape(concat(rows, 0), both);
}

Array jacobian(const VarFunction& f, const Array& x) {
  const Tape tape{{.dtype = x.dtype()}};
  return jacobian(f, variable(x)).value();
}

Array jacobian_full(const VarFunction& f, const Array& x) {
  const Tape tape{{.dtype = x.dtype()}};
  return jacobian_full(f, variable(x)).value();
}

}  // namespace ebb
