#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/op.hpp>
#include <ebb/autograd/shipped_op.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>

/// Views: rows, one entry of the first axis, blocks of columns. Their values share the parent's memory and their
/// adjoints are written into the parent's, so T slices of a sequence cost O(T), not O(T^2).
namespace ebb {

using detail::TapeImpl;

namespace {

struct View {
  enum class Kind { rows, entry, columns } kind;
  int begin, end;

  Array of(const Array& a) const {
    switch (kind) {
      case Kind::rows: return a.range(begin, end);
      case Kind::entry: return a[begin];
      case Kind::columns: break;
    }
    return a.column_block(begin, end);
  }
};

const View& attributes_of(TapeImpl& t, std::uint32_t id) { return *static_cast<const View*>(t.node(id).attributes); }

/// Reached only if the view's own gradient was requested: adds it to the parent's.
void sweep_view(detail::Sweep& s, std::uint32_t id) {
  const std::uint32_t parent = s.tape.node(id).inputs()[0];
  if (!s.wants(parent)) return;
  detail::Adjoint whole = s.adjoint(parent);
  if (!whole.accumulate) whole.target().fill(0);
  Array part = attributes_of(s.tape, id).of(whole.target());
  add_into(part, s.tape.node(id).grad);
}

Array place_view(const void* op, const Array& parent) { return static_cast<const View*>(op)->of(parent); }

void replay_view(detail::Replay& r, std::uint32_t id) {
  TapeImpl& t = r.tape;
  const std::uint32_t parent = t.node(id).inputs()[0];
  const Shape whole = t.node(parent).shape;
  const View v = attributes_of(t, id);
  const int axis = v.kind == View::Kind::columns ? whole.rank() - 1 : 0;
  Var g = r.adjoint(id);
  if (v.kind == View::Kind::entry) g = reshape(g, t.node(id).shape.inserted(0, 1));
  r.add(parent, pad(g, axis, v.begin, whole[axis] - v.end));
}

constexpr detail::OpTable view_table{"view", need_nothing, true, sweep_view, replay_view, nullptr, place_view};

Var view(At x, View v) {
  TapeImpl& t = TapeImpl::current("view");
  Array y = detail::located(x.where, [&] {
    t.node(x.var, "view");
    if (detail::Probe* p = t.probe()) [[unlikely]]
      p->began(t, "view", &x.var, 1);
    return v.of(t.value(x.var.node()));
  });
  return detail::finish(t, view_table, v, &x.var, 1, std::move(y), x.where);
}

struct Slice {
  static constexpr auto tried_by = ShippedOp::slice;
  static constexpr auto name = "slice";
  static constexpr unsigned needs = need_nothing;
  int axis, begin, end, extent;
  Array value(const Array& x) const { return ebb::slice(x, axis, begin, end); }
  Var vjp(const Var& g, const Var&, const Var&) const { return pad(g, axis, begin, extent - end); }
};

}  // namespace

Var range(At x, int begin, int end) { return view(std::move(x), {View::Kind::rows, begin, end}); }

Var Var::operator[](Index i) const {
  const int k = detail::located(i.where, [&] {
    const int n = shape()[0], from_front = i.number < 0 ? i.number + n : i.number;
    if (from_front < 0 || from_front >= n)
      throw ShapeError("index " + std::to_string(i.number) + " is outside an axis of extent " + std::to_string(n));
    return from_front;
  });
  return view(At(*this, i.where), {View::Kind::entry, k, k + 1});
}

Var slice(At x, int axis, int begin, int end) {
  const Shape s = detail::shape_of(x);
  axis = detail::located(x.where, [&] { return s.normal_axis(axis); });
  if (axis == s.rank() - 1) return view(std::move(x), {View::Kind::columns, begin, end});
  if (axis == 0) return range(std::move(x), begin, end);
  return apply(Slice{axis, begin, end, s[axis]}, std::move(x));
}

void split_into(At x, Var* blocks, int count) {
  const int width = detail::shape_of(x)[-1];
  if (count < 1 || width % count != 0)
    throw ShapeError("split: a width of " + std::to_string(width) + " cannot be split into " + std::to_string(count) +
                     " equal blocks" + detail::place_of(x.where));
  const int each = width / count;
  for (int k = 0; k < count; ++k) blocks[k] = view(x, {View::Kind::columns, k * each, (k + 1) * each});
}

}  // namespace ebb
