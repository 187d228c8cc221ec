#include <fmt/format.h>
#include <cmath>
#include <ebb/autograd/op.hpp>
#include <ebb/nn/layers/attention_ops.hpp>
#include <ebb/nn/layers/multi_head_attention.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

namespace {

MultiHeadOptions checked(MultiHeadOptions o, int width) {
  if (width < 1 || o.keys < 0 || o.values < 0)
    throw ValueError(
        fmt::format("multi-head attention: widths must be at least 1, but are {}, {} and {}", width, o.keys, o.values));
  if (o.heads < 1 || width % o.heads != 0)
    throw ValueError(fmt::format("multi-head attention: {} heads do not divide the width {}", o.heads, width));
  if (!(o.dropout >= 0 && o.dropout < 1))
    throw ValueError(
        fmt::format("multi-head attention: dropout must be at least 0 and less than 1, but is {}", o.dropout));
  if (o.keys == 0) o.keys = width;
  if (o.values == 0) o.values = width;
  return o;
}

Var linear(const Var& x, const Param& W, const Param& b) { return matmul(x, W) + b; }

}  // namespace

MultiHeadAttention::MultiHeadAttention(Builder p, int width, MultiHeadOptions o) : options(checked(o, width)) {
  Wq = p.matrix("Wq", width, width, xavier_uniform());
  Wk = p.matrix("Wk", options.keys, width, xavier_uniform());
  Wv = p.matrix("Wv", options.values, width, xavier_uniform());
  Wo = p.matrix("Wo", width, width, fan_in_uniform(width));
  bq = p.vector("bq", width, zero_init);
  bk = p.vector("bk", width, zero_init);
  bv = p.vector("bv", width, zero_init);
  bo = p.vector("bo", width, zero_init);
}

Attended MultiHeadAttention::operator()(At q, At K, At V, const Lengths& lengths, const StepContext& at,
                                        const AttendOptions& o) const {
  const CallSite here{q.where};
  detail::located(q.where, [&] {
    detail::check_attention("multi-head attention", q.var.shape(), K.var.shape(), V.var.shape(), lengths, o.causal);
    return 0;
  });
  const bool one = q.var.rank() == 2;
  const int heads = options.heads, D = Wq.shape()[1], B = K.var.dim(1), T = K.var.dim(0), I = one ? 1 : q.var.dim(0);
  const auto cut = [&](const Var& x, int steps) { return reshape(x, {steps, B * heads, D / heads}); };
  const Var asked = linear(q.var, Wq, bq);
  const double scale = o.scaled ? 1 / std::sqrt(static_cast<double>(D / heads)) : 1;
  const detail::Seen seen{lengths, heads};

  const Var keys = detail::without_padding(K.var, lengths), values = detail::without_padding(V.var, lengths);
  const Var s = detail::scores(cut(asked * scale, I), cut(linear(keys, Wk, bk), T), seen);
  const Var p = detail::seen_softmax(s, seen, o.causal), weights = reshape(p, {B, heads, I, T});
  // The mask is drawn for [B, ...], so that a row's mask does not depend on its shard.
  const Var used = reshape(dropout(weights, options.dropout, at, "weights"), {B * heads, I, T});
  const Var joined = reshape(detail::mix(used, cut(linear(values, Wv, bv), T), seen), {I, B, D});
  const Var y = linear(joined, Wo, bo);
  if (!one) return {y, weights};
  return {reshape(y, {B, D}), reshape(weights, {B, heads, T})};
}

Attended MultiHeadAttention::operator()(At q, At K, At V, const StepContext& at, const AttendOptions& o) const {
  return (*this)(std::move(q), std::move(K), std::move(V), Lengths(), at, o);
}

}  // namespace ebb
