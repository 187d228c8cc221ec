#pragma once
#include <ebb/autograd/fuse_expr.hpp>
#include <ebb/autograd/fuse_program.hpp>
#include <utility>

/// Derives, at compile time, from a lambda's list of steps its gradient, the values kept for backward, and the
/// straight-line code of the two kernels.
namespace ebb::detail::fused {

struct Plan {
  Graph graph;
  int operands = 0, results = 0;
  int forward = 0;  // number of the lambda's own steps; the gradient's follow
  short result[fuse_results] = {};
  unsigned depends[Graph::most] = {};  // bit set of operands that a forward step depends on
  short adjoint[fuse_operands] = {};   // step, or -1
  short slot[Graph::most] = {};        // steps that backward reads
  int slots = 0;
};

constexpr bool is_mask(Prim p) {
  return p == Prim::less || p == Prim::less_equal || p == Prim::equal || p == Prim::not_equal;
}
/// Calls f for each step that s reads.
template <class F> constexpr void each_argument(const Step& s, F f) {
  if (s.op == Prim::input || s.op == Prim::number) return;
  f(s.a);
  if (s.b >= 0 && s.op != Prim::gate) f(s.b);
  if (s.c >= 0) f(s.c);
}

/// An adjoint in progress: the results whose adjoints it depends on, and whether it is exactly zero without them. A
/// computed one could then be 0 * inf.
struct Flow {
  short step = -1;
  unsigned results = 0;
  bool clean = true;
};

struct Sweep {
  Plan& p;
  Flow flow[Graph::most] = {};

  constexpr short gated(const Flow& f) {
    return f.clean ? f.step : p.graph.add({Prim::gate, f.step, static_cast<short>(f.results)});
  }
  constexpr void add(int id, const Flow& c) {
    Flow& f = flow[id];
    if (f.step < 0) {
      f = c;
      return;
    }
    const bool same = f.results == c.results;
    const short a = same ? f.step : gated(f), b = same ? c.step : gated(c);
    f = {p.graph.add({Prim::add, a, b}), f.results | c.results, same ? f.clean && c.clean : f.clean || c.clean};
    if (!same) f.clean = true;  // each part is zero where its results are missing
  }
  constexpr void back(const Applied& a) {
    const Flow from = flow[a.y];
    if (from.step < 0) return;
    Graph* g = &p.graph;
    Symbol in[3];
    for (int k = 0; k < a.arity; ++k) in[k] = {g, a.in[k]};
    for (int k = 0; k < a.arity; ++k) {
      if (p.depends[a.in[k]] == 0) continue;
      const Symbol c = a.vjp(k, {g, from.step}, in, {g, a.y});
      if (g->is_number(c.id) && g->step[c.id].number == 0) continue;
      add(a.in[k], {c.id, from.results, from.clean && c.id == from.step});
    }
  }
};

constexpr void find_dependences(Plan& p) {
  for (int k = 0; k < p.forward; ++k) {
    const Step& s = p.graph.step[k];
    if (s.op == Prim::input) p.depends[k] = 1u << s.a;
    each_argument(s, [&](int a) { p.depends[k] |= p.depends[a]; });
  }
}

constexpr void differentiate(Plan& p) {
  Sweep sweep{p};
  for (int k = 0; k < p.results; ++k) sweep.add(p.result[k], {p.graph.input(p.operands + k).id, 1u << k, true});
  for (int k = p.graph.applications - 1; k >= 0; --k) sweep.back(p.graph.applied[k]);
  const unsigned all = (1u << p.results) - 1;
  for (int k = 0; k < p.operands; ++k) {
    const Flow& f = sweep.flow[k];
    p.adjoint[k] = f.step < 0 || f.results == all ? f.step : sweep.gated(f);
  }
}

/// Marks the forward steps that the gradient reads. A comparison cannot be kept, so its operands are marked instead.
constexpr void find_needs(const Plan& p, bool (&needed)[Graph::most]) {
  bool live[Graph::most] = {};
  for (int k = 0; k < p.operands; ++k)
    if (p.adjoint[k] >= 0) live[p.adjoint[k]] = true;
  for (int k = p.graph.count - 1; k >= 0; --k) {
    const Step& s = p.graph.step[k];
    if (!live[k] || (k < p.forward && p.depends[k] == 0)) continue;
    if (k < p.forward && !is_mask(s.op)) needed[k] = true;
    else each_argument(s, [&](int a) { live[a] = true; });
  }
}

/// Whether step `id` can be recomputed from the other kept ones.
constexpr bool follows(const Plan& p, const bool (&kept)[Graph::most], int id) {
  bool known[Graph::most] = {};
  for (int k = 0; k <= id; ++k) {
    known[k] = p.depends[k] == 0 || (kept[k] && k != id);
    if (known[k] || p.graph.step[k].op == Prim::input) continue;
    known[k] = true;
    each_argument(p.graph.step[k], [&](int a) { known[k] = known[k] && known[a]; });
  }
  return known[id];
}

/// Chooses the steps to keep: those that the gradient reads, except those that can be recomputed from the rest, and
/// never more than there are operands. An LSTM thus keeps its activations, in the memory of its operands, and
/// recomputes tanh(c).
constexpr void choose_slots(Plan& p) {
  bool kept[Graph::most] = {};
  find_needs(p, kept);
  int count = 0, operands = 0;
  unsigned depends = 0;
  for (int k = p.forward - 1; k >= 0; --k) {
    if (kept[k] && follows(p, kept, k)) kept[k] = false;
    if (kept[k]) {
      ++count;
      depends |= p.depends[k];
    }
  }
  for (unsigned d = depends; d != 0; d &= d - 1) ++operands;
  for (int k = 0; k < p.forward; ++k) {
    if (count > operands) kept[k] = k < p.operands && (depends >> k & 1) != 0;
    if (kept[k]) p.slot[p.slots++] = static_cast<short>(k);
  }
}

/// Straight-line code: each line is a step whose arguments are earlier lines.
template <int n> struct Code {
  Step line[n];
  short out[fuse_streams] = {};
  int count = 0, in = 0, outs = 0;
};

struct Wanted {
  short step[fuse_streams] = {};
  int count = 0;
  constexpr void add(short s) { step[count++] = s; }
};

/// The lines for the wanted steps. If `backward`, kept steps are read instead of computed.
template <int n> constexpr Code<n> lines(const Plan& p, const Wanted& w, bool backward) {
  Code<n> code;
  short input[Graph::most], line[Graph::most] = {};
  bool live[Graph::most] = {};
  for (short& k : input) k = -1;
  for (int k = 0; backward && k < p.slots; ++k) input[p.slot[k]] = static_cast<short>(k);
  for (int k = 0; k < p.graph.count; ++k)
    if (const Step& s = p.graph.step[k]; s.op == Prim::input && (!backward || s.a >= p.operands))
      input[k] = static_cast<short>(backward ? p.slots + s.a - p.operands : s.a);
  for (int k = 0; k < w.count; ++k) live[w.step[k]] = true;
  for (int k = p.graph.count - 1; k >= 0; --k)
    if (live[k] && input[k] < 0) each_argument(p.graph.step[k], [&](int a) { live[a] = true; });
  for (int k = 0; k < p.graph.count; ++k) {
    if (!live[k]) continue;
    Step s = p.graph.step[k];
    const short b = s.b;
    if (input[k] >= 0) s = {Prim::input, input[k]};
    else if (s.op != Prim::number) {
      s.a = line[s.a];
      if (s.b >= 0) s.b = s.op == Prim::gate ? b : line[s.b];
      if (s.c >= 0) s.c = line[s.c];
    }
    if (code.count < n) code.line[code.count] = s;
    line[k] = static_cast<short>(code.count++);
  }
  for (int k = 0; k < w.count; ++k) code.out[k] = line[w.step[k]];
  code.outs = w.count;
  code.in = backward ? p.slots + p.results : p.operands;
  return code;
}

constexpr bool is_result(const Plan& p, int step) {
  for (int k = 0; k < p.results; ++k)
    if (p.result[k] == step) return true;
  return false;
}
constexpr Wanted forward_outputs(const Plan& p) {
  Wanted w;
  for (int k = 0; k < p.results; ++k) w.add(p.result[k]);
  for (int k = 0; k < p.slots; ++k)
    if (p.slot[k] >= p.operands && !is_result(p, p.slot[k])) w.add(p.slot[k]);
  return w;
}
constexpr Wanted backward_outputs(const Plan& p) {
  Wanted w;
  for (int k = 0; k < p.operands; ++k)
    if (p.adjoint[k] >= 0) w.add(p.adjoint[k]);
  return w;
}

/// The record except its functions.
constexpr FuseProgram describe(const Plan& p) {
  FuseProgram f;
  f.operands = p.operands;
  f.results = p.results;
  f.slots = p.slots;
  for (int k = 0; k < p.results; ++k) f.result_operands[k] = p.depends[p.result[k]];
  for (int k = 0; k < p.slots; ++k) {
    const int step = p.slot[k];
    FuseSlot& s = f.slot[k];
    s.operands = p.depends[step];
    for (int r = p.results - 1; r >= 0; --r)
      if (p.result[r] == step) s.result = static_cast<short>(r);
    if (step < p.operands) s.operand = static_cast<short>(step);
    else if (s.result < 0) s.intermediate = static_cast<short>(f.intermediates++);
  }
  for (int k = 0; k < p.operands; ++k)
    if (p.adjoint[k] >= 0) f.gradient_of[f.gradients++] = static_cast<short>(k);
  return f;
}

}  // namespace ebb::detail::fused
