#include <ebb/autograd/op.hpp>
#include <ebb/nn/layers/conv_unfold.hpp>
#include <ebb/nn/shipped_op.hpp>
#include <ebb/ops/parallel.hpp>

namespace ebb::detail {

namespace {

constexpr std::int64_t grain = 1 << 14;  // elements per thread

/// Copies step j of a window, [B, C], into its C columns of [B, K C]; zeros if x has no such step.
template <class T> void put_step(const T* from, T* to, std::int64_t row, int rows, int columns) {
  for (int b = 0; b < rows; ++b, to += row)
    for (int c = 0; c < columns; ++c) to[c] = from ? *from++ : T(0);
}
template <class T> void add_step(const T* from, std::int64_t row, T* to, int rows, int columns) {
  for (int b = 0; b < rows; ++b, from += row)
    for (int c = 0; c < columns; ++c) *to++ += from[c];
}

Array unfold(const Array& sequence, const Windows& w) {
  const int B = sequence.dim(1), C = sequence.dim(2), steps = w.count();
  const Array x = sequence.compact();
  Array y = Array::empty({steps, B, w.kernel * C}, x.dtype());
  const std::int64_t in = std::int64_t{B} * C, out = in * w.kernel;
  with_dtype(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* from = x.data<T>();
    T* to = y.data<T>();
    parallel_for(steps, grain / (out + 1) + 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        for (int j = 0; j < w.kernel; ++j) {
          const int t = w.entry(static_cast<int>(i), j);
          put_step<T>(w.inside(t) ? from + t * in : nullptr, to + i * out + std::int64_t{j} * C,
                      std::int64_t{w.kernel} * C, B, C);
        }
    });
  });
  return y;
}

/// Each step of x sums over the windows that contain it, so that steps can be computed in parallel.
Array fold(const Array& windows, const Windows& w) {
  const int B = windows.dim(1), C = windows.dim(2) / w.kernel, steps = w.count();
  const Array g = windows.compact();
  Array y = Array::zeros({w.size, B, C}, g.dtype());
  const std::int64_t out = std::int64_t{B} * C, in = out * w.kernel;
  with_dtype(g.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* from = g.data<T>();
    T* to = y.data<T>();
    parallel_for(w.size, grain / (in + 1) + 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t t = begin; t < end; ++t)
        for (int j = 0; j < w.kernel; ++j) {
          const std::int64_t first = t + w.before - std::int64_t{j} * w.dilation, i = first / w.stride;
          if (first < 0 || first % w.stride != 0 || i >= steps) continue;
          add_step<T>(from + i * in + std::int64_t{j} * C, std::int64_t{w.kernel} * C, to + t * out, B, C);
        }
    });
  });
  return y;
}

/// Unfolds windows along time, or folds them back; each is the gradient of the other.
struct StepWindows {
  static constexpr auto tried_by = NnOp::unfold_steps;
  static constexpr auto name = "unfold";
  static constexpr unsigned needs = need_nothing;
  Windows time;
  bool back;
  Array value(const Array& x) const { return back ? fold(x, time) : unfold(x, time); }
  Var vjp(const Var& g, const Var&, const Var&) const { return apply(StepWindows{time, !back}, g); }
};

}  // namespace

Var unfold_steps(At x, const Windows& time) {
  return time.identity() ? x.var : apply(StepWindows{time, false}, std::move(x));
}

}  // namespace ebb::detail
