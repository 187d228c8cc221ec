// Copies a block of b into a panel with contiguous rows. Included by matmul_kernels.inl, inside its namespace.

/// A 4 x 4 (float) or 2 x 2 (double) transpose with SSE2 only.
inline void transpose_square(const float* from, std::int64_t stride, float* to, std::int64_t to_stride) {
  __m128 a = _mm_loadu_ps(from), b = _mm_loadu_ps(from + stride);
  __m128 c = _mm_loadu_ps(from + 2 * stride), d = _mm_loadu_ps(from + 3 * stride);
  _MM_TRANSPOSE4_PS(a, b, c, d);
  _mm_store_ps(to, a);
  _mm_store_ps(to + to_stride, b);
  _mm_store_ps(to + 2 * to_stride, c);
  _mm_store_ps(to + 3 * to_stride, d);
}
inline void transpose_square(const double* from, std::int64_t stride, double* to, std::int64_t to_stride) {
  const __m128d a = _mm_loadu_pd(from), b = _mm_loadu_pd(from + stride);
  _mm_store_pd(to, _mm_unpacklo_pd(a, b));
  _mm_store_pd(to + to_stride, _mm_unpackhi_pd(a, b));
}

template <class T> void copy_row(const T* from, T* to, int columns) {  // too short for memcpy to pay off
  constexpr int width = Lane<T>::width;
  int j = 0;
  for (; j + width <= columns; j += width) Lane<T>::load(from + j).store(to + j);
  if (j < columns) Lane<T>::load_part(from + j, columns - j).store_part(to + j, columns - j);
}

/// panel[k * width + n] = b(k, n) for n < columns, zero beyond.
template <class T>
void fill_panel(T* panel, int width, const T* b, std::int64_t b_row, bool transposed, int inner, int columns) {
  if (columns < width) std::memset(panel, 0, sizeof(T) * static_cast<std::size_t>(inner * width));
  if (!transposed) {
    for (int k = 0; k < inner; ++k) copy_row(b + k * b_row, panel + k * width, columns);
    return;
  }
  constexpr int side = 16 / sizeof(T);
  int n = 0;
  for (; n + side <= columns; n += side) {
    int k = 0;
    for (; k + side <= inner; k += side) transpose_square(b + n * b_row + k, b_row, panel + k * width + n, width);
    for (; k < inner; ++k)
      for (int i = 0; i < side; ++i) panel[k * width + n + i] = b[(n + i) * b_row + k];
  }
  for (; n < columns; ++n)
    for (int k = 0; k < inner; ++k) panel[k * width + n] = b[n * b_row + k];
}

/// The same from rows at `from`, each of a length that is known here.
template <class T, int columns> void copy_rows(const T* const* from, std::int64_t first, T* to, int rows) {
  constexpr int width = Lane<T>::width;
  for (int k = 0; k < rows; ++k, to += columns) {
    const T* const row = from[k] + first;
    if constexpr (columns % width != 0) std::memcpy(to, row, columns * sizeof(T));
    else EBB_UNROLL_TILE for (int j = 0; j < columns; j += width) Lane<T>::load(row + j).store(to + j);
  }
}
template <class T>
void gather_panel(T* panel, int width, const T* const* from, std::int64_t first, int rows, int columns) {
  if (columns == width && width == 2 * Lane<T>::width)
    return copy_rows<T, 2 * Lane<T>::width>(from, first, panel, rows);
  if (columns == width && width == left_rows) return copy_rows<T, left_rows>(from, first, panel, rows);
  if (columns < width) std::memset(panel, 0, sizeof(T) * static_cast<std::size_t>(rows * width));
  for (int k = 0; k < rows; ++k) copy_row(from[k] + first, panel + k * width, columns);
}
