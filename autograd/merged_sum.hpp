#pragma once
#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/op.hpp>
#include <ebb/ops/pointwise.hpp>
#include <type_traits>

/// Sums that are extended in their node: x W + h U + b is one node, and so is its sigmoid. Internal, for pointwise.cpp.
///
/// The node may change because nothing else refers to it: the call that extends it takes its only handle, and writes
/// its result over the value. It must be the last node, so that its new input precedes it and the order of
/// contributions to the adjoints stays the same. Cost: recording and sweeping a node takes longer than adding 64
/// numbers.
namespace ebb::detail {

/// y = O(sum of two to four inputs), for an elementwise op O of one input that its gradient does not read; void: the
/// sum itself.
template <class O> struct MergedSum {
  static constexpr int most = 4;

  static void pass(Sweep& s, const Node& n, std::uint32_t input, Array&& g) {
    if (s.tape.node(input).shape == n.shape) s.accumulate(input, std::move(g));
    else s.deferred.add_sum(input, g);
  }
  static void sweep(Sweep& s, std::uint32_t node) {
    Node& n = s.tape.node(node);
    Array g = of_sum(s, n);
    std::uint32_t last = 0;
    for (int k = 0; k < n.input_count; ++k) {
      if (!s.wants(n.few[k])) continue;
      if (last != 0) pass(s, n, last, Array(g));
      last = n.few[k];
    }
    if (last != 0) pass(s, n, last, std::move(g));
  }
  /// The adjoint of the sum, in the memory of that of y if nothing else uses it.
  static Array of_sum(Sweep& s, Node& n) {
    if constexpr (std::is_void_v<O>) return n.retained ? n.grad : std::move(n.grad);
    else {
      const bool over = !n.retained && n.grad.unique() && n.grad.contiguous() && engine().reuse;
      Array g = over ? std::move(n.grad) : Array::empty(n.shape, s.tape.dtype());
      const Array* const unread = &s.tape.value(0);
      pointwise::vjp(pointwise::id<O>, 0, over ? g : n.grad, &unread, 1, n.value, g, false);
      return g;
    }
  }

  [[gnu::cold]] static void replay(Replay& r, std::uint32_t node) {
    Var g = r.adjoint(node);
    if constexpr (!std::is_void_v<O>) g = pointwise::vjp_of<O, 0>()(g, Var(), r.tape.handle(node));
    const int count = r.tape.node(node).input_count;
    for (int k = 0; k < count; ++k)
      if (const std::uint32_t input = r.tape.node(node).few[k]; r.wants(input)) r.add(input, g);
  }

  static consteval const char* name() {
    if constexpr (std::is_void_v<O>) return "add";
    else return O::name;
  }
  static consteval unsigned needs() {
    if constexpr (std::is_void_v<O>) return need_nothing;
    else return O::needs & pointwise::output ? need_output : need_nothing;
  }
  static constexpr OpTable table{name(), needs(), true, sweep, replay, nullptr, nullptr};
};

/// Whether node n, that of `v`, is a sum that a call may extend. The call has already moved its value out, to reuse the
/// memory for the result.
inline bool extendable(TapeImpl& t, const Var& v, const Node& n, const OpTable& sum) {
  return v.node() == t.top() && (n.op == &sum || n.op == &MergedSum<void>::table) && !n.value && !n.retained &&
         !t.probe();
}

/// Turns the node of `v` into `op` of its inputs, and of `more` unless null, with the value y.
inline Var extend(TapeImpl& t, const OpTable& op, Var&& v, const Var* more, Array&& y,
                  const std::source_location& where) {
  Node& n = t.node(v.node());
  if (more) {
    Node& in = t.node(more->node());
    if (in.requires_grad) in.recorded = true;
    n.few[n.input_count++] = in.requires_grad ? more->node() : 0;
  }
  n.op = &op;
  n.keep = (op.needs & need_output) != 0;
  n.value = std::move(y);
  const std::source_location& site = site_of(where);
  n.file = site.file_name();
  n.line = site.line();
  n.time = t.time();
  return std::move(v);
}

}  // namespace ebb::detail
