#include <algorithm>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/flops.hpp>
#include <ebb/ops/kernels.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/text.hpp>
#include <string>
#include <utility>
#include <vector>

namespace ebb {
namespace {

using detail::MatmulTask;
using detail::PackTask;

constexpr double flops_per_thread = 5e5;             // below this, a second thread does not pay
constexpr std::int64_t packed_per_thread = 1 << 15;  // elements, likewise
constexpr std::int64_t column_cut = 64;          // columns are split at register boundaries of every instruction set
constexpr std::int64_t longest_inner = 1 << 12;  // of the inner index; longer products are sums over blocks
constexpr std::int64_t inner_block = 1 << 10;

/// Sizes of `batches` products of op(a) [m, k] and op(b) [k, n].
struct Sizes {
  std::int64_t batches = 1, m = 0, n = 0, k = 0;
  bool b_batched = false;
};

[[noreturn]] void reject(const char* what, const Shape& a, const Shape& b) {
  throw ShapeError(std::string("matmul: ") + what + ": x is " + text(a) + ", W is " + text(b));
}

Sizes sizes(const Shape& a, const Shape& b, Trans ta, Trans tb) {
  if (a.rank() < 2 || b.rank() < 2) reject("operands need two axes", a, b);
  Sizes s;
  const bool at = ta == Trans::yes, bt = tb == Trans::yes;
  s.m = at ? a[-1] : a[-2];
  s.k = at ? a[-2] : a[-1];
  s.n = bt ? b[-2] : b[-1];
  if (s.k != (bt ? b[-1] : b[-2])) reject("inner sizes differ", a, b);
  s.b_batched = b.rank() > 2;
  if (s.b_batched && a.rank() != b.rank()) reject("ranks differ", a, b);
  for (int axis = 0; axis < a.rank() - 2; ++axis) {
    if (s.b_batched && a[axis] != b[axis]) reject("batch sizes differ", a, b);
    s.batches *= a[axis];
  }
  if (!s.b_batched && !at) {  // rows of all matrices are contiguous
    s.m *= s.batches;
    s.batches = 1;
  }
  return s;
}

Shape shape_of(const Shape& a, const Shape& b, Trans ta, Trans tb) {
  return a.with(-2, ta == Trans::yes ? a[-1] : a[-2]).with(-1, tb == Trans::yes ? b[-2] : b[-1]);
}

MatmulTask cut(MatmulTask t, std::size_t size, std::int64_t row, std::int64_t rows, std::int64_t column,
               std::int64_t columns) {
  const auto move = [&](const void* p, std::int64_t elements) {
    return static_cast<const char*>(p) + elements * static_cast<std::int64_t>(size);
  };
  t.a = move(t.a, row * (t.a_packed ? t.inner : t.a_row));
  t.b = move(t.b, t.b_packed ? column * t.inner : t.b_transposed ? column * t.b_row : column);
  t.c = const_cast<char*>(move(t.c, row * t.c_row + column));
  t.rows = rows;
  t.columns = columns;
  return t;
}

void count_flops(const MatmulTask& t, std::int64_t batches = 1) {
  detail::count_product(static_cast<double>(batches * t.rows), static_cast<double>(t.columns),
                        static_cast<double>(t.inner));
}

/// One product, split among threads by rows or columns, whichever are more.
void run_one(const MatmulTask& t, DType type) {
  if (t.rows == 0 || t.columns == 0) return;
  const auto kernel = detail::matmul_kernels().run[type == f32 ? 0 : 1];
  const std::size_t size = bytes_of(type);
  const double flops = 2. * static_cast<double>(t.rows) * static_cast<double>(t.columns) * static_cast<double>(t.inner);
  if (flops < 2 * flops_per_thread) return kernel(t);
  const auto grain = [&](std::int64_t n) {
    return std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(n) * flops_per_thread / flops));
  };
  if (t.columns > t.rows) {
    const std::int64_t pieces = (t.columns + column_cut - 1) / column_cut;
    parallel_for(pieces, grain(pieces), [&](std::int64_t begin, std::int64_t end) {
      const std::int64_t from = begin * column_cut, to = std::min(t.columns, end * column_cut);
      kernel(cut(t, size, 0, t.rows, from, to - from));
    });
  } else {
    const std::int64_t tile = t.a_packed ? detail::matmul_kernels().left_rows : 1, pieces = (t.rows + tile - 1) / tile;
    parallel_for(pieces, grain(pieces), [&](std::int64_t begin, std::int64_t end) {
      const std::int64_t from = begin * tile, to = std::min(t.rows, end * tile);
      kernel(cut(t, size, from, to - from, 0, t.columns));
    });
  }
}

/// One product with a long inner size: the products of its blocks, summed pairwise.
[[gnu::noinline]] void run_long(const MatmulTask& t, DType type) {
  const std::size_t size = bytes_of(type);
  const auto moved = [&](const void* p, std::int64_t elements) {
    return static_cast<const char*>(p) + elements * static_cast<std::int64_t>(size);
  };
  const Shape shape{static_cast<int>(t.rows), static_cast<int>(t.columns)};
  std::vector<Array> held;  // sums of 1, 2, 4, ... blocks; empty where there is none
  for (std::int64_t k = 0; k < t.inner; k += inner_block) {
    Array sum = Array::empty(shape, type);
    MatmulTask block = t;
    block.a = moved(t.a, k * t.a_column);
    block.b = moved(t.b, t.b_transposed ? k : k * t.b_row);
    block.c = sum.raw();
    block.c_row = t.columns;
    block.inner = std::min(inner_block, t.inner - k);
    block.accumulate = false;
    run_one(block, type);
    std::size_t level = 0;
    for (; level < held.size() && held[level]; ++level) {
      add_into(held[level], sum);
      sum = std::exchange(held[level], Array());
    }
    if (level == held.size()) held.emplace_back();
    held[level] = sum;
  }
  Array total;
  for (Array& part : held)
    if (part && total) {
      add_into(part, total);
      total = part;
    } else if (part) total = part;
  const auto into = detail::reduce_kernels();
  const detail::ReduceTask result{.in = total.raw(),
                                  .in_stride = t.columns,
                                  .rows = t.rows,
                                  .columns = t.columns,
                                  .out = t.c,
                                  .out_stride = t.c_row};
  (t.accumulate ? into.add : into.scale)[type == f32 ? 0 : 1](result);
}

}  // namespace

Shape matmul_shape(const Shape& a, const Shape& b, Trans ta, Trans tb) {
  sizes(a, b, ta, tb);
  return shape_of(a, b, ta, tb);
}

void matmul_into(Array& c, const Array& a, const Array& b, Trans ta, Trans tb, bool accumulate) {
  const Sizes s = sizes(a.shape(), b.shape(), ta, tb);
  if (!(c.shape() == shape_of(a.shape(), b.shape(), ta, tb)))
    throw ShapeError("matmul: the product of " + text(a.shape()) + " and " + text(b.shape()) + " does not fit " +
                     text(c.shape()));
  if (a.dtype() != b.dtype() || a.dtype() != c.dtype())
    throw ValueError(std::string("matmul: element types differ: ") + name_of(a.dtype()) + ", " + name_of(b.dtype()) +
                     " into " + name_of(c.dtype()));
  if (c.size() == 0) return;
  const bool at = ta == Trans::yes;
  MatmulTask t{};
  t.a_row = at ? 1 : a.row_stride();
  t.a_column = at ? a.row_stride() : 1;
  t.b_row = b.row_stride();
  t.b_transposed = tb == Trans::yes;
  t.c_row = c.row_stride();
  t.rows = s.m;
  t.columns = s.n;
  t.inner = s.k;
  t.accumulate = accumulate;
  count_flops(t, s.batches);
  const auto matrix = [&](const Array& x, std::int64_t i, bool batched) {
    const std::int64_t offset = batched ? i * x.dim(-2) * x.row_stride() : 0;
    return static_cast<char*>(x.raw()) + offset * static_cast<std::int64_t>(bytes_of(x.dtype()));
  };
  const double flops = 2. * static_cast<double>(s.m) * static_cast<double>(s.n) * static_cast<double>(s.k);
  const auto grain = static_cast<std::int64_t>(flops_per_thread / std::max(flops, 1.)) + 1;
  parallel_for(s.batches, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      MatmulTask one = t;
      one.a = matrix(a, i, s.batches > 1);
      one.b = matrix(b, i, s.b_batched);
      one.c = matrix(c, i, s.batches > 1);
      s.k > longest_inner ? run_long(one, c.dtype()) : run_one(one, c.dtype());
    }
  });
}

void Pack::fill(const detail::PackTask& t, DType type) {
  const int k = type == f32 ? 0 : 1;
  const auto& kernels = detail::matmul_kernels();
  inner_ = static_cast<int>(t.inner);
  columns_ = static_cast<int>(t.columns);
  const Shape shape{inner_, static_cast<int>(kernels.packed_columns[k](t.columns))};
  if (!panels_ || !panels_.unique() || !(panels_.shape() == shape) || panels_.dtype() != type)
    panels_ = Array::empty(shape, type);
  const std::int64_t pieces = (t.columns + column_cut - 1) / column_cut;
  parallel_for(pieces, 1 + packed_per_thread / (t.inner * column_cut + 1), [&](std::int64_t begin, std::int64_t end) {
    PackTask part = t;
    part.first = begin * column_cut;
    part.columns = std::min(t.columns, end * column_cut) - part.first;
    part.panels = static_cast<char*>(panels_.raw()) + part.first * t.inner * static_cast<std::int64_t>(bytes_of(type));
    kernels.pack[k](part);
  });
}

Pack::Pack(const Array& b, Trans tb) { assign(b, tb); }
Pack::Pack(const Stacked& b) { fill({b.parts(), false, false, b.rows(), 0, b.columns(), nullptr}, b.dtype()); }

void Pack::assign(const Array& b, Trans tb) {
  if (b.rank() != 2) throw ShapeError("matmul: only matrices are packed, not " + text(b.shape()));
  const bool transposed = tb == Trans::yes;
  const detail::MatmulPart all{b.raw(), b.row_stride(), b.dim(0)};
  fill({&all, transposed, false, b.dim(transposed ? 1 : 0), 0, b.dim(transposed ? 0 : 1), nullptr}, b.dtype());
}

LeftPack::LeftPack(const Stacked& a) : inner_(static_cast<int>(a.rows())), rows_(a.columns()) {
  tiles_ = Array::empty({inner_, rows_}, a.dtype());
  detail::matmul_kernels().pack[a.dtype() == f32 ? 0 : 1](
      {a.parts(), false, true, a.rows(), 0, a.columns(), tiles_.raw()});
}

namespace {

/// The fields common to all products with packed panels; the caller sets the left operand.
MatmulTask packed_task(Array& c, std::int64_t rows, std::int64_t inner, DType left, const Pack& b, bool accumulate) {
  if (inner != b.inner() || c.columns() != b.columns() || rows != c.rows())
    throw ShapeError("matmul: the product of [" + std::to_string(rows) + ", " + std::to_string(inner) + "] and [" +
                     std::to_string(b.inner()) + ", " + std::to_string(b.columns()) + "] does not fit " +
                     text(c.shape()));
  if (left != b.panels().dtype() || left != c.dtype())
    throw ValueError(std::string("matmul: element types differ: ") + name_of(left) + ", " +
                     name_of(b.panels().dtype()) + " into " + name_of(c.dtype()));
  return {.a = nullptr,
          .a_row = 0,
          .a_column = 0,
          .a_packed = false,
          .b = b.panels().raw(),
          .b_row = 0,
          .b_transposed = false,
          .b_packed = true,
          .c = c.raw(),
          .c_row = c.row_stride(),
          .rows = rows,
          .columns = b.columns(),
          .inner = inner,
          .accumulate = accumulate};
}

}  // namespace

void matmul_into(Array& c, const Array& a, const Pack& b, bool accumulate) {
  MatmulTask t = packed_task(c, a.rows(), a.columns(), a.dtype(), b, accumulate);
  t.a = a.raw();
  t.a_row = a.row_stride();
  t.a_column = 1;
  count_flops(t);
  run_one(t, c.dtype());
}

void matmul_transposed_into(Array& c, const LeftPack& a, const Pack& b, bool accumulate) {
  MatmulTask t = packed_task(c, a.rows(), a.inner(), a.tiles().dtype(), b, accumulate);
  t.a = a.tiles().raw();
  t.a_packed = true;
  count_flops(t);
  run_one(t, c.dtype());
}

void sum_rows_into(Array& c, const Pack& b, bool accumulate) {
  const Array one = Array::number(1, c.dtype());
  MatmulTask t = packed_task(c, 1, b.inner(), c.dtype(), b, accumulate);
  t.a = one.raw();  // one element read repeatedly: a_column stays 0
  run_one(t, c.dtype());
}

Array matmul(const Array& a, const Array& b, Trans ta, Trans tb) {
  Array c = Array::empty(matmul_shape(a.shape(), b.shape(), ta, tb), a.dtype());
  matmul_into(c, a, b, ta, tb, false);
  return c;
}

}  // namespace ebb
