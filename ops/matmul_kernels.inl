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

/// Of b, prefetched ahead into the first-level cache: hardware prefetchers stop at the end of a page.
constexpr int bytes_ahead = 3072;

/// Computes `rows` by `vectors` registers of c. Every element is one chain of fma in the order of the inner index for
/// any tile size, so a row's bits do not depend on the tiling. `packed`: a is a packed tile of so many rows.
template <class T, int rows, int vectors, bool packed = false> void tile(const Tile<T>& t) {
  constexpr int width = Lane<T>::width;
  const std::int64_t a_row = packed ? 1 : t.a_row, a_column = packed ? rows : t.a_column;
  Lane<T> sum[rows][vectors];
  const bool whole = t.columns == vectors * width;
  const auto used = [&](int v) { return smaller(t.columns - v * width, width); };

  if (!t.resume) {
    EBB_UNROLL_TILE for (int i = 0; i < rows; ++i) EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) sum[i][v] =
        Lane<T>(0);
  } else {
    const T* c = t.c;
    EBB_UNROLL_TILE for (int i = 0; i < rows; ++i, c += t.c_row) EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v)
        sum[i][v] = whole ? Lane<T>::load(c + v * width) : Lane<T>::load_part(c + v * width, used(v));
  }

  const T* a = t.a;
  const T* b = t.b;
  constexpr int rows_ahead = bytes_ahead / static_cast<int>(sizeof(Lane<T>) * 2);
  for (std::int64_t k = 0; k < t.inner; ++k, a += a_column, b += t.b_row) {
    if constexpr (vectors <= 2) {
      constexpr int row = vectors * width, line = 64 / sizeof(T);
      EBB_UNROLL_TILE for (int j = 0; j < row; j += line) __builtin_prefetch(b + j + rows_ahead * t.b_row);
    }
    Lane<T> right[vectors];
    EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) right[v] = Lane<T>::load(b + v / 2 * t.b_pair + v % 2 * width);
    EBB_UNROLL_TILE for (int i = 0; i < rows; ++i) {
      const Lane<T> left = Lane<T>::all(a[i * a_row]);
      EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) sum[i][v] = fma(left, right[v], sum[i][v]);
    }
  }

  T* c = t.c;
  std::int64_t c_row = t.c_row;
  asm("" : "+r"(c), "+r"(c_row));  // else g++ computes all addresses before the loop and spills them
  if (whole) {
    EBB_UNROLL_TILE for (int i = 0; i < rows; ++i, c += c_row) EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v)
        sum[i][v].store(c + v * width);
  } else {
    EBB_UNROLL_TILE for (int i = 0; i < rows; ++i, c += c_row) EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v)
        sum[i][v].store_part(c + v * width, used(v));
  }
}

// Accumulators, two registers of b and one of a fill the register file.
constexpr int most_rows = sizeof(Lane<float>) == 64 ? 12 : fused ? 6 : 5;
constexpr int left_rows = sizeof(Lane<float>) == 64 ? 8 : most_rows;  // of a packed left operand's tiles
constexpr int wide = 8;  // registers of one row at once, when there are too few rows to hide fma's latency
constexpr int panel_inner = 256;
constexpr int block_rows = 20 * most_rows;

template <class T> using TileKernel = void (*)(const Tile<T>&);
/// tile<T, 1, vectors>, tile<T, 2, vectors>, ...; an array of static storage, which is not copied before it is read.
template <class T, int vectors, class Rows> struct Tiles;
template <class T, int vectors, int... i> struct Tiles<T, vectors, std::integer_sequence<int, i...>> {
  static constexpr TileKernel<T> by_rows[] = {tile<T, i + 1, vectors>...};
};
template <class T, int vectors, int most> TileKernel<T> choose(int rows) {
  return Tiles<T, vectors, std::make_integer_sequence<int, most>>::by_rows[rows - 1];
}
template <class T> TileKernel<T> tile_kernel(int rows, int vectors) {
  if (vectors == 2) return choose<T, 2, most_rows>(rows);
  if (vectors == 1) return choose<T, 1, most_rows>(rows);
  return vectors == 4 ? choose<T, 4, 3>(rows) : tile<T, 1, wide>;
}

/// Registers of a row processed at once: for few rows several panels, to hide fma's latency.
template <class T> int vectors_for(std::int64_t rows, std::int64_t columns) {
  constexpr int width = Lane<T>::width;
  if (rows == 1 && columns >= wide * width) return wide;
  if (rows <= 3 && columns >= 4 * width) return 4;
  return columns > width ? 2 : 1;
}

#include "matmul_panel.inl"

/// How rows are divided into tiles: evenly, so that 16 are 8 + 8, not 12 + 4.
struct Rows {
  int tiles, take, more;  // the first `more` tiles have one row more than `take`
  explicit Rows(std::int64_t rows) {
    const int all = static_cast<int>(rows);
    tiles = (all + most_rows - 1) / most_rows;
    take = tiles > 1 ? all / tiles : all;
    more = tiles > 1 ? all % tiles : 0;
  }
};

/// All rows and `columns` columns of c (at most `vectors` registers), over one block of the inner index.
template <class T> void run_panel(const MatmulTask& m, Tile<T> t, Rows rows, int vectors) {
  for (int k = 0; k < rows.tiles; ++k) {
    const int take = rows.take + (k < rows.more);
    tile_kernel<T>(take, vectors)(t);
    t.a += take * m.a_row;
    t.c += take * m.c_row;
  }
}

/// The same over the tiles of a packed left operand, from row `k` of its tiles.
template <class T> void run_left(const MatmulTask& m, Tile<T> t, std::int64_t k, int vectors) {
  t.a_row = 1;
  for (std::int64_t i = 0; i < m.rows; i += left_rows) {
    const int take = static_cast<int>(smaller<std::int64_t>(left_rows, m.rows - i));
    t.a = static_cast<const T*>(m.a) + i * m.inner + k * take;
    t.a_column = take;
    (take == left_rows && vectors == 2 ? tile<T, left_rows, 2, true> : tile_kernel<T>(take, vectors))(t);
    t.c += take * m.c_row;
  }
}

template <class T> void run_block(const MatmulTask& m, std::int64_t first_row, std::int64_t rows) {
  constexpr int width = Lane<T>::width;
  alignas(64) T panel[panel_inner * 2 * width];
  const Rows tiles(rows);
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
      run_panel(m, t, tiles, vectors);
    }
    j += columns;
  }
}

/// The same over packed panels.
template <class T> void run_packed(const MatmulTask& m) {
  constexpr int width = Lane<T>::width, pair = 2 * width;
  const T* panel = static_cast<const T*>(m.b);
  const Rows tiles(m.rows);
  for (std::int64_t j = 0; j < m.columns;) {
    const std::int64_t left = m.columns - j;
    const int vectors = vectors_for<T>(m.rows, left);
    const int columns = static_cast<int>(smaller<std::int64_t>(left, vectors * width));
    const std::int64_t row = vectors == 1 ? width : pair;
    for (std::int64_t k = 0; k < m.inner || k == 0; k += panel_inner) {
      const std::int64_t inner = smaller<std::int64_t>(panel_inner, m.inner - k);
      const T* const a = static_cast<const T*>(m.a) + k * m.a_column;
      const Tile<T> t{a, m.a_row, m.a_column, panel + k * row, row, m.inner * pair, static_cast<T*>(m.c) + j,
                      m.c_row, inner, columns, m.accumulate || k > 0};
      if (m.a_packed) run_left(m, t, k, vectors);
      else run_panel(m, t, tiles, vectors);
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
  const int most = m.left ? left_rows : pair;
  T* panel = static_cast<T*>(m.panels);
  for (std::int64_t j = 0; j < m.columns; j += most) {
    const int columns = static_cast<int>(smaller<std::int64_t>(m.columns - j, most));
    const int wide_panel = m.left ? columns : columns > width ? pair : width;
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
                                              left_rows,
                                              {run_conv<float>, run_conv<double>},
                                              {run_conv_weights<float>, run_conv_weights<double>}};

}  // namespace
}  // namespace ebb
