#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/op.hpp>
#include <ebb/autograd/shipped_op.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/reduce.hpp>

/// Sums, means, extremes and the softmax family. Gradients are written in Vars, so they can be differentiated.
namespace ebb {

using detail::TapeImpl;

namespace {

/// x's shape with extent one for the reduced axes.
Shape kept(const Shape& x, const Axes& axes) {
  int extent[Shape::max_rank];
  for (int k = 0; k < x.rank(); ++k) {
    extent[k] = axes.all ? 1 : x[k];
    for (int a = 0; a < axes.count; ++a)
      if (x.normal_axis(axes.axis[a]) == k) extent[k] = 1;
  }
  return Shape(extent, x.rank());
}

struct Sum {
  static constexpr auto tried_by = ShippedOp::sum;
  static constexpr auto name = "sum";
  static constexpr unsigned needs = need_nothing;
  Axes axes;
  Keep keep;
  Shape from;
  Array value(const Array& x) const { return sum(x, axes, keep); }
  Var vjp(const Var& g, const Var&, const Var&) const { return broadcast_to(reshape(g, kept(from, axes)), from); }
};

struct Max {
  static constexpr auto tried_by = ShippedOp::amax;
  static constexpr auto name = "amax";
  Axes axes;
  Keep keep;
  Array value(const Array& x) const { return amax(x, axes, keep); }
  Var vjp(const Var& g, const Var& x, const Var& y) const {
    const Shape k = kept(x.shape(), axes);
    const Var hit = equal(x, reshape(y, k));
    return hit / sum(hit, axes, Keep::yes) * reshape(g, k);
  }
};

struct Cumsum {
  static constexpr auto tried_by = ShippedOp::cumsum;
  static constexpr auto name = "cumsum";
  static constexpr unsigned needs = need_nothing;
  int axis;
  bool from_end;
  Array value(const Array& x) const { return cumsum(x, axis, from_end); }
  Var vjp(const Var& g, const Var&, const Var&) const { return apply(Cumsum{axis, !from_end}, g); }
};

struct LogSumExp {
  static constexpr auto tried_by = ShippedOp::logsumexp;
  static constexpr auto name = "logsumexp";
  int axis;
  Keep keep;
  Array value(const Array& x) const { return logsumexp(x, axis, keep); }
  Var vjp(const Var& g, const Var& x, const Var& y) const {
    const Shape k = kept(x.shape(), axis);
    return exp(x - reshape(y, k)) * reshape(g, k);
  }
};

struct Softmax {
  static constexpr auto tried_by = ShippedOp::softmax;
  static constexpr auto name = "softmax";
  static constexpr unsigned needs = need_output;
  int axis;
  Array value(const Array& x) const { return softmax(x, axis); }
  Var vjp(const Var& g, const Var&, const Var& y) const { return y * (g - sum(g * y, axis, Keep::yes)); }
};

struct LogSoftmax {
  static constexpr auto tried_by = ShippedOp::log_softmax;
  static constexpr auto name = "log_softmax";
  static constexpr unsigned needs = need_output;
  int axis;
  Array value(const Array& x) const { return log_softmax(x, axis); }
  Var vjp(const Var& g, const Var&, const Var& y) const { return g - exp(y) * sum(g, axis, Keep::yes); }
};

struct CrossEntropy {
  static constexpr auto tried_by = ShippedOp::cross_entropy;
  static constexpr auto name = "cross_entropy";
  static constexpr unsigned needs = need_inputs;
  Tokens targets;
  Array value(const Array& logits) const { return cross_entropy(logits, targets); }
  Var vjp(const Var& g, const Var& logits, const Var&) const {
    TapeImpl& t = TapeImpl::current();
    if (t.sweep().running())  // first order: one pass, without keeping the softmax
      return t.push(cross_entropy_vjp(t.value(g.node()), t.value(logits.node()), targets),
                    std::source_location::current());
    const Var weight = reshape(g, kept_last(g.shape())), counts = not_equal(weight, 0);
    return (softmax(where(counts, logits, 0)) - one_hot(targets, logits.dim(-1))) *
           weight;  // where, since 0 times NaN is NaN
  }
  static Shape kept_last(const Shape& s) { return s.inserted(s.rank(), 1); }
};

/// sqrt(sum x^2) over the last axis; the gradient at zero is zero, so that a penalty on a vanished gradient is finite.
struct RowNorm {
  static constexpr auto tried_by = ShippedOp::row_norm;
  static constexpr auto name = "row_norm";
  Array value(const Array& x) const { return norm(x, -1); }
  Var vjp(const Var& g, const Var& x, const Var& y) const {
    const Shape k = CrossEntropy::kept_last(y.shape());
    const Var n = reshape(y, k);
    const Var safe = where(equal(n, 0), 1, n);
    return where(equal(n, 0), 0, x / safe) * reshape(g, k);
  }
};

/// The gradient is x / norm, and zero where the norm is zero.
struct Norm {
  static constexpr auto tried_by = ShippedOp::norm;
  static constexpr auto name = "norm";
  Axes axes;
  Keep keep;
  Array value(const Array& x) const { return norm(x, axes, keep); }
  Var vjp(const Var& g, const Var& x, const Var& y) const {
    const Shape k = kept(x.shape(), axes);
    const Var n = reshape(y, k), zero = equal(n, 0);
    return where(zero, 0, x / where(zero, 1, n)) * reshape(g, k);
  }
};

struct SumTo {
  static constexpr auto tried_by = ShippedOp::sum_to;
  static constexpr auto name = "sum_to";
  static constexpr unsigned needs = need_nothing;
  Shape from, to;
  Array value(const Array& x) const { return sum_to(x, to); }
  Var vjp(const Var& g, const Var&, const Var&) const { return broadcast_to(g, from); }
};

struct BroadcastTo {
  static constexpr auto tried_by = ShippedOp::broadcast_to;
  static constexpr auto name = "broadcast_to";
  static constexpr unsigned needs = need_nothing;
  Shape from, to;
  Array value(const Array& x) const { return broadcast_to(x, to); }
  Var vjp(const Var& g, const Var&, const Var&) const { return sum_to(g, from); }
};

}  // namespace

Var sum(At x, Axes axes, Keep keep) {
  const Shape from = detail::shape_of(x);
  return apply(Sum{axes, keep, from}, std::move(x));
}

Var mean(At x, Axes axes, Keep keep) {
  const Shape from = detail::shape_of(x);
  const double n =
      static_cast<double>(from.size()) / static_cast<double>(std::max<std::int64_t>(1, kept(from, axes).size()));
  const std::source_location where = x.where;
  return Arg(sum(std::move(x), axes, keep), where) * Arg(1 / n, where);
}

Var amax(At x, Axes axes, Keep keep) { return apply(Max{axes, keep}, std::move(x)); }
Tokens argmax(At x, int axis) {
  try {
    return argmax(x.var.value(), axis);
  } catch (...) { detail::rethrow_at(x.where); }
}
Var cumsum(At x, int axis) { return apply(Cumsum{axis, false}, std::move(x)); }
Var logsumexp(At x, int axis, Keep keep) { return apply(LogSumExp{axis, keep}, std::move(x)); }
Var softmax(At x, int axis) { return apply(Softmax{axis}, std::move(x)); }
Var log_softmax(At x, int axis) { return apply(LogSoftmax{axis}, std::move(x)); }
Var cross_entropy(At logits, const Tokens& targets) { return apply(CrossEntropy{targets}, std::move(logits)); }
Var norm(At x, Axes axes, Keep keep) { return apply(Norm{axes, keep}, std::move(x)); }
Var row_norm(At x) { return apply(RowNorm{}, std::move(x)); }

Var sum_to(At x, Shape to) {
  const Shape from = detail::shape_of(x);
  return from == to ? x.var : apply(SumTo{from, to}, std::move(x));
}
Var broadcast_to(At x, Shape to) {
  const Shape from = detail::shape_of(x);
  return from == to ? x.var : apply(BroadcastTo{from, to}, std::move(x));
}

}  // namespace ebb
