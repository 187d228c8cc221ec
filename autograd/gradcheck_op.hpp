#pragma once
// Included by gradcheck.hpp: the checker for an op of one's own.
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/op.hpp>

namespace ebb {

namespace detail {

[[noreturn]] void throw_wrong_count(const char* op, std::size_t given);

template <class Op> double sample_low() {
  if constexpr (requires { Op::low; }) return Op::low;
  else return -2;
}
template <class Op> double sample_high() {
  if constexpr (requires { Op::high; }) return Op::high;
  else return 2;
}

template <class Op, std::size_t... K>
Var apply_to(const Op& op, const std::vector<Var>& in, std::index_sequence<K...>) { return apply(op, in[K]...); }

/// Calls with as many inputs as there are; ops of up to four inputs.
template <class Op> Var apply_all(const Op& op, const std::vector<Var>& in) {
  Var y;
  const auto attempt = [&]<std::size_t N>(std::integral_constant<std::size_t, N>) {
    if constexpr (has_vjp<Op, Var, N> || has_vjp<Op, Array, N>)
      if (in.size() == N) y = apply_to(op, in, std::make_index_sequence<N>{});
  };
  attempt(std::integral_constant<std::size_t, 1>{});
  attempt(std::integral_constant<std::size_t, 2>{});
  attempt(std::integral_constant<std::size_t, 3>{});
  attempt(std::integral_constant<std::size_t, 4>{});
  if (!y) throw_wrong_count(Op::name, in.size());
  return y;
}

}  // namespace detail

template <class Op> GradcheckReport gradcheck_op(const Op& op, const std::vector<Shape>& shapes, GradcheckOptions o) {
  std::vector<Array> inputs;
  for (std::size_t k = 0; k < shapes.size(); ++k)
    inputs.push_back(uniform(shapes[k], Key{o.seed}.named(Op::name).at(k), detail::sample_low<Op>(), detail::sample_high<Op>(), f64));
  return gradcheck([&](const std::vector<Var>& in) { return detail::apply_all(op, in); }, inputs, o);
}

}  // namespace ebb
