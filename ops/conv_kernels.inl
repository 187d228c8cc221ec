// Convolutions as products whose operands are read at offsets. Included by matmul_kernels.inl, inside its namespace.

/// `rows` by `vectors` registers of a convolution: c[i][p] = sum_k a[k * a_row + i] x[offset[k] + p].
template <class T, int rows, int vectors>
void conv_tile(const detail::ConvTask& m, const T* a, const T* x, T* c, int columns) {
  constexpr int width = Lane<T>::width;
  Lane<T> sum[rows][vectors];
  EBB_UNROLL_TILE for (int i = 0; i < rows; ++i) EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) sum[i][v] =
      Lane<T>(0);
  for (std::int64_t k = 0; k < m.inner; ++k, a += m.a_row) {
    const T* const from = x + m.offset[k];
    Lane<T> right[vectors];
    EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) right[v] = Lane<T>::load(from + v * width);
    EBB_UNROLL_TILE for (int i = 0; i < rows; ++i) {
      const Lane<T> left = Lane<T>::all(a[i]);
      EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) sum[i][v] = fma(left, right[v], sum[i][v]);
    }
  }
  EBB_UNROLL_TILE for (int i = 0; i < rows; ++i) EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) {
    const int rest = columns - v * width;
    if (rest >= width) sum[i][v].store(c + i * m.c_row + v * width);
    else if (rest > 0) sum[i][v].store_part(c + i * m.c_row + v * width, rest);
  }
}

/// c[i][o] (+)= sum_p x[offset[i] + pixel[p]] g[p * g_row + o] for `rows` elements of the kernel.
template <class T, int rows, int vectors>
void conv_weights_tile(const detail::ConvWeightsTask& m, const std::int64_t* offset, const std::int64_t* pixel,
                       std::int64_t inner, const T* g, T* c, int columns, bool resume) {
  constexpr int width = Lane<T>::width;
  const T* const x = static_cast<const T*>(m.x);
  Lane<T> sum[rows][vectors];
  const auto rest = [&](int v) { return smaller(columns - v * width, width); };
  EBB_UNROLL_TILE for (int i = 0; i < rows; ++i) EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) {
    const T* from = c + i * m.c_row + v * width;
    sum[i][v] = !resume ? Lane<T>(0) : rest(v) == width ? Lane<T>::load(from) : Lane<T>::load_part(from, rest(v));
  }
  const T* left_of[rows];
  EBB_UNROLL_TILE for (int i = 0; i < rows; ++i) left_of[i] = x + offset[i];
  for (std::int64_t p = 0; p < inner; ++p, g += vectors * width) {
    Lane<T> right[vectors];
    EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) right[v] = Lane<T>::load(g + v * width);
    EBB_UNROLL_TILE for (int i = 0; i < rows; ++i) {
      const Lane<T> left = Lane<T>::all(left_of[i][pixel[p]]);
      EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) sum[i][v] = fma(left, right[v], sum[i][v]);
    }
  }
  EBB_UNROLL_TILE for (int i = 0; i < rows; ++i) EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) {
    if (rest(v) == width) sum[i][v].store(c + i * m.c_row + v * width);
    else sum[i][v].store_part(c + i * m.c_row + v * width, rest(v));
  }
}

/// Calls f with the number of rows of a tile as a constant, 1 to most_rows.
template <class F, std::size_t... i> void with_rows(int rows, std::index_sequence<i...>, const F& f) {
  ((rows == static_cast<int>(i) + 1 ? f.template operator()<static_cast<int>(i) + 1>() : void()), ...);
}
/// Splits `all` rows evenly into tiles: f.operator()<rows>(first).
template <class F> void over_row_tiles(std::int64_t all, const F& f) {
  const std::int64_t tiles = (all + most_rows - 1) / most_rows;
  std::int64_t first = 0;
  for (std::int64_t k = 0; k < tiles; ++k) {
    const std::int64_t take = all / tiles + (k < all % tiles);
    with_rows(static_cast<int>(take), std::make_index_sequence<most_rows>{},
              [&]<int rows>() { f.template operator()<rows>(first); });
    first += take;
  }
}

template <class T> void run_conv(const detail::ConvTask& m) {
  constexpr int width = Lane<T>::width, pair = 2 * width;
  const T *a = static_cast<const T*>(m.a), *x = static_cast<const T*>(m.x);
  T* c = static_cast<T*>(m.c);
  for (std::int64_t j = 0; j < m.columns; j += pair) {
    const int columns = static_cast<int>(smaller<std::int64_t>(m.columns - j, pair));
    over_row_tiles(m.rows, [&]<int rows>(std::int64_t i) {
      const auto run = columns > width ? conv_tile<T, rows, 2> : conv_tile<T, rows, 1>;
      run(m, a + i, x + j, c + i * m.c_row + j, columns);
    });
  }
}

template <class T> void run_conv_weights(const detail::ConvWeightsTask& m) {
  constexpr int width = Lane<T>::width, pair = 2 * width;
  const T* panel = static_cast<const T*>(m.g);
  T* c = static_cast<T*>(m.c);
  for (std::int64_t j = 0; j < m.columns;) {
    const std::int64_t left = m.columns - j;
    const int vectors = left > width ? 2 : 1, columns = static_cast<int>(smaller<std::int64_t>(left, vectors * width));
    for (std::int64_t p = 0; p < m.inner; p += panel_inner) {
      const std::int64_t inner = smaller<std::int64_t>(panel_inner, m.inner - p);
      const T* g = panel + p * vectors * width;
      over_row_tiles(m.rows, [&]<int rows>(std::int64_t i) {
        const auto run = vectors == 1 ? conv_weights_tile<T, rows, 1> : conv_weights_tile<T, rows, 2>;
        run(m, m.offset + i, m.pixel + p, inner, g, c + i * m.c_row + j, columns, m.accumulate || p > 0);
      });
    }
    panel += m.inner * vectors * width;
    j += vectors == 1 ? width : pair;
  }
}
