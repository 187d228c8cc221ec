#pragma once
#include <cstdint>
#include <ebb/ops/pointwise_list.hpp>

/// A fused lambda as a list of primitive steps, built at compile time: the lambda is called once with symbols in a
/// constant expression, and so are the values and vjps of pointwise_list.hpp. Equal steps are merged.
namespace ebb::detail::fused {

enum class Prim : std::uint8_t {
  input,
  number,
  add,
  sub,
  mul,
  div,
  neg,
  less,
  less_equal,
  equal,
  not_equal,
  where,
  gate,
  min,
  max,
  abs,
  sqrt,
  exp,
  expm1,
  log,
  log1p,
  sin,
  cos,
  erf,
  pow,
  tanh,
  sigmoid
};

struct Step {
  Prim op = Prim::number;
  short a = -1, b = -1, c = -1;  // earlier steps; for an input its index, for a gate the set of results in b
  double number = 0;
  friend constexpr bool operator==(const Step& x, const Step& y) {
    return x.op == y.op && x.a == y.a && x.b == y.b && x.c == y.c &&
           __builtin_bit_cast(std::uint64_t, x.number) == __builtin_bit_cast(std::uint64_t, y.number);
  }
};

struct Graph;

/// The result of a step at compile time. A plain number has no graph yet.
struct Symbol {
  Graph* graph = nullptr;
  short id = -1;
  double number = 0;
  constexpr Symbol() = default;
  constexpr Symbol(double x) : number(x) {}
  constexpr Symbol(Graph* g, int i) : graph(g), id(static_cast<short>(i)) {}
};
/// The result of a comparison, usable only in `where`.
struct SymbolMask {
  Symbol s;
};

/// One op of pointwise_list.hpp applied by the lambda; the reverse sweep runs over these.
struct Applied {
  Symbol (*vjp)(int k, Symbol g, const Symbol* in, Symbol y) = nullptr;
  short in[3] = {-1, -1, -1};
  short y = -1;
  short arity = 0;
};

struct Graph {
  static constexpr int most = 400;
  Step step[most];
  int count = 0;
  Applied applied[most / 4];
  int applications = 0;

  constexpr short add(const Step& s) {
    for (int k = 0; k < count; ++k)
      if (step[k] == s) return static_cast<short>(k);
    if (count == most) throw "this fused expression is too long: split it into two";
    step[count] = s;
    return static_cast<short>(count++);
  }
  constexpr short number(double x) { return add({Prim::number, -1, -1, -1, x}); }
  constexpr Symbol input(int k) { return {this, add({Prim::input, static_cast<short>(k)})}; }
  constexpr bool is_number(int id) const { return step[id].op == Prim::number; }
  constexpr void apply(const Applied& a) {
    for (int k = 0; k < applications; ++k)
      if (applied[k].y == a.y) return;  // an equal value was recorded already
    if (applications == most / 4) throw "this fused expression is too long: split it into two";
    applied[applications++] = a;
  }
};

constexpr short place(Graph* g, Symbol s) { return s.graph ? s.id : g->number(s.number); }

constexpr Symbol prim(Prim op, Symbol a, Symbol b = 0, int arity = 1) {
  Graph* g = a.graph ? a.graph : b.graph;
  const short x = place(g, a), y = arity == 2 ? place(g, b) : short{-1};
  return {g, g->add({op, x, y})};
}
constexpr Symbol prim2(Prim op, Symbol a, Symbol b) { return prim(op, a, b, 2); }

constexpr Symbol operator+(Symbol a, Symbol b) { return prim2(Prim::add, a, b); }
constexpr Symbol operator-(Symbol a, Symbol b) { return prim2(Prim::sub, a, b); }
constexpr Symbol operator*(Symbol a, Symbol b) { return prim2(Prim::mul, a, b); }
constexpr Symbol operator/(Symbol a, Symbol b) { return prim2(Prim::div, a, b); }
constexpr Symbol operator-(Symbol a) { return prim(Prim::neg, a); }
constexpr SymbolMask operator<(Symbol a, Symbol b) { return {prim2(Prim::less, a, b)}; }
constexpr SymbolMask operator<=(Symbol a, Symbol b) { return {prim2(Prim::less_equal, a, b)}; }
constexpr SymbolMask operator>(Symbol a, Symbol b) { return b < a; }
constexpr SymbolMask operator>=(Symbol a, Symbol b) { return b <= a; }
constexpr SymbolMask equal(Symbol a, Symbol b) { return {prim2(Prim::equal, a, b)}; }
constexpr Symbol like(Symbol s, double x) { return {s.graph, s.graph->number(x)}; }
constexpr Symbol min(Symbol a, Symbol b) { return prim2(Prim::min, a, b); }
constexpr Symbol max(Symbol a, Symbol b) { return prim2(Prim::max, a, b); }
constexpr Symbol pow(Symbol a, Symbol b) { return prim2(Prim::pow, a, b); }
constexpr Symbol abs(Symbol a) { return prim(Prim::abs, a); }
constexpr Symbol sqrt(Symbol a) { return prim(Prim::sqrt, a); }
constexpr Symbol exp(Symbol a) { return prim(Prim::exp, a); }
constexpr Symbol expm1(Symbol a) { return prim(Prim::expm1, a); }
constexpr Symbol log(Symbol a) { return prim(Prim::log, a); }
constexpr Symbol log1p(Symbol a) { return prim(Prim::log1p, a); }
constexpr Symbol sin(Symbol a) { return prim(Prim::sin, a); }
constexpr Symbol cos(Symbol a) { return prim(Prim::cos, a); }
constexpr Symbol erf(Symbol a) { return prim(Prim::erf, a); }
constexpr Symbol tanh(Symbol a) { return prim(Prim::tanh, a); }
constexpr Symbol sigmoid(Symbol a) { return prim(Prim::sigmoid, a); }

constexpr Symbol where(SymbolMask m, Symbol a, Symbol b) {
  Graph* g = m.s.graph;
  return {g, g->add({Prim::where, m.s.id, place(g, a), place(g, b)})};
}
/// Recovers the comparison m from where(m, 1, 0).
constexpr SymbolMask not_equal(Symbol a, Symbol b) {
  if (a.graph && a.graph->step[a.id].op == Prim::where && b.graph && b.graph->is_number(b.id) &&
      b.graph->step[b.id].number == 0) {
    const Graph& g = *a.graph;
    const Step& s = g.step[a.id];
    if (g.is_number(s.b) && g.is_number(s.c) && g.step[s.b].number == 1 && g.step[s.c].number == 0)
      return {{a.graph, s.a}};
  }
  return {prim2(Prim::not_equal, a, b)};
}
constexpr Symbol sign(Symbol x) { return where(x > 0, 1, where(x < 0, -1, x)); }

template <class O> constexpr Symbol vjp_of(int wanted, Symbol g, const Symbol* in, Symbol y) {
  constexpr int n = pointwise::arity<O>;
  const auto call = [&](const auto& f) {
    if constexpr (n == 1) return f(g, in[0], y);
    else if constexpr (n == 2) return f(g, in[0], in[1], y);
    else return f(g, in[0], in[1], in[2], y);
  };
  if (wanted == 0) return call(pointwise::vjp_of<O, 0>());
  if constexpr (n > 1)
    if (wanted == 1) return call(pointwise::vjp_of<O, 1>());
  if constexpr (n > 2)
    if (wanted == 2) return call(pointwise::vjp_of<O, 2>());
  return {};
}

}  // namespace ebb::detail::fused
