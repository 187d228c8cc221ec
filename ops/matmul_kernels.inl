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

// Hides from the compiler how an address was computed: else it keeps all of a tile's addresses in registers, of which
// there are too few, and spills some to vector registers, whose moves take the place of a product.
#define EBB_OPAQUE(address) asm("" : "+r"(address))

/// Addresses of a tile's operands; strides in elements.
template <class T> struct Tile {
  const T* a;
  std::int64_t a_row, a_column;
  const T* b;
  std::int64_t b_row;
  std::int64_t b_pair;    // from one pair of registers of b to the next: two registers, or a whole panel
  std::int64_t b_middle;  // of three registers, from the first to the second: in its pair, or in the next
  T* c;
  std::int64_t c_row, inner;
  int columns;  // used of the tile's width
  bool resume;  // accumulate onto c
};

/// Of b, prefetched ahead into the first-level cache: hardware prefetchers stop at the end of a page.
constexpr int bytes_ahead = 3072;

template <class T, int rows, int vectors> using Sums = Lane<T>[rows][vectors];

/// Elements of register v that are columns of c.
template <class T> int used(const Tile<T>& t, int v) { return smaller(t.columns - v * Lane<T>::width, Lane<T>::width); }

template <class T, int rows, int vectors>
[[gnu::always_inline]] inline void load_sums(const Tile<T>& t, Sums<T, rows, vectors>& sum) {
  constexpr int width = Lane<T>::width;
  const bool whole = t.columns == vectors * width;
  const T* c = t.c;
  EBB_UNROLL_TILE for (int i = 0; i < rows; ++i) {
    EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) sum[i][v] = !t.resume ? Lane<T>(0)
                                                                  : whole
                                                                      ? Lane<T>::load(c + v * width)
                                                                      : Lane<T>::load_part(c + v * width, used(t, v));
    c += t.c_row;
  }
}

template <class T, int rows, int vectors>
[[gnu::always_inline]] inline void store_sums(const Tile<T>& t, const Sums<T, rows, vectors>& sum) {
  constexpr int width = Lane<T>::width;
  const bool whole = t.columns == vectors * width;
  const std::int64_t c_row = t.c_row;
  T* c = t.c;
  EBB_OPAQUE(c);
  EBB_UNROLL_TILE for (int i = 0; i < rows; ++i) {
    EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) {
      if (whole) sum[i][v].store(c + v * width);
      else sum[i][v].store_part(c + v * width, used(t, v));
    }
    c += c_row;
  }
}

/// Computes `rows` by `vectors` registers of c. Every element is one chain of fma in the order of the inner index for
/// any tile size, so a row's bits do not depend on the tiling. `packed`: a is a packed tile of so many rows.
template <class T, int rows, int vectors, bool packed = false> void tile(const Tile<T>& t) {
  constexpr int width = Lane<T>::width, line = 64 / static_cast<int>(sizeof(Lane<T>));  // registers
  constexpr int group = packed || rows <= 6 ? rows : 4;              // rows that are addressed from one register
  constexpr bool prefetches = vectors <= 2 && rows * vectors >= 12;  // enough products to hide a further instruction
  const std::int64_t a_row = packed ? 1 : t.a_row, a_column = packed ? rows : t.a_column;
  const std::int64_t ahead = bytes_ahead / static_cast<int>(sizeof(Lane<T>) * 2) * t.b_row;
  Sums<T, rows, vectors> sum;
  load_sums<T, rows, vectors>(t, sum);

  const T* a[(rows + group - 1) / group];
  EBB_UNROLL_TILE for (int i = 0; i < rows; i += group) {
    a[i / group] = t.a + i * a_row;
    EBB_OPAQUE(a[i / group]);
  }
  const T* b = t.b;
  for (std::int64_t k = 0; k < t.inner; ++k, b += t.b_row) {
    if constexpr (prefetches)
      EBB_UNROLL_TILE for (int v = 0; v < vectors; v += line) __builtin_prefetch(b + ahead + v * width);
    Lane<T> right[vectors];
    if constexpr (vectors == 3) {
      right[0] = Lane<T>::load(b);
      right[1] = Lane<T>::load(b + t.b_middle);
      right[2] = Lane<T>::load(b + t.b_pair);
    } else {
      EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) right[v] = Lane<T>::load(b + v / 2 * t.b_pair + v % 2 * width);
    }
    EBB_UNROLL_TILE for (int i = 0; i < rows; ++i) {
      const Lane<T> left = Lane<T>::all(a[i / group][i % group * a_row]);
      EBB_UNROLL_TILE for (int v = 0; v < vectors; ++v) sum[i][v] = fma(left, right[v], sum[i][v]);
    }
    EBB_UNROLL_TILE for (int i = 0; i < rows; i += group) a[i / group] += a_column;
  }
  store_sums<T, rows, vectors>(t, sum);
}

// Accumulators, two registers of b and one of a fill the register file.
constexpr int most_rows = sizeof(Lane<float>) == 64 ? 12 : fused ? 6 : 5;
constexpr int left_rows = sizeof(Lane<float>) == 64 ? 8 : most_rows;  // of a packed left operand's tiles
constexpr int wide = 8;  // registers of one row at once, when there are too few rows to hide fma's latency
constexpr bool threes = fused && most_rows == 6;  // tiles of three registers, for 4, 7 and 8 rows
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
  if constexpr (threes)
    if (vectors == 3) return choose<T, 3, 4>(rows);
  return vectors == 4 ? choose<T, 4, 3>(rows) : tile<T, 1, wide>;
}

/// Registers of a row processed at once: for few rows several panels, to hide fma's latency.
template <class T> int vectors_for(std::int64_t rows, std::int64_t columns) {
  constexpr int width = Lane<T>::width;
  if (rows == 1 && columns >= wide * width) return wide;
  if (rows <= 3 && columns >= 4 * width) return 4;
  return columns > width ? 2 : 1;
}

/// The same over packed panels, from the first register of a pair. By twos, 4 rows are too few to hide fma's latency;
/// threes come in pairs, up to the last two or four registers.
template <class T> int packed_vectors_for(const MatmulTask& m, std::int64_t columns) {
  constexpr int pair = 2 * Lane<T>::width;
  if (threes && !m.a_packed && (m.rows == 4 || m.rows == 7 || m.rows == 8) && columns % pair == 0 && columns > 2 * pair)
    return 3;
  return vectors_for<T>(m.rows, columns);
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
                width,
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
  const T* const panels = static_cast<const T*>(m.b);
  const Rows tiles(m.rows);
  for (std::int64_t j = 0; j < m.columns;) {
    const std::int64_t left = m.columns - j, second = j / width % 2;  // whether j is a pair's second register
    const int vectors = second ? 3 : packed_vectors_for<T>(m, left);
    const int columns = static_cast<int>(smaller<std::int64_t>(left, vectors * width));
    const T* const panel = panels + (j - second * width) * m.inner + second * width;
    const std::int64_t row = vectors == 1 ? width : pair, next = m.inner * pair;
    for (std::int64_t k = 0; k < m.inner || k == 0; k += panel_inner) {
      const std::int64_t inner = smaller<std::int64_t>(panel_inner, m.inner - k);
      const T* const a = static_cast<const T*>(m.a) + k * m.a_column;
      const Tile<T> t{a,
                      m.a_row,
                      m.a_column,
                      panel + k * row,
                      row,
                      next,
                      second ? next - width : width,
                      static_cast<T*>(m.c) + j,
                      m.c_row,
                      inner,
                      columns,
                      m.accumulate || k > 0};
      if (m.a_packed) run_left(m, t, k, vectors);
      else run_panel(m, t, tiles, vectors);
    }
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

/// Calls f(first, columns, width) for each panel, or each tile of a left operand.
template <class T, class F> void over_panels(const detail::PackTask& m, const F& f) {
  constexpr int width = Lane<T>::width, pair = 2 * width;
  const int most = m.left ? left_rows : pair;
  for (std::int64_t j = 0; j < m.columns; j += most) {
    const int columns = static_cast<int>(smaller<std::int64_t>(m.columns - j, most));
    f(j, columns, m.left ? columns : columns > width ? pair : width);
  }
}

template <class T> void pack(const detail::PackTask& m) {
  constexpr int at_once = 16;  // rows, which the panels then read from the first-level cache
  T* const panels = static_cast<T*>(m.panels);
  const detail::MatmulPart* part = m.parts;
  if (m.transposed)
    return over_panels<T>(m, [&](std::int64_t j, int columns, int width) {
      fill_panel(panels + j * m.inner, width, static_cast<const T*>(part->p) + (m.first + j) * part->row, part->row,
                 true, static_cast<int>(m.inner), columns);
    });
  const T* rows[at_once];
  std::int64_t row = 0;  // of the part
  for (std::int64_t k = 0; k < m.inner; k += at_once) {
    const int count = static_cast<int>(smaller<std::int64_t>(at_once, m.inner - k));
    for (int i = 0; i < count; ++i, ++row) {
      for (; row == part->rows; ++part) row = 0;
      rows[i] = static_cast<const T*>(part->p) + row * part->row + m.first;
    }
    over_panels<T>(m, [&](std::int64_t j, int columns, int width) {
      gather_panel(panels + j * m.inner + k * width, width, rows, j, count, columns);
    });
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
