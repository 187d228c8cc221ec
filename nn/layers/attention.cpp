#include <cmath>
#include <ebb/autograd/op.hpp>
#include <ebb/nn/layers/attention.hpp>
#include <ebb/nn/layers/attention_ops.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>
#include <fmt/format.h>

namespace ebb {

namespace {

Init attention_init(int input) {
  const double bound = 1 / std::sqrt(static_cast<double>(input));
  return uniform_init(-bound, bound);
}

/// Result [I, B, E] and weights [B, I, T], without the axis I if there was one query.
Attended attended(const Var& s, const At& V, const detail::Seen& seen, bool causal, bool one) {
  const Var p = detail::seen_softmax(At(s, V.where), seen, causal), y = detail::mix(At(p, V.where), V, seen);
  if (!one) return {y, p};
  return {reshape(At(y, V.where), y.shape().without(0)), reshape(At(p, V.where), p.shape().without(1))};
}

}  // namespace

Attended attend(At q, At K, At V, const Lengths& lengths, const AttendOptions& o) {
  const std::source_location where = q.where;
  const Shape shape = detail::located(where, [&] {
    detail::check_attention("attend", q.var.shape(), K.var.shape(), V.var.shape(), lengths, o.causal);
    if (q.var.dim(-1) != K.var.dim(-1))
      throw ShapeError(fmt::format("attend: queries {} and keys {} differ in width", text(q.var.shape()), text(K.var.shape())));
    return q.var.shape();
  });
  const bool one = shape.rank() == 2;
  const Var steps = one ? reshape(std::move(q), shape.inserted(0, 1)) : q.var;
  const Var scaled = o.scaled ? Arg(steps, where) * Arg(1 / std::sqrt(static_cast<double>(shape[-1])), where) : steps;
  const detail::Seen seen{lengths};
  return attended(detail::scores(At(scaled, where), K, seen), At(V.var, where), seen, o.causal, one);
}

Attended attend(At q, At K, At V, const AttendOptions& o) { return attend(std::move(q), std::move(K), std::move(V), Lengths(), o); }

AdditiveAttention::AdditiveAttention(Builder p, int query, int key, int width) {
  if (query < 1 || key < 1 || width < 1)
    throw ValueError(fmt::format("additive attention: widths of {}, {} and {} cannot be", query, key, width));
  W = p.matrix("W", query, width, attention_init(query));
  U = p.matrix("U", key, width, attention_init(key));
  v = p.matrix("v", width, 1, attention_init(width));
}

Var AdditiveAttention::keys(At K) const { return matmul(std::move(K), U); }

Attended AdditiveAttention::operator()(At q, At keys, At V, const Lengths& lengths) const {
  const std::source_location where = q.where;
  const Shape k = detail::located(where, [&] {
    detail::check_attention("additive attention", q.var.shape(), keys.var.shape(), V.var.shape(), lengths, false);
    if (keys.var.dim(-1) != v.shape()[0])
      throw ShapeError(fmt::format("additive attention: keys must be of width {}, as `keys` makes them, but are {}", v.shape()[0],
                                   text(keys.var.shape())));
    return keys.var.shape();
  });
  const bool one = q.var.rank() == 2;
  const int I = one ? 1 : q.var.dim(0), T = k[0], B = k[1];
  const Var asked = reshape(At(matmul(std::move(q), At(W, where)), where), {I, 1, B, k[2]});
  const Var real = detail::without_padding(At(keys.var, where), lengths);
  const Var fit = tanh(At(Arg(asked, where) + Arg(real, where), where));
  const Var s = reshape(At(matmul(At(fit, where), At(v, where)), where), {I, T, B});
  return attended(transpose(At(s, where), {2, 0, 1}), At(V.var, where), detail::Seen{lengths}, false, one);
}

}  // namespace ebb
