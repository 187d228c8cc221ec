#pragma once
#include <array>
#include <ebb/autograd/tape_impl.hpp>
#include <new>
#include <utility>

/// How to write an op that is not a composition of shipped ones: a struct with
///
///     static constexpr auto name = "cumsum";
///     static constexpr unsigned needs = ebb::need_inputs | ebb::need_output;    // optional: what vjp reads; default all
///     Array value(const Array& x, ...) const;
///     Var vjp(const Var& g, const Var& x, ..., const Var& y) const;             // std::array<Var, N> for N inputs
///
/// g is the adjoint of the result y. What `needs` does not name arrives as an empty Var. A vjp written in Vars can be
/// differentiated again; one in Arrays (same form, Array for Var) is first order, and tapes of order 2 refuse the op while
/// recording. Attributes are members of the struct, copied onto the tape. Check it with gradcheck_op.
namespace ebb {

inline constexpr unsigned need_nothing = detail::need_nothing;
inline constexpr unsigned need_inputs = detail::need_inputs;
inline constexpr unsigned need_output = detail::need_output;

namespace detail {

template <class Op, std::size_t... K>
auto call_value(const Op& op, const Array* in, std::index_sequence<K...>) { return op.value(in[K]...); }
template <class Op, class T, std::size_t... K>
auto call_vjp(const Op& op, const T& g, const T* in, const T& y, std::index_sequence<K...>) -> decltype(op.vjp(g, in[K]..., y)) {
  return op.vjp(g, in[K]..., y);
}

template <class Op, class T, std::size_t N>
concept has_vjp = requires(const Op& op, const T& g, const T* in) { call_vjp(op, g, in, g, std::make_index_sequence<N>{}); };

template <class T> T* begin_of(T& one) { return &one; }
template <class T, std::size_t N> T* begin_of(std::array<T, N>& many) { return many.data(); }

/// The two sweeps of an op with N inputs, made from its one vjp.
template <class Op, std::size_t N> struct Sweeps {
  static constexpr auto indices = std::make_index_sequence<N>{};
  static constexpr bool in_vars = has_vjp<Op, Var, N>;
  static_assert(in_vars || has_vjp<Op, Array, N>, "an op needs vjp(g, inputs..., y), on Vars or on Arrays");

  static void sweep(TapeImpl& t, std::uint32_t id) {
    const Op& op = *static_cast<const Op*>(t.node(id).attributes);
    if constexpr (in_vars) {
      Var in[N];
      for (std::size_t k = 0; k < N; ++k) in[k] = t.handle(t.node(id).inputs()[k]);
      Var g = t.push(t.node(id).grad, std::source_location::current()), y = t.handle(id);
      auto r = call_vjp(op, g, in, y, indices);
      for (std::size_t k = 0; k < N; ++k)
        if (t.wants(t.node(id).inputs()[k])) t.accumulate(t.node(id).inputs()[k], t.value(begin_of(r)[k].node()));
    } else {
      Array in[N];
      for (std::size_t k = 0; k < N; ++k) in[k] = t.value(t.node(id).inputs()[k]);
      auto r = call_vjp(op, t.node(id).grad, in, t.node(id).value, indices);
      for (std::size_t k = 0; k < N; ++k)
        if (t.wants(t.node(id).inputs()[k])) t.accumulate(t.node(id).inputs()[k], begin_of(r)[k]);
    }
  }

  static void replay(Replay& r, std::uint32_t id) {
    if constexpr (in_vars) {
      TapeImpl& t = r.tape;
      const Op& op = *static_cast<const Op*>(t.node(id).attributes);
      Var in[N];
      for (std::size_t k = 0; k < N; ++k) in[k] = t.handle(t.node(id).inputs()[k]);
      auto v = call_vjp(op, r.adjoint(id), in, t.handle(id), indices);
      for (std::size_t k = 0; k < N; ++k)
        if (t.wants(t.node(id).inputs()[k])) r.add(t.node(id).inputs()[k], begin_of(v)[k]);
    }
  }

  static void destroy(void* op) { static_cast<Op*>(op)->~Op(); }
};

template <class Op> consteval unsigned needs_of() {
  if constexpr (requires { Op::needs; }) return Op::needs;
  else return need_inputs | need_output;
}

template <class Op, std::size_t N>
inline constexpr OpTable table_of{Op::name,
                                  needs_of<Op>(),
                                  Sweeps<Op, N>::in_vars,
                                  &Sweeps<Op, N>::sweep,
                                  &Sweeps<Op, N>::replay,
                                  std::is_trivially_destructible_v<Op> ? nullptr : &Sweeps<Op, N>::destroy,
                                  nullptr};

/// Puts y = op(inputs) on the tape; copies the op's attributes only if the graph needs them.
template <class Op>
Var finish(TapeImpl& t, const OpTable& table, const Op& op, const Var* in, int count, Array y, const std::source_location& at) {
  if (!t.any_requires(in, count)) return t.push(std::move(y), at);
  t.require_order(table, at);
  void* attributes = new (t.arena(sizeof(Op))) Op(op);
  const Shape shape = y.shape();
  return t.record(table, attributes, in, count, std::move(y), shape, at);
}

}  // namespace detail

/// Runs the op at once and records it. Errors: what the op's value throws, with the caller's line added
template <class Op, class... In> Var apply(const Op& op, At first, const In&... rest) {
  constexpr std::size_t N = 1 + sizeof...(In);
  detail::TapeImpl& t = detail::TapeImpl::current(Op::name);
  const Var in[N] = {first.var, At(rest, first.where).var...};
  Array values[N];
  for (std::size_t k = 0; k < N; ++k) {
    detail::located(first.where, [&] { t.node(in[k], Op::name); });
    values[k] = t.value(in[k].node());
  }
  Array y;
  try {
    y = detail::call_value(op, values, std::make_index_sequence<N>{});
  } catch (...) {
    detail::rethrow_at(first.where);
  }
  return detail::finish(t, detail::table_of<Op, N>, op, in, static_cast<int>(N), std::move(y), first.where);
}

}  // namespace ebb
