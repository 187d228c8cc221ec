#include <fmt/format.h>
#include <cmath>
#include <ebb/autograd/op.hpp>
#include <ebb/nn/losses/ctc_row.hpp>
#include <ebb/nn/shipped_op.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/text.hpp>
#include <limits>

namespace ebb {

namespace detail {

int CtcBatch::steps_needed(int row) const {
  int needed = label_length(row);
  for (int k = 1; k < label_length(row); ++k) needed += label(row, k) == label(row, k - 1);
  return needed;
}

double CtcBatch::loss_without_logits(int row) const {
  if (!possible(row)) return o.impossible == CtcImpossible::zero ? 0 : std::numeric_limits<double>::infinity();
  return length(row) == 0 ? 0 : std::numeric_limits<double>::quiet_NaN();  // the empty path has probability one
}

void CtcBatch::check(const Shape& logits) const {
  const int B = logits.rank() == 3 ? logits[1] : -1;
  const auto per_row = [&](const Tokens& t, int rank) { return t.rank() == rank && t.dim(0) == B; };
  if (B < 0 || !per_row(lengths, 1) || !per_row(labels, 2) || !per_row(label_lengths, 1))
    throw ShapeError(fmt::format(
        "ctc: logits are {}, lengths {}, labels {}, label lengths {}; expected [T, B, V], [B], [B, L] and [B]",
        text(logits), text(lengths.shape()), text(labels.shape()), text(label_lengths.shape())));
  const int T = logits[0], V = logits[2], L = labels.dim(1);
  if (o.blank < 0 || o.blank >= V) throw ValueError(fmt::format("ctc: the blank {} is outside [0, {})", o.blank, V));
  for (int b = 0; b < B; ++b) {
    if (length(b) < 0 || length(b) > T)
      throw ValueError(fmt::format("ctc: length {} of row {} is outside [0, {}]", length(b), b, T));
    if (label_length(b) < 0 || label_length(b) > L)
      throw ValueError(
          fmt::format("ctc: the number of labels of row {} is {}, outside [0, {}]", b, label_length(b), L));
    for (int k = 0; k < label_length(b); ++k)
      if (label(b, k) < 0 || label(b, k) >= V || label(b, k) == o.blank)
        throw ValueError(fmt::format("ctc: label {} of row {} is {}, which is outside [0, {}) or the blank {}", k, b,
                                     label(b, k), V, o.blank));
    if (o.impossible == CtcImpossible::reject && !possible(b))
      throw ValueError(fmt::format("ctc: row {} has {} and needs {}, including blanks between repeats, but it has {}",
                                   b, counted(label_length(b), "label"), counted(steps_needed(b), "step"), length(b)));
  }
}

}  // namespace detail

namespace {

using detail::CtcBatch;

struct Ctc {
  static constexpr auto tried_by = NnOp::ctc;
  static constexpr auto name = "ctc";
  static constexpr unsigned needs = need_inputs;
  CtcBatch batch;

  Array value(const Array& logits) const {
    Array y = Array::empty({batch.rows()}, logits.dtype());
    rows(logits, [&](auto& row, int b) { y.set_flat(b, row.loss()); });
    for (int b = 0; b < batch.rows(); ++b)
      if (const double fixed = batch.loss_without_logits(b); !std::isnan(fixed)) y.set_flat(b, fixed);
    return y;
  }

  Array vjp(const Array& g, const Array& logits, const Array&) const {
    Array d = Array::zeros(logits.shape(), logits.dtype());
    rows(logits, [&](auto& row, int b) {
      if (g.at_flat(b) == 0) return;  // no gradient, even for NaN logits
      row.loss();                     // recomputed, since alpha is cheaper to compute than to keep
      row.gradient(g.at_flat(b), d);
    });
    return d;
  }

  /// Calls `each` for every row that has steps, and labels that fit them.
  template <class F> void rows(const Array& logits, F each) const {
    const auto with = [&](auto zero) {
      parallel_for(batch.rows(), 1, [&](std::int64_t begin, std::int64_t end) {
        for (int b = static_cast<int>(begin); b < end; ++b) {
          if (!batch.possible(b) || batch.length(b) == 0) continue;
          detail::CtcRow<decltype(zero)> row(batch, logits, b);
          each(row, b);
        }
      });
    };
    if (logits.dtype() == f32) with(float{});
    else with(double{});
  }
};

}  // namespace

Var ctc(At logits, const Lengths& lengths, const Tokens& labels, const Lengths& label_lengths, const CtcOptions& o) {
  const CtcBatch batch{lengths, labels, label_lengths, o};
  detail::located(logits.where, [&] { batch.check(logits.var.shape()); });
  if (detail::TapeImpl::current("ctc").order() > 1) return detail::ctc_in_vars(logits, batch);
  return apply(Ctc{batch}, std::move(logits));
}

}  // namespace ebb
