#include <fmt/format.h>
#include <cmath>
#include <ebb/nn/losses/class_loss.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

void check(const char* op, const ClassLossOptions& o, int V) {
  if (!(o.smoothing >= 0 && o.smoothing <= 1))
    throw ValueError(fmt::format("{}: smoothing {} is outside [0, 1]", op, o.smoothing));
  if (!o.weights) return;
  if (o.weights.rank() != 1 || o.weights.dim(0) != V)
    throw ShapeError(
        fmt::format("{}: weights are {}, expected one for each of {} classes", op, text(o.weights.shape()), V));
  for (int k = 0; k < V; ++k)
    if (const double w = o.weights.at_flat(k); !(w >= 0 && std::isfinite(w)))
      throw ValueError(fmt::format("{}: the weight of class {} is {}", op, k, w));
}

void check_target(const char* op, int target, std::int64_t position, int V) {
  if (target < 0 || target >= V)
    throw ValueError(fmt::format("{}: target {} at position {} is outside [0, {})", op, target, position, V));
}

/// Replaces ignored targets by class 0, so that they are valid indices.
Tokens usable(const Tokens& targets, int ignored) {
  Tokens t = targets.copy();
  for (std::int64_t i = 0; i < t.size(); ++i)
    if (t.data()[i] == ignored) t.data()[i] = 0;
  return t;
}

/// One where a target counts, zero where it is ignored.
Array counted(const Tokens& targets, int ignored, DType dtype) {
  Array a = Array::empty(targets.shape(), dtype);
  for (std::int64_t i = 0; i < a.size(); ++i) a.set_flat(i, targets.data()[i] == ignored ? 0 : 1);
  return a;
}

bool any_ignored(const Tokens& targets, int ignored) {
  for (std::int64_t i = 0; i < targets.size(); ++i)
    if (targets.data()[i] == ignored) return true;
  return false;
}

Var without_ignored(Var loss, const Tokens& targets, int ignored) {
  if (!any_ignored(targets, ignored)) return loss;
  const Array mask = counted(targets, ignored, loss.dtype());
  return masked(std::move(loss), mask);
}

/// v times the weights, but zero where the weight is: 0 times infinity would give NaN, also in the gradient.
Var weighed(const Var& v, const Array& weights) {
  const Var w = constant(weights);
  bool zero = false;
  for (std::int64_t i = 0; i < weights.size(); ++i) zero = zero || weights.at_flat(i) == 0;
  return (zero ? where(w, v, 0.0) : v) * w;
}

/// -sum over k of w[k] l[k], divided by V.
Var spread(const Var& l, const Array& weights) {
  const Var terms = weights ? weighed(l, weights) : l;
  return sum(terms, -1) * (-1.0 / l.dim(-1));
}

/// The logits, with rows of ignored targets set to zero if they are not finite: log_softmax would otherwise give 0
/// times NaN in the gradient.
Var without_odd_rows(const Var& logits, const Tokens& targets, int ignored) {
  if (logits.rank() < 1 || !(logits.shape().without(-1) == targets.shape()) || !any_ignored(targets, ignored))
    return logits;
  const Array rows = logits.value().reshape({static_cast<int>(targets.size()), logits.dim(-1)});
  bool odd = false;
  for (int i = 0; i < rows.dim(0) && !odd; ++i) odd = targets.data()[i] == ignored && !all_finite(rows[i]);
  if (!odd) return logits;
  const Array mask = counted(targets, ignored, logits.dtype());
  return where(constant(mask.reshape(mask.shape().inserted(mask.rank(), 1))), logits, 0.0);
}

/// Checks the shapes for masked_mean and weighted_mean and selects the shard's rows, which are on the last axis.
template <class A> A rows_of(const char* op, const Shard& s, const Var& v, const A& whole) {
  const bool steps = whole.rank() == 2;
  if (v.rank() != whole.rank() || whole.rank() < 1 || whole.rank() > 2 || v.dim(-1) != s.rows() ||
      whole.dim(-1) != s.batch() || (steps && v.dim(0) != whole.dim(0)))
    throw ShapeError(fmt::format("{}: v is {}, the batch's array is {}; expected [{}] and [{}], or [T, {}] and [T, {}]",
                                 op, text(v.shape()), text(whole.shape()), s.rows(), s.batch(), s.rows(), s.batch()));
  if constexpr (std::is_same_v<A, Tokens>) return steps ? s.sequence(whole) : s.rows(whole);
  else return steps ? s.sequence(whole).all().value() : s.rows(whole).value();
}

}  // namespace

Var masked(At v, const Array& mask) {
  const CallSite here{v.where};
  if (!(v.var.shape() == mask.shape()))
    throw ShapeError("masked: shapes differ: v is " + text(v.var.shape()) + ", the mask is " + text(mask.shape()));
  return where(constant(mask), v.var, 0.0);
}

Var negative_log_likelihood(At log_probabilities, const Tokens& targets, const ClassLossOptions& o) {
  const CallSite here{log_probabilities.where};
  const Var l = log_probabilities.var;
  check("negative_log_likelihood", o, l.rank() ? l.dim(-1) : 0);
  const Tokens t = usable(targets, o.ignored);
  Var loss = -pick(l, t);
  if (o.weights) loss = weighed(loss, gather(o.weights, t));
  if (o.smoothing > 0) loss = (1 - o.smoothing) * loss + o.smoothing * spread(l, o.weights);
  return without_ignored(loss, targets, o.ignored);
}

Var cross_entropy(At logits, const Tokens& targets, const ClassLossOptions& o) {
  const CallSite here{logits.where};
  if (o.smoothing != 0) {
    const Var usual = without_odd_rows(logits.var, targets, o.ignored);
    return negative_log_likelihood(log_softmax(usual), targets, o);
  }
  check("cross_entropy", o, logits.var.rank() ? logits.var.dim(-1) : 0);
  const Tokens t = usable(targets, o.ignored);
  Var loss = cross_entropy(logits.var, t);  // one pass, without keeping probabilities
  if (o.weights) loss = weighed(loss, gather(o.weights, t));
  return without_ignored(loss, targets, o.ignored);
}

Tokens ignore_padding(const Tokens& targets, const Lengths& lengths, int ignored) {
  if (targets.rank() != 2 || lengths.rank() != 1 || lengths.dim(0) != targets.dim(1))
    throw ShapeError("ignore_padding: targets are " + text(targets.shape()) + ", lengths " + text(lengths.shape()) +
                     "; expected [T, B] and [B]");
  const int T = targets.dim(0), B = targets.dim(1);
  Tokens t = targets.copy();
  for (int b = 0; b < B; ++b) {
    const int n = lengths.data()[b];
    if (n < 0 || n > T)
      throw ValueError(fmt::format("ignore_padding: length {} of row {} is outside [0, {}]", n, b, T));
    for (int k = n; k < T; ++k) t.data()[k * B + b] = ignored;
  }
  return t;
}

PartialLoss weighted_mean(const Shard& s, const Var& v, const Tokens& targets, const ClassLossOptions& o) {
  rows_of("weighted_mean", s, v, targets);
  double total = 0;
  for (std::int64_t i = 0; i < targets.size(); ++i) {
    const int k = targets.data()[i];
    if (k == o.ignored) continue;
    if (o.weights) check_target("weighted_mean", k, i, o.weights.columns());
    total += o.weights ? o.weights.at_flat(k) : 1;
  }
  if (!(total > 0))
    throw ValueError(fmt::format("weighted_mean: the weights of {} targets must have a positive sum, but it is {}",
                                 targets.size(), total));
  return s.sum(v) * (1 / total);
}

PartialLoss masked_mean(const Shard& s, const Var& v, const Array& mask) {
  const Array own = rows_of("masked_mean", s, v, mask);
  std::int64_t left = 0;
  for (std::int64_t i = 0; i < mask.size(); ++i) left += mask.at_flat(i) != 0;
  if (left == 0) throw ValueError("masked_mean: the mask " + text(mask.shape()) + " is zero everywhere");
  return s.sum(masked(v, own)) * (1.0 / static_cast<double>(left));
}

}  // namespace ebb
