#include <fmt/format.h>
#include <algorithm>
#include <ebb/autograd/op.hpp>
#include <ebb/nn/layers/attention_ops.hpp>
#include <ebb/nn/shipped_op.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/reduce.hpp>
#include <ebb/ops/text.hpp>
#include <limits>

namespace ebb::detail {

namespace {

constexpr double flops_per_thread = 5e5;

/// [T, N, D] as a matrix with one block of D columns per batch row.
struct Side {
  Array matrix;
  int width;
  explicit Side(const Array& x) : matrix(x.compact().reshape({x.dim(0), x.dim(1) * x.dim(2)})), width(x.dim(2)) {}
  Array of(std::int64_t n, int steps) const {
    const int begin = static_cast<int>(n) * width;
    return matrix.range(0, steps).column_block(begin, begin + width);
  }
};

/// Runs f(n, number of visible keys) for all rows; a row costs 2 `queries` `keys` `width` flops.
template <class F> void over_rows(const Seen& seen, int rows, int queries, int keys, int width, F&& f) {
  const double flops = 2. * queries * keys * width;
  const auto grain = static_cast<std::int64_t>(flops_per_thread / std::max(flops, 1.)) + 1;
  parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) f(n, seen.of(n, keys));
  });
}

struct Scores {
  static constexpr auto tried_by = NnOp::attention_scores;
  static constexpr auto name = "attention scores";
  static constexpr unsigned needs = need_inputs;
  Seen seen;
  Array value(const Array& q, const Array& K) const;
  std::array<Var, 2> vjp(const Var& g, const Var& q, const Var& K, const Var&) const;
};

struct Mix {
  static constexpr auto tried_by = NnOp::attention_mix;
  static constexpr auto name = "attention mix";
  static constexpr unsigned needs = need_inputs;
  Seen seen;
  Array value(const Array& p, const Array& V) const;
  std::array<Var, 2> vjp(const Var& g, const Var& p, const Var& V, const Var&) const;
};

/// z[j, n, e] = sum_i p[n, i, j] x[i, n, e], zero for masked keys: [N, I, T], [I, N, E] -> [T, N, E]
struct Spread {
  static constexpr auto tried_by = NnOp::attention_scores;
  static constexpr auto name = "attention spread";
  static constexpr unsigned needs = need_inputs;
  Seen seen;
  Array value(const Array& p, const Array& x) const;
  std::array<Var, 2> vjp(const Var& g, const Var& p, const Var& x, const Var&) const;
};

Array Scores::value(const Array& q, const Array& K) const {
  const int I = q.dim(0), N = q.dim(1), T = K.dim(0);
  const Side queries(q), keys(K);
  Array s = Array::empty({N, I, T}, q.dtype());
  over_rows(seen, N, I, T, queries.width, [&](std::int64_t n, int count) {
    const Array row = s[static_cast<int>(n)];
    Array real = row.column_block(0, count);
    matmul_into(real, queries.of(n, I), keys.of(n, count), Trans::no, Trans::yes, false);
    if (count < T) row.column_block(count, T).fill(0);
  });
  return s;
}

Array Mix::value(const Array& p, const Array& V) const {
  const int N = p.dim(0), I = p.dim(1), T = p.dim(2);
  const Array weights = p.compact();
  const Side values(V);
  const Array y = Array::empty({I, N, values.width}, p.dtype());
  const Side out(y);
  over_rows(seen, N, I, T, values.width, [&](std::int64_t n, int count) {
    Array row = out.of(n, I);
    matmul_into(row, weights[static_cast<int>(n)].column_block(0, count), values.of(n, count), Trans::no, Trans::no,
                false);
  });
  return y;
}

Array Spread::value(const Array& p, const Array& x) const {
  const int N = p.dim(0), I = p.dim(1), T = p.dim(2);
  const Array weights = p.compact();
  const Side given(x);
  const Array z =
      seen.lengths ? Array::zeros({T, N, given.width}, p.dtype()) : Array::empty({T, N, given.width}, p.dtype());
  const Side out(z);
  over_rows(seen, N, I, T, given.width, [&](std::int64_t n, int count) {
    Array row = out.of(n, count);
    matmul_into(row, weights[static_cast<int>(n)].column_block(0, count), given.of(n, I), Trans::yes, Trans::no, false);
  });
  return z;
}

std::array<Var, 2> Scores::vjp(const Var& g, const Var& q, const Var& K, const Var&) const {
  return {apply(Mix{seen}, g, K), apply(Spread{seen}, g, q)};
}
std::array<Var, 2> Mix::vjp(const Var& g, const Var& p, const Var& V, const Var&) const {
  return {apply(Scores{seen}, g, V), apply(Spread{seen}, p, g)};
}
std::array<Var, 2> Spread::vjp(const Var& g, const Var& p, const Var& x, const Var&) const {
  return {apply(Scores{seen}, x, g), apply(Mix{seen}, p, g)};
}

struct SeenSoftmax {
  static constexpr auto tried_by = NnOp::attention_softmax;
  static constexpr auto name = "attention softmax";
  static constexpr unsigned needs = need_output;
  Seen seen;
  bool causal;

  Array value(const Array& s) const {
    if (!causal && !seen.lengths) return softmax(s);
    Array x = s.copy();
    const int I = x.dim(1), T = x.dim(2);
    with_dtype(x.dtype(), [&](auto zero) {
      using T_ = decltype(zero);
      T_* row = x.data<T_>();
      for (int n = 0; n < x.dim(0); ++n)
        for (int i = 0; i < I; ++i, row += T) {
          const int count = causal ? std::min(i + 1, seen.of(n, T)) : seen.of(n, T);
          std::fill(row + count, row + T, -std::numeric_limits<T_>::infinity());
        }
    });
    return softmax(x);
  }
  Var vjp(const Var& g, const Var&, const Var& y) const { return y * (g - sum(g * y, -1, Keep::yes)); }
};

void check_lengths(const char* op, const Lengths& lengths, int rows, int steps) {
  if (!lengths) return;
  if (lengths.rank() != 1 || lengths.dim(0) != rows)
    throw ShapeError(fmt::format("{}: lengths are {}, expected one for each of {}", op, text(lengths.shape()),
                                 detail::counted(rows, "row")));
  for (int r = 0; r < rows; ++r) {
    const int n = lengths.data()[r];
    if (n == 0) throw ValueError(fmt::format("{}: row {} has length 0, so there is nothing to attend to", op, r));
    if (n < 0 || n > steps)
      throw ValueError(fmt::format("{}: length {} of row {} is outside [1, {}]", op, n, r, steps));
  }
}

}  // namespace

Var scores(At q, At K, const Seen& seen) { return apply(Scores{seen}, std::move(q), K.var); }
Var mix(At p, At V, const Seen& seen) { return apply(Mix{seen}, std::move(p), V.var); }
Var seen_softmax(At s, const Seen& seen, bool causal) { return apply(SeenSoftmax{seen, causal}, std::move(s)); }

Var without_padding(At x, const Lengths& lengths) {
  if (!lengths || all_finite(x.var.value())) return x.var;
  const int T = x.var.dim(0), B = x.var.dim(1);
  Array real = Array::zeros({T, B, 1}, x.var.dtype());
  for (int b = 0; b < B; ++b)
    for (int t = 0; t < lengths.data()[b]; ++t) real.set_flat(std::int64_t{t} * B + b, 1);
  const std::source_location line = x.where;
  return where(At(constant(real), line), Arg(x.var, line), Arg(0.0, line));
}

void check_attention(const char* op, const Shape& q, const Shape& K, const Shape& V, const Lengths& lengths,
                     bool causal) {
  const bool ranks = (q.rank() == 2 || q.rank() == 3) && K.rank() == 3 && V.rank() == 3;
  if (!ranks || q[-2] != K[1] || K[1] != V[1] || K[0] != V[0])
    throw ShapeError(
        fmt::format("{}: q must be [B, D] or [I, B, D], K [T, B, D] and V [T, B, E], but they are {}, {} and {}", op,
                    text(q), text(K), text(V)));
  if (K[0] == 0) throw ShapeError(fmt::format("{}: there are no keys: K is {}", op, text(K)));
  if (causal && q.rank() == 2)
    throw ValueError(fmt::format("{}: a single query {} has no position in time, so it cannot be causal", op, text(q)));
  check_lengths(op, lengths, K[1], K[0]);
}

}  // namespace ebb::detail
