#pragma once
#include <array>
#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/fuse_kernels.hpp>
#include <ebb/autograd/leaf.hpp>
#include <tuple>
#include <type_traits>

namespace ebb {

namespace detail::fused {

constexpr void collect(Plan& p, Expr e) { p.result[p.results++] = e.s.id; }
template <class A, class B> constexpr void collect(Plan& p, const std::pair<A, B>& r) {
  collect(p, r.first);
  collect(p, r.second);
}
template <class... E> constexpr void collect(Plan& p, const std::tuple<E...>& r) {
  static_assert(sizeof...(E) <= fuse_results, "fuse: a lambda returns at most four values");
  std::apply([&](const auto&... e) { (collect(p, e), ...); }, r);
}

template <class F, std::size_t... k> constexpr Plan plan_of(std::index_sequence<k...>) {
  Plan p;
  p.operands = sizeof...(k);
  const Expr in[] = {Expr(p.graph.input(k))...};
  collect(p, F{}(in[k]...));
  p.forward = p.graph.count;
  find_dependences(p);
  for (int r = 0; r < p.results; ++r)
    if (p.result[r] < 0 || p.depends[p.result[r]] == 0) throw "fuse: a result does not depend on any operand";
  differentiate(p);
  choose_slots(p);
  return p;
}

template <class F, class N>
concept known_now = requires { typename std::bool_constant<(plan_of<F>(N{}), true)>; };

template <class F, int N> struct Fusion {
  static constexpr Plan plan = plan_of<F>(std::make_index_sequence<N>{});
  struct Forward {
    static constexpr bool adds = false;
    static constexpr auto code =
        lines<lines<0>(plan, forward_outputs(plan), false).count>(plan, forward_outputs(plan), false);
  };
  struct Backward {
    static constexpr bool adds = true;
    static constexpr auto code =
        lines<lines<0>(plan, backward_outputs(plan), true).count>(plan, backward_outputs(plan), true);
  };

  static void put(Var*& out, Var y) { *out++ = static_cast<Var&&>(y); }
  template <class A, class B> static void put(Var*& out, std::pair<A, B>&& r) {
    put(out, static_cast<A&&>(r.first));
    put(out, static_cast<B&&>(r.second));
  }
  template <class... V> static void put(Var*& out, std::tuple<V...>&& r) {
    std::apply([&](auto&... y) { (put(out, static_cast<decltype(y)&&>(y)), ...); }, r);
  }
  template <std::size_t... k> static void call(Var* in, Var* out, std::index_sequence<k...>) {
    put(out, F{}(static_cast<Var&&>(in[k])...));
  }
  static void plain(Var* in, Var* out) { call(in, out, std::make_index_sequence<N>{}); }

  static constexpr FuseProgram make() {
    FuseProgram f = describe(plan);
    f.plain = &plain;
    set_kernels<Forward>(f.forward);
    if constexpr (Backward::code.outs > 0) set_kernels<Backward>(f.backward);
    return f;
  }
};
template <class F, int N> inline constexpr FuseProgram program = Fusion<F, N>::make();

// Operands: Var, parameter, number, At, or an array of Vars, which counts as that many operands.
template <class A> inline constexpr int width = 1;
template <std::size_t n> inline constexpr int width<std::array<Var, n>> = static_cast<int>(n);

/// The first operand, with the line of the call.
struct First : At {
  First(Var v, std::source_location w = std::source_location::current()) : At(static_cast<Var&&>(v), w) {}
  First(const Leaf& p, std::source_location w = std::source_location::current()) : At(p, w) {}
  First(double x, std::source_location w = std::source_location::current()) : At(fuse_number(x), w) {}
  First(At x) : At(static_cast<At&&>(x)) {}
  template <class A>
    requires is_array<A>
  First(const A& a) : At(a) {}  // the error says what to write instead
};

inline void take(Var*& at, Var v) { *at++ = static_cast<Var&&>(v); }
inline void take(Var*& at, const Leaf& p) { *at++ = var_of(p); }
inline void take(Var*& at, At x) { *at++ = static_cast<Var&&>(x.var); }
template <class X>
  requires std::is_arithmetic_v<X>
void take(Var*& at, X x) {
  *at++ = fuse_number(static_cast<double>(x));
}
template <std::size_t n> void take(Var*& at, std::array<Var, n>&& v) {
  for (Var& x : v) *at++ = static_cast<Var&&>(x);
}
template <std::size_t n> void take(Var*& at, const std::array<Var, n>& v) {
  for (const Var& x : v) *at++ = x;
}

// Results: in the lambda's form, with Vars for symbols.
template <class R> struct Form;
template <> struct Form<Expr> {
  static Var of(Var* y) { return static_cast<Var&&>(*y); }
};
template <class A, class B> struct Form<std::pair<A, B>> {
  static std::pair<Var, Var> of(Var* y) { return {static_cast<Var&&>(y[0]), static_cast<Var&&>(y[1])}; }
};
template <class... E> struct Form<std::tuple<E...>> {
  template <std::size_t... k> static auto of(Var* y, std::index_sequence<k...>) {
    return std::tuple{static_cast<Var&&>(y[k])...};
  }
  static auto of(Var* y) { return of(y, std::index_sequence_for<E...>{}); }
};
template <class F, std::size_t... k> auto result_of(std::index_sequence<k...>) -> decltype(F{}((k, Expr(0.0))...));

template <class F, class... A> auto run(F, std::source_location where, A&&... a) {
  static_assert(std::is_empty_v<F>, "fuse: the lambda must capture nothing; pass what it needs as operands");
  constexpr int N = (0 + ... + width<std::remove_cvref_t<A>>);
  static_assert(N <= fuse_operands, "fuse: at most sixteen operands");
  using Indices = std::make_index_sequence<N>;
  static_assert(known_now<F, Indices>,
                "fuse: the lambda is not a constant expression. Its numbers must be compile-time constants (pass "
                "others as operands), and the functions that it calls must be constexpr");
  Var in[N], out[fuse_results];
  Var* at = in;
  (take(at, static_cast<A&&>(a)), ...);
  detail::fuse(program<F, N>, in, out, where);
  return Form<decltype(result_of<F>(Indices{}))>::of(out);
}

}  // namespace detail::fused

/// One SIMD pass for a whole pointwise expression, and one for its gradient, which is derived at compile time:
///
///     auto [c, h] = fuse([](auto i, auto f, auto g, auto o, auto c) {
///       auto c1 = sigmoid(f) * c + sigmoid(i) * tanh(g);
///       return std::pair{c1, sigmoid(o) * tanh(c1)};
///     }, i, f, g, o, s.c);
///
/// The lambda captures nothing and returns a value, a pair or a tuple of at most four. It may call the elementwise
/// functions of functions.hpp. Operands (at most sixteen): Var, parameter, number, or std::array of Vars, which counts
/// as that many. A number that is not a compile-time constant must be an operand.
///
/// Shapes    operands broadcast by NumPy's rules; their gradients are summed over rows, in row order
/// Errors    ShapeError naming the shapes and the line
/// Cost      keeps at most one value per operand and element: what the gradient reads, stored in the memory of operands
///           that are no longer referenced; the rest is recomputed. Tapes of order 2 run and record the lambda on Vars
template <class F, class... A> auto fuse(F f, detail::fused::First first, A&&... rest) {
  return detail::fused::run(f, first.where, static_cast<At&&>(first), static_cast<A&&>(rest)...);
}
/// With one or two arrays first, the line is that of the first operand after them.
template <class F, std::size_t n, class... A>
auto fuse(F f, std::array<Var, n> a, detail::fused::First first, A&&... rest) {
  return detail::fused::run(f, first.where, static_cast<std::array<Var, n>&&>(a), static_cast<At&&>(first),
                            static_cast<A&&>(rest)...);
}
template <class F, std::size_t n, std::size_t m, class... A>
auto fuse(F f, std::array<Var, n> a, std::array<Var, m> b, detail::fused::First first, A&&... rest) {
  return detail::fused::run(f, first.where, static_cast<std::array<Var, n>&&>(a), static_cast<std::array<Var, m>&&>(b),
                            static_cast<At&&>(first), static_cast<A&&>(rest)...);
}
template <class F, std::size_t n>
auto fuse(F f, std::array<Var, n> a, std::source_location w = std::source_location::current()) {
  return detail::fused::run(f, w, static_cast<std::array<Var, n>&&>(a));
}
template <class F, std::size_t n, std::size_t m>
auto fuse(F f, std::array<Var, n> a, std::array<Var, m> b, std::source_location w = std::source_location::current()) {
  return detail::fused::run(f, w, static_cast<std::array<Var, n>&&>(a), static_cast<std::array<Var, m>&&>(b));
}

}  // namespace ebb
