#include <fmt/format.h>
#include <cmath>
#include <ebb/autograd/op.hpp>
#include <ebb/nn/layers/attention.hpp>
#include <ebb/nn/layers/attention_ops.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

/// Result [I, B, E] and weights [B, I, T], without the axis I for a single query.
Attended attended(const Var& s, const Var& V, const detail::Seen& seen, bool causal, bool one) {
  const Var p = detail::seen_softmax(s, seen, causal), y = detail::mix(p, V, seen);
  if (!one) return {y, p};
  return {reshape(y, y.shape().without(0)), reshape(p, p.shape().without(1))};
}

}  // namespace

Attended attend(At q, At K, At V, const Lengths& lengths, const AttendOptions& o) {
  const CallSite here{q.where};
  const Shape shape = detail::located(q.where, [&] {
    detail::check_attention("attend", q.var.shape(), K.var.shape(), V.var.shape(), lengths, o.causal);
    if (q.var.dim(-1) != K.var.dim(-1))
      throw ShapeError(
          fmt::format("attend: queries {} and keys {} differ in width", text(q.var.shape()), text(K.var.shape())));
    return q.var.shape();
  });
  const bool one = shape.rank() == 2;
  const Var steps = one ? reshape(std::move(q), shape.inserted(0, 1)) : q.var;
  const Var scaled = o.scaled ? steps * (1 / std::sqrt(static_cast<double>(shape[-1]))) : steps;
  const detail::Seen seen{lengths};
  return attended(detail::scores(scaled, K, seen), V.var, seen, o.causal, one);
}

Attended attend(At q, At K, At V, const AttendOptions& o) {
  return attend(std::move(q), std::move(K), std::move(V), Lengths(), o);
}

AdditiveAttention::AdditiveAttention(Builder p, int query, int key, int width) {
  if (query < 1 || key < 1 || width < 1)
    throw ValueError(
        fmt::format("additive attention: widths must be at least 1, but are {}, {} and {}", query, key, width));
  W = p.matrix("W", query, width, fan_in_uniform(query));
  U = p.matrix("U", key, width, fan_in_uniform(key));
  v = p.matrix("v", width, 1, fan_in_uniform(width));
}

Var AdditiveAttention::keys(At K) const { return matmul(std::move(K), U); }

Attended AdditiveAttention::operator()(At q, At keys, At V, const Lengths& lengths) const {
  const CallSite here{q.where};
  const Shape k = detail::located(q.where, [&] {
    detail::check_attention("additive attention", q.var.shape(), keys.var.shape(), V.var.shape(), lengths, false);
    if (keys.var.dim(-1) != v.shape()[0])
      throw ShapeError(fmt::format("additive attention: keys must have width {}, as `keys` returns them, but are {}",
                                   v.shape()[0], text(keys.var.shape())));
    return keys.var.shape();
  });
  const bool one = q.var.rank() == 2;
  const int I = one ? 1 : q.var.dim(0), T = k[0], B = k[1];
  const Var asked = reshape(matmul(std::move(q), W), {I, 1, B, k[2]});
  const Var fit = tanh(asked + detail::without_padding(keys.var, lengths));
  const Var s = reshape(matmul(fit, v), {I, T, B});
  return attended(transpose(s, {2, 0, 1}), V.var, detail::Seen{lengths}, false, one);
}

}  // namespace ebb
