#pragma once
// Included by gradcheck.hpp: the checker for a user's op.
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/op.hpp>

namespace ebb {

namespace detail {

[[noreturn]] void throw_wrong_count(const char* op, std::size_t given);
std::string in_value(const char* op, const std::vector<Array>& inputs);  // "in cube::value with inputs [3, 4], [5]: "

template <class Op> double sample_low() {
  if constexpr (requires { Op::low; }) return Op::low;
  else return -2;
}
template <class Op> double sample_high() {
  if constexpr (requires { Op::high; }) return Op::high;
  else return 2;
}

/// Calls f with the indices of the inputs, of which there are at most four.
template <class Op, class F> void with_indices(std::size_t count, const F& f) {
  bool found = false;
  const auto attempt = [&]<std::size_t N>(std::integral_constant<std::size_t, N>) {
    if constexpr (has_vjp<Op, Var, N> || has_vjp<Op, Array, N>)
      if (count == N) {
        f(std::make_index_sequence<N>{});
        found = true;
      }
  };
  attempt(std::integral_constant<std::size_t, 1>{});
  attempt(std::integral_constant<std::size_t, 2>{});
  attempt(std::integral_constant<std::size_t, 3>{});
  attempt(std::integral_constant<std::size_t, 4>{});
  if (!found) throw_wrong_count(Op::name, count);
}

template <class Op> Var apply_all(const Op& op, const std::vector<Var>& in, const std::source_location& where) {
  Var y;
  with_indices<Op>(in.size(), [&]<std::size_t first, std::size_t... K>(std::index_sequence<first, K...>) {
    y = apply(op, At(in[first], where), in[K]...);
  });
  return y;
}

/// The error of op.value at these inputs, with their shapes; empty if there is none.
template <class Op> std::string value_error(const Op& op, const std::vector<Array>& in) {
  try {
    with_indices<Op>(in.size(),
                     [&]<std::size_t... K>(std::index_sequence<K...>) { (void)op.value(Array(in[K].copy())...); });
  } catch (const Error& e) { return in_value(Op::name, in) + e.what(); }
  return {};
}

}  // namespace detail

template <class Op>
GradcheckReport gradcheck_op(const Op& op, const std::vector<Shape>& shapes, GradcheckOptions o,
                             std::source_location where) {
  std::vector<Array> inputs;
  for (std::size_t k = 0; k < shapes.size(); ++k)
    inputs.push_back(uniform(shapes[k], Key{o.seed}.named(Op::name).at(k), detail::sample_low<Op>(),
                             detail::sample_high<Op>(), f64));
  if (std::string error = detail::value_error(op, inputs); !error.empty()) return {.failure = std::move(error)};
  return gradcheck([&](const std::vector<Var>& in) { return detail::apply_all(op, in, where); }, inputs, o);
}

}  // namespace ebb
