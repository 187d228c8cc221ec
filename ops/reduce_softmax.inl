// Softmax, its logarithm and cross entropy along rows. Included by reduce_kernels.inl, inside its namespace.

/// Sum of exp(x - shift) over a row; each register of exponentials is also passed to `keep(j, n, e)`.
template <class T, class F> T sum_exp_stretch(const T* x, std::int64_t n, T shift, F keep) {
  const Lane<T> m = Lane<T>::all(shift);
  return sum_of<T>(n, [&](std::int64_t j, int count) {
    Lane<T> e = exp(load_up_to(x + j, count) - m);
    if (count < Lane<T>::width) e = where(first<T>(count), e, Lane<T>(0));
    keep(j, count, e);
    return e;
  });
}

/// The same for a row of any length: a long one in stretches, whose sums are added pairwise.
template <class T, class F> T sum_exp(const T* x, std::int64_t n, T shift, F keep) {
  if (n <= longest_stretch) return sum_exp_stretch(x, n, shift, keep);
  Pairwise<T, 1> sums;
  for (std::int64_t from = 0; from < n; from += longest_stretch) {
    const T one = sum_exp_stretch(x + from, smaller(longest_stretch, n - from), shift,
                                  [&](std::int64_t j, int count, Lane<T> e) { keep(from + j, count, e); });
    sums.add(&one);
  }
  T total;
  sums.total(&total);
  return total;
}

template <class T> T log_of(T x) {
  T v[Lane<T>::width];
  log(Lane<T>::all(x)).store(v);
  return v[0];
}

template <class T> struct LogSum {
  T shift, log;  // log of the sum of exp = shift + log
};
/// The largest element is subtracted unless it is infinite: inf - inf would give NaN where the result is infinite.
template <class T> LogSum<T> log_sum(const T* x, std::int64_t n) {
  const T m = max_row(x, n), shift = m - m == 0 ? m : T(0);
  return {shift, log_of(sum_exp(x, n, shift, [](std::int64_t, int, Lane<T>) {}))};
}

template <class T> void logsumexp(const ReduceTask& t) {
  for (std::int64_t r = 0; r < t.rows; ++r) {
    const auto l = log_sum(row_of<T>(t, r).in, t.columns);
    *row_of<T>(t, r).out = l.shift + l.log;
  }
}

template <class T> void softmax(const ReduceTask& t) {
  for (std::int64_t r = 0; r < t.rows; ++r) {
    const RowView<T> row = row_of<T>(t, r);
    const T sum = sum_exp(row.in, t.columns, max_row(row.in, t.columns),
                          [&](std::int64_t j, int n, Lane<T> e) { store_up_to(e, row.out + j, n); });
    const Lane<T> total = Lane<T>::all(sum);
    over_row<T>(t.columns,
                [&](std::int64_t j, int n) { store_up_to(load_up_to(row.out + j, n) / total, row.out + j, n); });
  }
}

template <class T> void log_softmax(const ReduceTask& t) {
  for (std::int64_t r = 0; r < t.rows; ++r) {
    const RowView<T> row = row_of<T>(t, r);
    const auto l = log_sum(row.in, t.columns);
    const Lane<T> shift = Lane<T>::all(l.shift), log_total = Lane<T>::all(l.log);
    over_row<T>(t.columns, [&](std::int64_t j, int n) {
      store_up_to((load_up_to(row.in + j, n) - shift) - log_total, row.out + j, n);
    });
  }
}

template <class T> void cross_entropy(const ReduceTask& t) {
  for (std::int64_t r = 0; r < t.rows; ++r) {
    const RowView<T> row = row_of<T>(t, r);
    const auto l = log_sum(row.in, t.columns);
    *row.out = l.log - (row.in[t.targets[r]] - l.shift);
  }
}

template <class T> void cross_entropy_vjp(const ReduceTask& t) {
  for (std::int64_t r = 0; r < t.rows; ++r) {
    const RowView<T> row = row_of<T>(t, r);
    const T g = static_cast<const T*>(t.g)[r];
    if (g == 0) {  // skipped, since 0 times a NaN logit would be NaN
      over_row<T>(t.columns, [&](std::int64_t j, int n) { store_up_to(Lane<T>(0), row.out + j, n); });
      continue;
    }
    const T sum = sum_exp(row.in, t.columns, max_row(row.in, t.columns),
                          [&](std::int64_t j, int n, Lane<T> e) { store_up_to(e, row.out + j, n); });
    const T at_target = (row.out[t.targets[r]] / sum - 1) * g;
    const Lane<T> total = Lane<T>::all(sum), weight = Lane<T>::all(g);
    over_row<T>(t.columns, [&](std::int64_t j, int n) {
      store_up_to(load_up_to(row.out + j, n) / total * weight, row.out + j, n);
    });
    row.out[t.targets[r]] = at_target;
  }
}
