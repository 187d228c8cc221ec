#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/op.hpp>
#include <ebb/autograd/shipped_op.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/reduce.hpp>
#include <ebb/ops/text.hpp>

/// Matrix products and the lazy transpose. y = op(a) op(b), with op the identity or the transpose of the last two axes:
///     A = op(a), B = op(b):   dA = g B^T, dB = A^T g;   da = dA or dA^T = B g^T;   db = dB or dB^T = g^T A
namespace ebb {

using detail::Sweep;
using detail::TapeImpl;

namespace {

struct Product {
  Trans ta, tb;
};

constexpr Trans flip(Trans t) { return t == Trans::no ? Trans::yes : Trans::no; }

Shape rows_of(const Shape& s) { return {static_cast<int>(s.rows()), s.columns()}; }

/// [..., M, K] x [K, N]: leading axes are flattened into rows, so that one product suffices.
bool folds(const Shape& a, const Shape& b, Trans ta) { return b.rank() == 2 && (a.rank() == 2 || ta == Trans::no); }

void into_adjoint(Sweep& s, std::uint32_t id, const Array& x, const Array& y, Trans tx, Trans ty) {
  detail::Adjoint to = s.adjoint(id);
  matmul_into(to.target(), x, y, tx, ty, to.accumulate);
}

/// da = g op(b)^T, with op(b)^T packed if it is reused.
void sweep_left(Sweep& s, std::uint32_t a, std::uint32_t b, const Array& g, Product p) {
  if (p.ta == Trans::yes) return into_adjoint(s, a, s.tape.value(b), g, p.tb, Trans::yes);
  const Pack* w = s.tape.packs().of(b, flip(p.tb), g.rows());
  if (!w) return into_adjoint(s, a, g, s.tape.value(b), Trans::no, flip(p.tb));
  detail::Adjoint to = s.adjoint(a);
  matmul_into(to.target(), g, *w, to.accumulate);
}

void sweep_folded(Sweep& s, detail::Node& n, Product p) {
  const std::uint32_t a = n.inputs()[0], b = n.inputs()[1];
  const Array& g = n.grad;
  if (s.wants(a)) sweep_left(s, a, b, g, p);
  if (!s.wants(b)) return;
  const Array& x = s.tape.value(a);
  if (p.ta == Trans::no && s.deferred.add_product(b, x, g, p.tb)) return;
  const Array x2 = x.reshape(rows_of(x.shape())), g2 = g.reshape(rows_of(g.shape()));
  if (p.tb == Trans::no) into_adjoint(s, b, x2, g2, flip(p.ta), Trans::no);
  else into_adjoint(s, b, g2, x2, Trans::yes, p.ta);
}

void sweep_batched(Sweep& s, std::uint32_t id, Product p) {
  TapeImpl& t = s.tape;
  const std::uint32_t a = t.node(id).inputs()[0], b = t.node(id).inputs()[1];
  const Array g = t.node(id).grad, x = t.value(a), w = t.value(b);
  const auto give = [&](std::uint32_t to, Array r) { s.accumulate(to, sum_to(r, t.node(to).shape)); };
  if (s.wants(a)) give(a, p.ta == Trans::no ? matmul(g, w, Trans::no, flip(p.tb)) : matmul(w, g, p.tb, Trans::yes));
  if (s.wants(b)) give(b, p.tb == Trans::no ? matmul(x, g, flip(p.ta), Trans::no) : matmul(g, x, Trans::yes, p.ta));
}

void sweep_product(Sweep& s, std::uint32_t id) {
  TapeImpl& t = s.tape;
  detail::Node& n = t.node(id);
  const Product p = *static_cast<const Product*>(n.attributes);
  if (folds(t.node(n.inputs()[0]).shape, t.node(n.inputs()[1]).shape, p.ta)) sweep_folded(s, n, p);
  else sweep_batched(s, id, p);
}

void replay_product(detail::Replay& r, std::uint32_t id);
constexpr detail::OpTable product_table{"matmul", need_inputs, true, sweep_product, replay_product, nullptr, nullptr};

/// Transposes are lazy: matmul reads the original with the other orientation.
void sweep_transpose(Sweep& s, std::uint32_t id) {
  const detail::Node& n = s.tape.node(id);
  s.accumulate(n.inputs()[0], transpose(n.grad));
}
void replay_transpose(detail::Replay& r, std::uint32_t id) {
  r.add(r.tape.node(id).inputs()[0], transpose(r.adjoint(id)));
}
constexpr detail::OpTable transpose_table{"transpose",      need_inputs, true,   sweep_transpose,
                                          replay_transpose, nullptr,     nullptr};

void read_through(TapeImpl& t, Var& v, Trans& flag) {
  const detail::Node& n = t.node(v, "matmul");
  if (n.op != &transpose_table) return;
  v = t.handle(n.inputs()[0]);
  flag = flip(flag);
}

Array value_of(TapeImpl& t, std::uint32_t a, std::uint32_t b, Product p) {
  const Array& x = t.value(a);
  const Shape& w = t.node(b).shape;
  const bool fits = p.ta == Trans::no && w.rank() == 2 && x.rank() >= 2 && x.columns() == w[p.tb == Trans::no ? 0 : 1];
  if (const Pack* pack = fits ? t.packs().of(b, p.tb, x.rows()) : nullptr) {
    const int columns = pack->columns();
    Array c = Array::empty(columns == x.columns() ? x.shape() : x.shape().with(-1, columns), t.dtype());
    matmul_into(c, x, *pack, false);
    return c;
  }
  return matmul(x, t.value(b), p.ta, p.tb);
}

Var product(At a, At b, Trans ta, Trans tb) {
  TapeImpl& t = TapeImpl::current("matmul");
  Var in[2] = {std::move(a.var), std::move(b.var)};
  Array y = detail::located(a.where, [&] {
    read_through(t, in[0], ta);
    read_through(t, in[1], tb);
    if (detail::Probe* p = t.probe()) [[unlikely]]
      p->began(t, "matmul", in, 2);
    return value_of(t, in[0].node(), in[1].node(), {ta, tb});
  });
  return detail::finish(t, product_table, Product{ta, tb}, in, 2, std::move(y), a.where);
}

void replay_product(detail::Replay& r, std::uint32_t id) {
  TapeImpl& t = r.tape;
  const Product p = *static_cast<const Product*>(t.node(id).attributes);
  const Var a = t.handle(t.node(id).inputs()[0]), b = t.handle(t.node(id).inputs()[1]), g = r.adjoint(id);
  if (r.wants(a.node()))
    r.add(a.node(), p.ta == Trans::no ? product(g, b, Trans::no, flip(p.tb)) : product(b, g, p.tb, Trans::yes));
  if (!r.wants(b.node())) return;
  const bool fold = folds(a.shape(), b.shape(), p.ta);
  const Var x = fold ? reshape(a, rows_of(a.shape())) : a, h = fold ? reshape(g, rows_of(g.shape())) : g;
  r.add(b.node(), p.tb == Trans::no ? product(x, h, flip(p.ta), Trans::no) : product(h, x, Trans::yes, p.ta));
}

struct Permute {
  static constexpr auto tried_by = ShippedOp::transpose_order;
  static constexpr auto name = "transpose";
  static constexpr unsigned needs = need_nothing;
  int order[Shape::max_rank] = {};
  int rank = 0;
  Array value(const Array& x) const { return transpose(x, order); }
  Var vjp(const Var& g, const Var&, const Var&) const {
    Permute back;
    back.rank = rank;
    for (int k = 0; k < rank; ++k) back.order[order[k]] = k;
    return apply(back, g);
  }
};

}  // namespace

Var matmul(At a, At b) { return product(std::move(a), std::move(b), Trans::no, Trans::no); }

Var outer(At a, At b) {
  const Shape x = detail::shape_of(a), y = detail::shape_of(b);
  const std::source_location where = a.where;
  return detail::located(where, [&] {
    if (x.rank() == 0 || y.rank() == 0)
      throw ShapeError("outer: expected vectors or batches of vectors, got " + text(x) + " and " + text(y));
    return Arg(reshape(std::move(a), x.inserted(x.rank(), 1)), where) *
           Arg(reshape(std::move(b), y.inserted(y.rank() - 1, 1)), where);
  });
}

Var transpose(At x) {
  TapeImpl& t = TapeImpl::current("transpose");
  const detail::Node& n = t.node(x.var, "transpose");
  if (n.shape.rank() < 2) throw ShapeError("transpose: needs at least two axes" + detail::place_of(x.where));
  if (detail::Probe* p = t.probe()) [[unlikely]]
    p->began(t, "transpose", &x.var, 1);
  if (!t.any_requires(&x.var, 1)) return t.push(transpose(t.value(x.var.node())), x.where);
  const int r = n.shape.rank();
  const Shape s = n.shape.with(r - 1, n.shape[r - 2]).with(r - 2, n.shape[r - 1]);
  Var v = t.record(transpose_table, nullptr, &x.var, 1, Array(), s, x.where);
  t.node(v.node()).lazy = true;
  return v;
}

Var transpose(At x, std::initializer_list<int> order) {
  Permute p;
  const Shape s = detail::shape_of(x);
  if (static_cast<int>(order.size()) != s.rank()) throw ShapeError("transpose: the order must name every axis once");
  for (int a : order) p.order[p.rank++] = s.normal_axis(a);
  return apply(p, std::move(x));
}

}  // namespace ebb
