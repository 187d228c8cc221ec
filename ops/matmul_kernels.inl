// Matrix product for one instruction set. Included by matmul_<isa>.cpp.
#include <cstring>
#include <ebb/ops/kernels.hpp>
#include <ebb/ops/lane.hpp>
#include <utility>

namespace ebb {
namespace {

using detail::MatmulTask;

// A tile's loops over rows and registers must be unrolled fully, so that its sums stay in registers.
#if defined(__clang__)
#define EBB_UNROLL_TILE _Pragma("clang loop unroll(full)")
#else
#define EBB_UNROLL_TILE _Pragma("GCC unroll 16")
#endif

/// Addresses of a tile's operands; strides in elements.
template <class T> struct Tile {
  const T* a;
  std::int64_t a_row, a_column;
  const T* b;
  std::int64_t b_row;
  std::int64_t b_pair;  // from one pair of registers of b to the next: two registers, or a whole panel
  T* c;
  std::int64_t c_row, inner;
  int columns;  // used of the tile's width
  bool resume;  // accumulate onto c
};

/// Computes `rows` by `vectors` registers of c. Every element is one chain of fma in the order of the inner index for
/// any tile size, so a row's bits do not depend on the tiling.
template <class T, int rows, int vectors> void tile(const Tile<T>& t) {
  constexpr int width = Lane<T>::width;
  Lane<T> sum[rows][vectors];
  const bool whole = t.columns == vectors * width;
  const auto rest = [&](int v) { return smaller(t.columns - v * width, width); };

  EBB_UNROLL_TILE for (int i = 0; i < rows; ++i) EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) {
    const T* c = t.c + i * t.c_row + v * width;
    if (!t.resume) sum[i][v] = Lane<T>(0);
    else if (whole || rest(v) == width) sum[i][v] = Lane<T>::load(c);
    else sum[i][v] = Lane<T>::load_part(c, rest(v));
  }

  const T* a = t.a;
  const T* b = t.b;
  for (std::int64_t k = 0; k < t.inner; ++k, a += t.a_column, b += t.b_row) {
    Lane<T> right[vectors];
    EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) right[v] = Lane<T>::load(b + v / 2 * t.b_pair + v % 2 * width);
    EBB_UNROLL_TILE for (int i = 0; i < rows; ++i) {
      const Lane<T> left = Lane<T>::all(a[i * t.a_row]);
      EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) sum[i][v] = fma(left, right[v], sum[i][v]);
    }
  }

  EBB_UNROLL_TILE for (int i = 0; i < rows; ++i) EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) {
    T* c = t.c + i * t.c_row + v * width;
    if (whole || rest(v) == width) sum[i][v].store(c);
    else sum[i][v].store_part(c, rest(v));
  }
}

// Accumulators, two registers of b and one of a fill the register file.
constexpr int most_rows = sizeof(Lane<float>) == 64 ? 12 : fused ? 6 : 5;
constexpr int wide = 8;  // registers of one row at once, when there are too few rows to hide fma's latency
constexpr int panel_inner = 256;
constexpr int block_rows = 20 * most_rows;

template <class T> using TileKernel = void (*)(const Tile<T>&);
template <class T, int vectors, std::size_t... i> constexpr TileKernel<T> choose(int rows, std::index_sequence<i...>) {
  constexpr TileKernel<T> by_rows[] = {tile<T, static_cast<int>(i) + 1, vectors>...};
  return by_rows[rows - 1];
}
template <class T> TileKernel<T> tile_kernel(int rows, int vectors) {
  if (vectors == 1) return choose<T, 1>(rows, std::make_index_sequence<most_rows>{});
  if (vectors == 2) return choose<T, 2>(rows, std::make_index_sequence<most_rows>{});
  if (vectors == 4) return choose<T, 4>(rows, std::make_index_sequence<3>{});
  return choose<T, wide>(rows, std::make_index_sequence<1>{});
}

/// Registers of a row processed at once: for few rows several panels, to hide fma's latency.
template <class T> int vectors_for(std::int64_t rows, std::int64_t columns) {
  constexpr int width = Lane<T>::width;
  if (rows == 1 && columns >= wide * width) return wide;
  if (rows <= 3 && columns >= 4 * width) return 4;
  return columns > width ? 2 : 1;
}

#include "matmul_panel.inl"

/// All rows and `columns` columns of c (at most `vectors` registers), over one block of the inner index.
template <class T> void run_panel(const MatmulTask& m, Tile<T> t, std::int64_t rows, int vectors) {
  if (rows <= most_rows) return tile_kernel<T>(static_cast<int>(rows), vectors)(t);  // without the divisions below
  const std::int64_t tiles = (rows + most_rows - 1) / most_rows;
  for (std::int64_t k = 0; k < tiles; ++k) {  // split evenly: 16 rows are 8 + 8, not 12 + 4
    const std::int64_t take = rows / tiles + (k < rows % tiles);
    tile_kernel<T>(static_cast<int>(take), vectors)(t);
    t.a += take * m.a_row;
    t.c += take * m.c_row;
  }
}

template <class T> void run_block(const MatmulTask& m, std::int64_t first_row, std::int64_t rows) {
  constexpr int width = Lane<T>::width;
  alignas(64) T panel[panel_inner * 2 * width];
  for (std::int64_t j = 0; j < m.columns;) {
    const std::int64_t left = m.columns - j;
    int vectors = m.b_transposed ? (left > width ? 2 : 1) : vectors_for<T>(rows, left);
    const int columns = static_cast<int>(smaller<std::int64_t>(left, vectors * width));
    const bool pack = m.b_transposed || columns < vectors * width || rows > 2 * most_rows;
    if (pack && vectors > 2) vectors = 2;
    for (std::int64_t k = 0; k < m.inner || k == 0; k += panel_inner) {
      const std::int64_t inner = smaller<std::int64_t>(panel_inner, m.inner - k);
      Tile<T> t{static_cast<const T*>(m.a) + first_row * m.a_row + k * m.a_column,
                m.a_row,
                m.a_column,
                nullptr,
                m.b_row,
                2 * width,
                static_cast<T*>(m.c) + first_row * m.c_row + j,
                m.c_row,
                inner,
                columns,
                m.accumulate || k > 0};
      const T* b = static_cast<const T*>(m.b) + (m.b_transposed ? j * m.b_row + k : k * m.b_row + j);
      t.b = b;
      if (pack) {
        fill_panel(panel, vectors * width, b, m.b_row, m.b_transposed, static_cast<int>(inner), columns);
        t.b = panel;
        t.b_row = vectors * width;
      }
      run_panel(m, t, rows, vectors);
    }
    j += columns;
  }
}

/// The same over packed panels.
template <class T> void run_packed(const MatmulTask& m) {
  constexpr int width = Lane<T>::width, pair = 2 * width;
  const T* panel = static_cast<const T*>(m.b);
  for (std::int64_t j = 0; j < m.columns;) {
    const std::int64_t left = m.columns - j;
    const int vectors = vectors_for<T>(m.rows, left);
    const int columns = static_cast<int>(smaller<std::int64_t>(left, vectors * width));
    const std::int64_t row = vectors == 1 ? width : pair;
    for (std::int64_t k = 0; k < m.inner || k == 0; k += panel_inner) {
      const std::int64_t inner = smaller<std::int64_t>(panel_inner, m.inner - k);
      run_panel(m,
                Tile<T>{static_cast<const T*>(m.a) + k * m.a_column, m.a_row, m.a_column, panel + k * row, row,
                        m.inner * pair, static_cast<T*>(m.c) + j, m.c_row, inner, columns, m.accumulate || k > 0},
                m.rows, vectors);
    }
    panel += m.inner * vectors * width;
    j += columns;
  }
}

template <class T> void run_matmul(const MatmulTask& m) {
  if (m.b_packed) return run_packed<T>(m);
  for (std::int64_t i = 0; i < m.rows; i += block_rows)
    run_block<T>(m, i, smaller<std::int64_t>(block_rows, m.rows - i));
}

template <class T> std::int64_t packed_columns(std::int64_t columns) {
  constexpr int width = Lane<T>::width;
  return (columns + width - 1) / width * width;
}

template <class T> void pack(const detail::PackTask& m) {
  constexpr int width = Lane<T>::width, pair = 2 * width;
  T* panel = static_cast<T*>(m.panels);
  for (std::int64_t j = 0; j < m.columns; j += pair) {
    const std::int64_t left = m.columns - j;
    const int wide_panel = left > width ? pair : width,
              columns = static_cast<int>(smaller<std::int64_t>(left, wide_panel));
    std::int64_t k = 0;
    for (const detail::MatmulPart* p = m.parts; k < m.inner; ++p) {
      const T* b = static_cast<const T*>(p->p) + (m.first + j) * (m.transposed ? p->row : 1);
      const std::int64_t inner = m.transposed ? m.inner : p->rows;
      fill_panel(panel + k * wide_panel, wide_panel, b, p->row, m.transposed, static_cast<int>(inner), columns);
      k += inner;
    }
    panel += m.inner * wide_panel;
  }
}

#include "conv_kernels.inl"

constexpr detail::MatmulKernels all_matmul = {{run_matmul<float>, run_matmul<double>},
                                              {pack<float>, pack<double>},
                                              {packed_columns<float>, packed_columns<double>},
                                              {run_conv<float>, run_conv<double>},
                                              {run_conv_weights<float>, run_conv_weights<double>}};

}  // namespace
}  // namespace ebb
