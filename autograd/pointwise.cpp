#include <ebb/autograd/engine.hpp>
#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/merged_sum.hpp>
#include <ebb/autograd/op.hpp>
#include <ebb/autograd/op_list.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/pointwise.hpp>
#include <ebb/ops/reduce.hpp>

/// Elementwise ops on Vars: values and first-order adjoints run the kernels of ops/, recorded gradients the same
/// lambdas instantiated with Vars.
namespace ebb {

using detail::Sweep;
using detail::TapeImpl;

Var like(const Var&, double x) { return TapeImpl::current().number(x); }

namespace {

template <class O> consteval unsigned needs() {
  return (O::needs & pointwise::inputs ? need_inputs : 0U) | (O::needs & pointwise::output ? need_output : 0U);
}

/// The adjoint of node n made that of an input of its shape, to be overwritten, since this is its last use. Null if the
/// input has an adjoint already, or that of n is used elsewhere.
Array* overwritten(Sweep& s, std::uint32_t input, detail::Node& n) {
  detail::Node& to = s.tape.node(input);
  if (to.grad || n.retained || to.in_parent() || !n.grad.unique() || !n.grad.contiguous() || !engine().reuse)
    return nullptr;
  to.grad = std::move(n.grad);
  return &to.grad;
}

/// Ops that pass the adjoint to input k unchanged, so it is forwarded by pointer.
template <class O, std::size_t k> inline constexpr bool forwards = std::is_same_v<O, pointwise::Add>;
template <> inline constexpr bool forwards<pointwise::Sub, 0> = true;

template <class O> struct Pointwise {
  static constexpr int id = pointwise::id<O>;
  static constexpr int N = pointwise::arity<O>;

  static void sweep(Sweep& s, std::uint32_t node) {
    detail::Node& n = s.tape.node(node);
    const std::uint32_t* in = n.inputs();
    if constexpr (N == 2 && forwards<O, 0> && forwards<O, 1>) {
      const bool second = s.wants(in[1]);
      if (second && s.wants(in[0])) forward(s, n, in[0], false);
      const std::uint32_t last = second ? in[1] : in[0];
      if (s.wants(last)) forward(s, n, last, !n.retained);
    } else {
      const Array* x[N];
      for (int k = 0; k < N; ++k) x[k] = &s.tape.value(O::needs & pointwise::inputs ? in[k] : 0);
      const auto each = [&]<std::size_t... K>(std::index_sequence<K...>) { (sweep_input<K>(s, n, in, x), ...); };
      each(std::make_index_sequence<N>{});
    }
  }

  /// The adjoint itself is the input's; it may be moved there at its last use.
  static void forward(Sweep& s, detail::Node& n, std::uint32_t input, bool move) {
    if (!(s.tape.node(input).shape == n.shape)) s.deferred.add_sum(input, n.grad);
    else if (move) s.accumulate(input, std::move(n.grad));
    else s.accumulate(input, n.grad);
  }

  template <std::size_t k>
  static void sweep_input(Sweep& s, detail::Node& n, const std::uint32_t* in, const Array* const* x) {
    const std::uint32_t input = in[k];
    if (!s.wants(input)) return;
    if constexpr (forwards<O, k>) return forward(s, n, input, false);
    const Shape& wanted = s.tape.node(input).shape;
    if (wanted == n.shape) {
      bool last = true;
      for (std::size_t j = k + 1; j < N; ++j) last = last && !s.wants(in[j]);
      if (Array* g = last ? overwritten(s, input, n) : nullptr)
        return pointwise::vjp(id, k, *g, x, N, n.value, *g, false);
      detail::Adjoint to = s.adjoint(input);
      return pointwise::vjp(id, k, n.grad, x, N, n.value, to.target(), to.accumulate);
    }
    Array r = Array::empty(n.shape, s.tape.dtype());
    pointwise::vjp(id, k, n.grad, x, N, n.value, r, false);
    s.accumulate(input, sum_to(r, wanted));
  }

  template <std::size_t k>
  [[gnu::cold]] static void replay_input(detail::Replay& r, std::uint32_t node, const Var* in) {
    if (!r.wants(in[k].node())) return;
    const Var g = r.adjoint(node), y = r.tape.handle(node);
    const auto call = [&]<std::size_t... J>(std::index_sequence<J...>) {
      return pointwise::vjp_of<O, k>()(g, in[J]..., y);
    };
    r.add(in[k].node(), call(std::make_index_sequence<N>{}));
  }
  [[gnu::cold]] static void replay(detail::Replay& r, std::uint32_t node) {
    Var in[N];
    for (int k = 0; k < N; ++k) in[k] = r.tape.handle(r.tape.node(node).inputs()[k]);
    const auto each = [&]<std::size_t... K>(std::index_sequence<K...>) { (replay_input<K>(r, node, in), ...); };
    each(std::make_index_sequence<N>{});
  }

  static constexpr detail::OpTable table{O::name, needs<O>(), true, sweep, replay, nullptr, nullptr};

  static Var apply(Var* in, const std::source_location& where) {
    TapeImpl& t = TapeImpl::current(O::name);
    bool record = false;
    Array y = detail::located(where, [&] {
      detail::Node* n[N];
      for (int k = 0; k < N; ++k) {
        n[k] = &t.node(in[k], O::name);
        record |= n[k]->requires_grad;
      }
      record &= t.recording();
      if (detail::Probe* p = t.probe()) [[unlikely]]
        p->began(t, O::name, in, N);
      const Array* x[N];
      Array* reusable = nullptr;
      for (int k = 0; k < N; ++k) {
        x[k] = &t.value(in[k].node());
        if (may_overwrite(*n[k], record)) reusable = &n[k]->value;
      }
      return pointwise::value(id, x, N, reusable);
    });
    if (!record) return t.push(std::move(y), where);
    if constexpr (std::is_same_v<O, pointwise::Add> || (N == 1 && (O::needs & pointwise::inputs) == 0)) {
      if (Var sum = extended(t, in, y, where)) return sum;
    }
    return t.record(table, nullptr, in, N, std::move(y), y.shape(), where);
  }

  /// The sum in[0], extended by this op in its node (merged_sum.hpp); empty if in[0] is no such sum.
  static Var extended(TapeImpl& t, Var* in, Array& y, const std::source_location& where) {
    const detail::Node& n = t.node(in[0].node());
    if (!detail::extendable(t, in[0], n, Pointwise<pointwise::Add>::table)) return {};
    if constexpr (N == 1)
      return detail::extend(t, detail::MergedSum<O>::table, std::move(in[0]), nullptr, std::move(y), where);
    else if (n.input_count == detail::MergedSum<void>::most || in[1].node() >= in[0].node()) return {};
    else return detail::extend(t, detail::MergedSum<void>::table, std::move(in[0]), &in[1], std::move(y), where);
  }

  /// Whether only this call references the value and its memory, and no backward reads it.
  static bool may_overwrite(const detail::Node& n, bool record) {
    return n.handles == 1 && !n.keep && !(record && (O::needs & pointwise::inputs) != 0) && n.value.unique() &&
           engine().reuse;
  }
};

template <class O> Var run(At& x) { return Pointwise<O>::apply(&x.var, x.where); }
template <class O> Var run(At& a, At& b) {
  Var in[2] = {std::move(a.var), std::move(b.var)};
  return Pointwise<O>::apply(in, a.where);
}
template <class O> Var run(At& a, At& b, At& c) {
  Var in[3] = {std::move(a.var), std::move(b.var), std::move(c.var)};
  return Pointwise<O>::apply(in, a.where);
}

template <class... O> Var run_by_number(int op, std::vector<Var>& in, pointwise::TypeList<O...>) {
  using Run = Var (*)(Var*, const std::source_location&);
  static constexpr Run table[] = {&Pointwise<O>::apply...};
  return table[op](in.data(), std::source_location::current());
}

}  // namespace

Var detail::apply_pointwise(int op, const std::vector<Var>& in) {
  std::vector<Var> operands = in;
  return run_by_number(op, operands, pointwise::List{});
}

#define EBB_UNARY(Op, function, x) \
  Var function(At x) { return run<pointwise::Op>(x); }
#define EBB_BINARY(Op, function, a, b) \
  Var function(Arg a, Arg b) { return run<pointwise::Op>(a, b); }
#define EBB_TERNARY(Op, function, a, b, c) \
  Var function(At a, Arg b, Arg c) { return run<pointwise::Op>(a, b, c); }
#define EBB_COMPARISON(Op, function, a, b) \
  Comparison function(Arg a, Arg b) { return run<pointwise::Op>(a, b); }
#include <ebb/ops/pointwise_functions.inl>

Var elu(At x) {
  Arg alpha = 1.0;
  return run<pointwise::Elu>(x, alpha);
}

Var& operator+=(Var& a, Arg b) {
  Arg x(std::move(a), b.where);
  return a = run<pointwise::Add>(x, b);
}
Var& operator-=(Var& a, Arg b) {
  Arg x(std::move(a), b.where);
  return a = run<pointwise::Sub>(x, b);
}
Var& operator*=(Var& a, Arg b) {
  Arg x(std::move(a), b.where);
  return a = run<pointwise::Mul>(x, b);
}
Var& operator/=(Var& a, Arg b) {
  Arg x(std::move(a), b.where);
  return a = run<pointwise::Div>(x, b);
}

}  // namespace ebb
