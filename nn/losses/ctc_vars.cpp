#include <algorithm>
#include <cmath>
#include <ebb/nn/losses/ctc_row.hpp>
#include <vector>

namespace ebb::detail {

namespace {

/// Represents log(0): far below any log-probability, but finite, so that differences are not NaN.
double least_logarithm(DType type) { return type == f32 ? -1e37 : -1e300; }

/// yes(row, column), or yes(0, i) for rank 1.
Array mask(const Shape& shape, auto&& yes) {
  Array m = Array::empty(shape, f64);
  const int n = shape.columns();
  for (std::int64_t i = 0; i < m.size(); ++i)
    m.set_flat(i, yes(static_cast<int>(i / n), static_cast<int>(i % n)) ? 1 : 0);
  return m;
}

Tokens tokens(const Shape& shape, auto&& number) {
  Tokens t(shape);
  const int n = shape.columns();
  for (std::int64_t i = 0; i < t.size(); ++i) t.data()[i] = number(static_cast<int>(i / n), static_cast<int>(i % n));
  return t;
}

Var choose(const Array& m, const Arg& yes, const Arg& no) { return where(constant(m), yes, no); }

Var log_sum(std::initializer_list<Var> terms) { return logsumexp(stack(terms), 0); }

/// The log-probability of each state's class at each step, [T, B, S], with zeros in the padding.
Var emissions(const Var& logits, const CtcBatch& c, int S) {
  const int T = logits.dim(0), B = c.rows(), V = logits.dim(2);
  const Array real = mask({T, B}, [&](int t, int b) { return t < c.length(b); }).reshape({T, B, 1});
  const Var l = log_softmax(choose(real, logits, 0.0));
  Tokens place = tokens({T * B, S}, [&](int row, int s) {
    const int b = row % B;
    return row * V + (s < c.states(b) ? c.state(b, s) : c.o.blank);
  });
  return gather(reshape(l, {T * B * V}), place.reshape({T, B, S}));
}

/// alpha of a step from that of the previous one, without the step's emission.
Var arrivals(const Var& alpha, const Array& skips) {
  const int S = alpha.dim(1);
  if (S == 1) return alpha;
  const double low = least_logarithm(alpha.dtype());
  const Var one = pad(slice(alpha, 1, 0, S - 1), 1, 1, 0, low);
  const Var two = pad(slice(alpha, 1, 0, S - 2), 1, 2, 0, low);
  return log_sum({alpha, one, choose(skips, two, low)});
}

}  // namespace

Var ctc_in_vars(const At& logits, const CtcBatch& c) {
  const CallSite here{logits.where};
  const double low = least_logarithm(logits.var.dtype());
  const int T = logits.var.dim(0), B = c.rows();
  int S = 1;
  for (int b = 0; b < B; ++b) S = std::max(S, c.states(b));
  const Array answered = mask({B}, [&](int, int b) { return !std::isnan(c.loss_without_logits(b)); });
  Array answers = Array::zeros({B}, f64);
  for (int b = 0; b < B; ++b)
    if (const double fixed = c.loss_without_logits(b); !std::isnan(fixed)) answers.set_flat(b, fixed);
  if (T == 0) return constant(answers);

  const Array skips = mask({B, S}, [&](int b, int s) { return s < c.states(b) && c.may_skip(b, s); });
  const Var e = emissions(logits.var, c, S);
  Var alpha = choose(mask({B, S}, [&](int b, int s) { return s < std::min(2, c.states(b)); }), e[0], low);
  for (int t = 1; t < T; ++t) {
    const Var next = arrivals(alpha, skips) + e[t];
    alpha = choose(mask({B, 1}, [&](int b, int) { return t < c.length(b); }), next, alpha);
  }
  const Var last = pick(alpha, tokens({B}, [&](int, int b) { return c.states(b) - 1; }));
  const Var before = pick(alpha, tokens({B}, [&](int, int b) { return std::max(0, c.states(b) - 2); }));
  const Array two_ends = mask({B}, [&](int, int b) { return c.states(b) > 1; });
  const Var loss = -log_sum({last, choose(two_ends, before, low)});
  return choose(answered, constant(answers), loss);
}

}  // namespace ebb::detail
