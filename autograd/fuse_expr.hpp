#pragma once
#include <ebb/autograd/fuse_graph.hpp>

/// What a fused lambda sees in place of its operands: the functions of Var, for symbols. An op of pointwise_list.hpp is
/// published here with one line, as it is for Var.
namespace ebb::detail::fused {

struct Expr {
  Symbol s;
  constexpr Expr(double x) : s(x) {}
  constexpr explicit Expr(Symbol symbol) : s(symbol) {}
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

constexpr Expr operator+(Expr a, Expr b) { return apply<pointwise::Add>(a, b); }
constexpr Expr operator-(Expr a, Expr b) { return apply<pointwise::Sub>(a, b); }
constexpr Expr operator*(Expr a, Expr b) { return apply<pointwise::Mul>(a, b); }
constexpr Expr operator/(Expr a, Expr b) { return apply<pointwise::Div>(a, b); }
constexpr Expr operator-(Expr x) { return apply<pointwise::Neg>(x); }
constexpr Expr operator<(Expr a, Expr b) { return apply<pointwise::Less>(a, b); }
constexpr Expr operator<=(Expr a, Expr b) { return apply<pointwise::LessEqual>(a, b); }
constexpr Expr operator>(Expr a, Expr b) { return apply<pointwise::Greater>(a, b); }
constexpr Expr operator>=(Expr a, Expr b) { return apply<pointwise::GreaterEqual>(a, b); }
constexpr Expr& operator+=(Expr& a, Expr b) { return a = a + b; }
constexpr Expr& operator-=(Expr& a, Expr b) { return a = a - b; }
constexpr Expr& operator*=(Expr& a, Expr b) { return a = a * b; }
constexpr Expr& operator/=(Expr& a, Expr b) { return a = a / b; }
constexpr Expr equal(Expr a, Expr b) { return apply<pointwise::Equal>(a, b); }
constexpr Expr not_equal(Expr a, Expr b) { return apply<pointwise::NotEqual>(a, b); }
constexpr Expr exp(Expr x) { return apply<pointwise::Exp>(x); }
constexpr Expr log(Expr x) { return apply<pointwise::Log>(x); }
constexpr Expr log1p(Expr x) { return apply<pointwise::Log1p>(x); }
constexpr Expr expm1(Expr x) { return apply<pointwise::Expm1>(x); }
constexpr Expr sqrt(Expr x) { return apply<pointwise::Sqrt>(x); }
constexpr Expr square(Expr x) { return apply<pointwise::Square>(x); }
constexpr Expr pow(Expr x, Expr exponent) { return apply<pointwise::Pow>(x, exponent); }
constexpr Expr abs(Expr x) { return apply<pointwise::Abs>(x); }
constexpr Expr sign(Expr x) { return apply<pointwise::Sign>(x); }
constexpr Expr min(Expr a, Expr b) { return apply<pointwise::Min>(a, b); }
constexpr Expr max(Expr a, Expr b) { return apply<pointwise::Max>(a, b); }
constexpr Expr where(Expr condition, Expr yes, Expr no) { return apply<pointwise::Where>(condition, yes, no); }
constexpr Expr clip(Expr x, Expr low, Expr high) { return apply<pointwise::Clip>(x, low, high); }
constexpr Expr tanh(Expr x) { return apply<pointwise::Tanh>(x); }
constexpr Expr sigmoid(Expr x) { return apply<pointwise::Sigmoid>(x); }
constexpr Expr relu(Expr x) { return apply<pointwise::Relu>(x); }
constexpr Expr softplus(Expr x) { return apply<pointwise::Softplus>(x); }
constexpr Expr elu(Expr x, Expr alpha = 1.0) { return apply<pointwise::Elu>(x, alpha); }
constexpr Expr gelu(Expr x) { return apply<pointwise::Gelu>(x); }
constexpr Expr sin(Expr x) { return apply<pointwise::Sin>(x); }
constexpr Expr cos(Expr x) { return apply<pointwise::Cos>(x); }
constexpr Expr erf(Expr x) { return apply<pointwise::Erf>(x); }
constexpr Expr watch(const char*, Expr x) { return x; }   // collected by the lambda on Vars, which runs beside the kernel if somebody watches

}  // namespace ebb::detail::fused
