#pragma once
#include <concepts>
#include <ebb/autograd/fuse_graph.hpp>
#include <ebb/autograd/var.hpp>
#include <type_traits>

/// The elementwise functions of Var for symbols, which a fused lambda receives in place of its operands.
namespace ebb::detail::fused {

template <class T>
concept operand_of_a_function =
    std::is_same_v<T, Var> || std::is_same_v<T, At> || std::is_same_v<T, Arg> || std::is_same_v<T, VarList>;

struct Expr {
  Symbol s;
  constexpr Expr(double x) : s(x) {}
  constexpr explicit Expr(Symbol symbol) : s(symbol) {}
  /// Calls of any other function of Vars resolve to this, so that the error explains the problem.
  template <class T>
    requires operand_of_a_function<T>
  operator T() const {
    static_assert(sizeof(T) == 0,
                  "fuse: the lambda may only call elementwise functions (docs/functions.md): apply this one to the "
                  "operand or to the result, outside the lambda");
    return *static_cast<T*>(nullptr);
  }
};

template <class O, class... E> constexpr Expr apply(const E&... e) {
  Graph* g = nullptr;
  ((g = g ? g : e.s.graph), ...);
  const Symbol in[] = {Symbol(g, place(g, e.s))...};
  Symbol y;
  if constexpr (sizeof...(E) == 1) y = O::value(in[0]);
  else if constexpr (sizeof...(E) == 2) y = O::value(in[0], in[1]);
  else y = O::value(in[0], in[1], in[2]);
  Applied a{&vjp_of<O>, {}, y.id, sizeof...(E)};
  for (int k = 0; k < a.arity; ++k) a.in[k] = in[k].id;
  g->apply(a);
  return Expr(y);
}

#define EBB_UNARY(Op, function, x) \
  constexpr Expr function(Expr x) { return apply<pointwise::Op>(x); }
#define EBB_BINARY(Op, function, a, b) \
  constexpr Expr function(Expr a, Expr b) { return apply<pointwise::Op>(a, b); }
#define EBB_TERNARY(Op, function, a, b, c) \
  constexpr Expr function(Expr a, Expr b, Expr c) { return apply<pointwise::Op>(a, b, c); }
#define EBB_COMPARISON EBB_BINARY
#include <ebb/ops/pointwise_functions.inl>
constexpr Expr elu(Expr x) { return elu(x, 1.0); }

constexpr Expr& operator+=(Expr& a, Expr b) { return a = a + b; }
constexpr Expr& operator-=(Expr& a, Expr b) { return a = a - b; }
constexpr Expr& operator*=(Expr& a, Expr b) { return a = a * b; }
constexpr Expr& operator/=(Expr& a, Expr b) { return a = a / b; }
/// The lambda on Vars, which runs beside the kernel if somebody watches, collects it.
constexpr Expr watch(const char*, Expr x) { return x; }

constexpr Expr max(Expr x, std::integral auto number) {
  static_assert(sizeof(number) == 0, "max(x, 1) reads like a maximum along axis 1: write max(x, 1.0)");
  return x;
}
constexpr Expr min(Expr x, std::integral auto number) {
  static_assert(sizeof(number) == 0, "min(x, 1) reads like a minimum along axis 1: write min(x, 1.0)");
  return x;
}

}  // namespace ebb::detail::fused
