#pragma once
#include <array>
#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/replay.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/error.hpp>
#include <new>
#include <utility>

/// An op that is not a composition of shipped ones is a struct with
///
///     static constexpr auto name = "cumsum";
///     static constexpr unsigned needs = ebb::need_inputs | ebb::need_output;    // optional: what vjp reads; default all
///     Array value(const Array& x, ...) const;
///     Var vjp(const Var& g, const Var& x, ..., const Var& y) const;             // std::array<Var, N> for N inputs
///
/// g is the adjoint of the result y. Arguments that `needs` does not name are empty. A vjp written in Vars can be
/// differentiated; one in Arrays (same form, Array for Var) is first order: tapes of order 2 reject the op. Attributes
/// are members of the struct, copied onto the tape. Check it with gradcheck_op.
namespace ebb {

inline constexpr unsigned need_nothing = detail::need_nothing;
inline constexpr unsigned need_inputs = detail::need_inputs;
inline constexpr unsigned need_output = detail::need_output;

namespace detail {

template <class Op, class T, std::size_t... K>
auto call_vjp(const Op& op, const T& g, const T* in, const T& y, std::index_sequence<K...>)
    -> decltype(op.vjp(g, in[K]..., y)) {
  return op.vjp(g, in[K]..., y);
}

template <class Op, class T, std::size_t N>
concept has_vjp =
    requires(const Op& op, const T& g, const T* in) { call_vjp(op, g, in, g, std::make_index_sequence<N>{}); };

template <class T> T* begin_of(T& one) { return &one; }
template <class T, std::size_t N> T* begin_of(std::array<T, N>& many) { return many.data(); }

template <class Op> consteval unsigned needs_of() {
  if constexpr (requires { Op::needs; }) return Op::needs;
  else return need_inputs | need_output;
}

/// "cumsum: vjp returned [3, 4] for input 1 of shape [4] (my_cell.cpp:31)".
[[noreturn]] void reject_gradient(TapeImpl&, std::uint32_t node, std::size_t input, const Var&);
[[noreturn]] void reject_gradient(TapeImpl&, std::uint32_t node, std::size_t input, const Array&);
/// Rethrows a vjp's exception with the op, its line and missing arguments. Call inside a catch block.
[[noreturn]] void rethrow_from_vjp(TapeImpl&, std::uint32_t node);

/// The two sweeps of an op with N inputs, from its vjp. Arguments that `needs` does not name are empty even if the tape
/// still has them; otherwise a wrong `needs` would go unnoticed while the value is referenced, and fail in training.
template <class Op, std::size_t N> struct Sweeps {
  static constexpr auto indices = std::make_index_sequence<N>{};
  static constexpr bool in_vars = has_vjp<Op, Var, N>;
  static constexpr bool sees_inputs = (needs_of<Op>() & need_inputs) != 0;
  static constexpr bool sees_output = (needs_of<Op>() & need_output) != 0;
  static_assert(in_vars || has_vjp<Op, Array, N>, "an op needs vjp(g, inputs..., y), on Vars or on Arrays");

  template <class T> static auto gradients(TapeImpl& t, std::uint32_t id, const T& g) {
    constexpr bool vars = std::is_same_v<T, Var>;
    T in[N], y;
    for (std::size_t k = 0; sees_inputs && k < N; ++k) {
      if constexpr (vars) in[k] = t.handle(t.node(id).inputs()[k]);
      else in[k] = t.value(t.node(id).inputs()[k]);
    }
    if constexpr (sees_output && vars) y = t.handle(id);
    else if constexpr (sees_output) y = t.node(id).value;
    try {
      return call_vjp(*static_cast<const Op*>(t.node(id).attributes), g, in, y, indices);
    } catch (const Error&) { rethrow_from_vjp(t, id); }
  }
  static const Var& checked(TapeImpl& t, std::uint32_t id, std::size_t k, const Var& r) {
    if (r.epoch() != t.epoch() || !(t.node(r.node()).shape == t.node(t.node(id).inputs()[k]).shape))
      reject_gradient(t, id, k, r);
    return r;
  }
  static const Array& checked(TapeImpl& t, std::uint32_t id, std::size_t k, const Array& r) {
    if (r.dtype() != t.dtype() || !(r.shape() == t.node(t.node(id).inputs()[k]).shape)) reject_gradient(t, id, k, r);
    return r;
  }

  /// Adds the vjp's result to the adjoints of inputs that require one. Inline, for small ops.
  template <class To, class R> [[gnu::always_inline]] static void add(To& to, std::uint32_t id, R returned) {
    for (std::size_t k = 0; k < N; ++k) {
      const std::uint32_t input = to.tape.node(id).inputs()[k];
      if (!to.wants(input)) continue;
      const auto& g = checked(to.tape, id, k, begin_of(returned)[k]);
      if constexpr (std::is_same_v<To, Replay>) to.add(input, g);
      else if constexpr (in_vars) to.accumulate(input, to.tape.value(g.node()));
      else to.accumulate(input, g);
    }
  }
  static void sweep(Sweep& s, std::uint32_t id) {
    if constexpr (requires { Op::sweep(s, id); }) return Op::sweep(s, id);  // of its own, on arrays
    const Array& g = s.tape.node(id).grad;
    if constexpr (in_vars) add(s, id, gradients(s.tape, id, s.tape.push(Array(g), std::source_location::current())));
    else add(s, id, gradients(s.tape, id, g));
  }
  static void replay(Replay& r, std::uint32_t id) {
    if constexpr (in_vars) add(r, id, gradients(r.tape, id, r.adjoint(id)));
  }
  static void destroy(void* op) { static_cast<Op*>(op)->~Op(); }

  static constexpr OpTable table{Op::name, needs_of<Op>(), in_vars,
                                 &sweep,   &replay,        std::is_trivially_destructible_v<Op> ? nullptr : &destroy};
};

/// Records y = op(inputs) on the tape; copies the op's attributes only if the graph needs them.
template <class Op>
Var finish(TapeImpl& t, const OpTable& table, const Op& op, const Var* in, int count, Array&& y,
           const std::source_location& at) {
  if (!t.any_requires(in, count)) return t.push(std::move(y), at);
  t.require_order(table, at);
  void* attributes = new (t.arena(sizeof(Op))) Op(op);
  return t.record(table, attributes, in, count, std::move(y), y.shape(), at);
}

}  // namespace detail

/// Runs the op and records it. Errors: those of the op's value, with the caller's line added
template <class Op, class... In> Var apply(const Op& op, At first, const In&... rest) {
#ifdef EBB_SHIPS_OPS  // while the library itself is compiled
  static_assert(requires { Op::tried_by; }, "a shipped op names its sample: tried_by = ShippedOp::... or NnOp::...");
#endif
  constexpr std::size_t N = 1 + sizeof...(In);
  detail::TapeImpl& t = detail::TapeImpl::current(Op::name);
  const Var in[N] = {first.var, At(rest, first.where).var...};
  Array values[N];
  for (std::size_t k = 0; k < N; ++k) {
    detail::located(first.where, [&] { t.node(in[k], Op::name); });
    values[k] = t.value(in[k].node());
  }
  if (detail::Probe* p = t.probe()) [[unlikely]]
    p->began(t, Op::name, in, static_cast<int>(N));
  Array y = detail::located(first.where, [&] {
    return [&]<std::size_t... K>(std::index_sequence<K...>) {
      return op.value(values[K]...);
    }(std::make_index_sequence<N>{});
  });
  return detail::finish(t, detail::Sweeps<Op, N>::table, op, in, static_cast<int>(N), std::move(y), first.where);
}

}  // namespace ebb
