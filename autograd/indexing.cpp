#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/gaps.hpp>
#include <ebb/autograd/op.hpp>
#include <ebb/autograd/shipped_op.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>

/// Indexing and rearranging ops. Gradients are written in Vars, so they can be differentiated.
namespace ebb {

using detail::TapeImpl;

namespace {

struct Reshape {
  static constexpr auto tried_by = ShippedOp::reshape;
  static constexpr auto name = "reshape";
  static constexpr unsigned needs = need_nothing;
  Shape from, to;
  Array value(const Array& x) const { return x.reshape(to); }
  Var vjp(const Var& g, const Var&, const Var&) const { return reshape(g, from); }
};

struct Flip {
  static constexpr auto tried_by = ShippedOp::flip;
  static constexpr auto name = "flip";
  static constexpr unsigned needs = need_nothing;
  int axis;
  Array value(const Array& x) const { return flip(x, axis); }
  Var vjp(const Var& g, const Var&, const Var&) const { return flip(g, axis); }
};

struct Pad {
  static constexpr auto tried_by = ShippedOp::pad;
  static constexpr auto name = "pad";
  static constexpr unsigned needs = need_nothing;
  int axis, before, after;
  double with;
  int extent;
  Array value(const Array& x) const { return pad(x, axis, before, after, with); }
  Var vjp(const Var& g, const Var&, const Var&) const { return slice(g, axis, before, before + extent); }
};

struct Gather {
  static constexpr auto tried_by = ShippedOp::gather;
  static constexpr auto name = "gather";
  static constexpr unsigned needs = need_nothing;
  Tokens tokens;
  int table_rows;
  Array value(const Array& table) const { return gather(table, tokens); }
  Var vjp(const Var& g, const Var&, const Var&) const { return scatter_add(g, tokens, table_rows); }
  /// A parameter's gradient is not touched but at these entries.
  static void sweep(detail::Sweep& s, std::uint32_t id) {
    const detail::Node& n = s.tape.node(id);
    const Gather& op = *static_cast<const Gather*>(n.attributes);
    const std::uint32_t table = n.inputs()[0];
    if (!s.wants(table)) return;
    if (s.tape.node(table).in_flat) return add_rows(s.tape.node(table), op.tokens, n.grad);
    s.accumulate(table, ebb::scatter_add(n.grad, op.tokens, op.table_rows));
  }
};

struct ScatterAdd {
  static constexpr auto tried_by = ShippedOp::scatter_add;
  static constexpr auto name = "scatter_add";
  static constexpr unsigned needs = need_nothing;
  Tokens tokens;
  int table_rows;
  Array value(const Array& rows) const { return scatter_add(rows, tokens, table_rows); }
  Var vjp(const Var& g, const Var&, const Var&) const { return gather(g, tokens); }
};

struct Unpick {
  static constexpr auto tried_by = ShippedOp::pick;
  static constexpr auto name = "unpick";
  static constexpr unsigned needs = need_nothing;
  Tokens tokens;
  int columns;
  Array value(const Array& g) const { return unpick(g, tokens, columns); }
  Var vjp(const Var& g, const Var&, const Var&) const { return pick(g, tokens); }
};

struct Pick {
  static constexpr auto tried_by = ShippedOp::pick;
  static constexpr auto name = "pick";
  static constexpr unsigned needs = need_nothing;
  Tokens tokens;
  int columns;
  Array value(const Array& x) const { return pick(x, tokens); }
  Var vjp(const Var& g, const Var&, const Var&) const { return apply(Unpick{tokens, columns}, g); }
};

// Many inputs: concat along an axis, stack along a new one.

struct Join {
  int axis;
  bool stacked;
  const int* begin;  // offset of each input on the axis, and the end of the last; in the tape's arena
  int extent(int k) const { return begin[k + 1] - begin[k]; }
};

Var part_of(const Var& g, const Join& j, int k) {
  if (j.stacked && j.axis == 0) return g[k];
  const Var part = slice(g, j.axis, j.begin[k], j.begin[k + 1]);
  return j.stacked ? reshape(part, g.shape().without(j.axis)) : part;
}

void sweep_join(detail::Sweep& s, std::uint32_t id) {
  TapeImpl& t = s.tape;
  const Join j = *static_cast<const Join*>(t.node(id).attributes);
  const Var g = t.push(Array(t.node(id).grad), std::source_location::current());
  for (int k = 0; k < t.node(id).input_count; ++k)
    if (const std::uint32_t in = t.node(id).inputs()[k]; s.wants(in))
      s.accumulate(in, t.value(part_of(g, j, k).node()));
}

void replay_join(detail::Replay& r, std::uint32_t id) {
  const Join j = *static_cast<const Join*>(r.tape.node(id).attributes);
  const Var g = r.adjoint(id);
  for (int k = 0; k < r.tape.node(id).input_count; ++k)
    if (const std::uint32_t in = r.tape.node(id).inputs()[k]; r.wants(in)) r.add(in, part_of(g, j, k));
}

constexpr detail::OpTable concat_table{"concat", need_nothing, true, sweep_join, replay_join, nullptr, nullptr};
constexpr detail::OpTable stack_table{"stack", need_nothing, true, sweep_join, replay_join, nullptr, nullptr};

Var join(VarList parts, int axis, bool stacked) {
  const char* name = stacked ? "stack" : "concat";
  TapeImpl& t = TapeImpl::current(name);
  PoolVector<Array> in;
  in.reserve(static_cast<std::size_t>(parts.count));
  for (int k = 0; k < parts.count; ++k) {
    t.node(parts.first[k], name);
    in.push_back(t.value(parts.first[k].node()));
  }
  if (detail::Probe* p = t.probe()) [[unlikely]]
    p->began(t, name, parts.first, parts.count);
  Array y;
  try {
    y = stacked ? stack(in.data(), parts.count, axis) : concat(in.data(), parts.count, axis);
  } catch (...) { detail::rethrow_at(parts.where); }
  if (!t.any_requires(parts.first, parts.count)) return t.push(std::move(y), parts.where);
  axis = y.shape().normal_axis(axis);
  int* begin = static_cast<int*>(t.arena(sizeof(int) * (in.size() + 1)));
  begin[0] = 0;
  for (std::size_t k = 0; k < in.size(); ++k) begin[k + 1] = begin[k] + (stacked ? 1 : in[k].dim(axis));
  void* attributes = new (t.arena(sizeof(Join))) Join{axis, stacked, begin};
  const Shape shape = y.shape();
  return t.record(stacked ? stack_table : concat_table, attributes, parts.first, parts.count, std::move(y), shape,
                  parts.where);
}

}  // namespace

Var reshape(At x, Shape to) {
  const Shape from = detail::shape_of(x);
  return from == to ? x.var : apply(Reshape{from, to}, std::move(x));
}
Var flip(At x, int axis) { return apply(Flip{axis}, std::move(x)); }
Var pad(At x, int axis, int before, int after, double with) {
  const int extent = detail::located(x.where, [&] { return x.var.dim(axis); });
  return apply(Pad{axis, before, after, with, extent}, std::move(x));
}
Var gather(At table, const Tokens& tokens) {
  const int rows = detail::located(table.where, [&] { return table.var.dim(0); });
  return apply(Gather{tokens, rows}, std::move(table));
}
Var scatter_add(At rows, const Tokens& tokens, int table_rows) {
  return apply(ScatterAdd{tokens, table_rows}, std::move(rows));
}
Var pick(At x, const Tokens& tokens) {
  const int columns = detail::located(x.where, [&] { return x.var.dim(-1); });
  return apply(Pick{tokens, columns}, std::move(x));
}
Var one_hot(const Tokens& tokens, int depth, std::source_location where) {
  TapeImpl& t = TapeImpl::current("one_hot");
  if (detail::Probe* p = t.probe()) [[unlikely]]
    p->began(t, "one_hot", nullptr, 0);
  try {
    return t.push(one_hot(tokens, depth, t.dtype()), where);
  } catch (...) { detail::rethrow_at(where); }
}
Var concat(VarList parts, int axis) { return join(parts, axis, false); }
Var stack(VarList parts, int axis) { return join(parts, axis, true); }

}  // namespace ebb
