#pragma once
#include <cstdint>
#include <ebb/ops/dtype.hpp>

/// What the kernel files of one instruction set hand over: tables of plain functions, [0] for f32 and [1] for f64.
/// Not part of the public face.
namespace ebb::detail {

inline int type_index(DType t) { return t == f32 ? 0 : 1; }  ///< in these tables

/// A rectangle of elements: input k of row r starts at in[k] + r * in_stride[k], in elements, and moves on by
/// step[k], 0 (one number for the whole row) or 1.
struct PointwiseRows {
  static constexpr int most = 5;  // g, three inputs, y
  const void* in[most];
  std::int64_t in_stride[most];
  int step[most];
  void* out;
  std::int64_t out_stride, rows, columns;
  bool accumulate;
};
using PointwiseKernel = void (*)(const PointwiseRows&);

struct PointwiseKernels {
  const PointwiseKernel* value[2];     // by op
  const PointwiseKernel (*vjp[2])[3];  // by op and input; operands are g, inputs, y
};

/// One of several matrices that stand for one, row under row: `rows` rows, `row` elements apart.
struct MatmulPart {
  const void* p;
  std::int64_t row, rows;
};

/// c (+)= a b for `rows` rows: element (i, k) of a stands at a[i * a_row + k * a_column], row k of b at b + k * b_row
/// (or column k, if b is transposed), row i of c at c + i * c_row.
struct MatmulTask {
  const void* a;
  std::int64_t a_row, a_column;
  const void* b;
  std::int64_t b_row;
  bool b_transposed;
  bool b_packed;  // b is what `pack` made
  void* c;
  std::int64_t c_row;
  std::int64_t rows, columns, inner;
  bool accumulate;
};
/// Packing: b [inner, columns] cut into panels as wide as two registers, each panel's rows following one another; the
/// last panel is one register wide if that is enough, and zero beyond the columns.
struct PackTask {
  const MatmulPart* parts;             // of b, until there are `inner` rows
  bool transposed;                     // the only part is [all columns, inner]
  std::int64_t inner, first, columns;  // of b from column `first` on
  void* panels;                        // where those begin
};
struct MatmulKernels {
  void (*run[2])(const MatmulTask&);
  void (*pack[2])(const PackTask&);
  std::int64_t (*packed_columns[2])(std::int64_t columns);  // columns with the last panel's filling
};

/// A rectangle of `rows` by `columns` numbers, rows in_stride apart, and where the result goes.
struct ReduceTask {
  const void* in;
  std::int64_t in_stride, rows, columns;
  void* out;
  std::int64_t out_stride;
  const int* targets = nullptr;  // cross entropy: one per row
  const void* g = nullptr;       // adjoint of each row's result
  double scale = 1;
};
using ReduceKernel = void (*)(const ReduceTask&);

struct ReduceKernels {
  ReduceKernel row_sum[2], row_max[2];        // out[r] from row r; out_stride apart
  ReduceKernel column_sum[2], column_max[2];  // out[j] from column j, in the order of the rows; long sums in blocks
  ReduceKernel logsumexp[2], softmax[2], log_softmax[2];
  ReduceKernel cross_entropy[2], cross_entropy_vjp[2];
  ReduceKernel add[2], scale[2];             // out += scale * in;  out = scale * in
  void (*row_argmax[2])(const ReduceTask&);  // out is int, one a row
  double (*squares[2])(const void* row, std::int64_t columns);
  double (*magnitude[2])(const void* row, std::int64_t columns);  // NaN if any is
};

/// Blocks [first, first + count) of a stream of Philox 4x32-10, two numbers of 64 bits each.
struct RandomKernels {
  void (*blocks)(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, std::int64_t count, std::uint64_t* out);
};

// Of the instruction set in force.
const PointwiseKernels& pointwise_kernels();
const MatmulKernels& matmul_kernels();
const ReduceKernels& reduce_kernels();
const RandomKernels& random_kernels();

extern const PointwiseKernels pointwise_sse2, pointwise_avx2, pointwise_avx512;
extern const MatmulKernels matmul_sse2, matmul_avx2, matmul_avx512;
extern const ReduceKernels reduce_sse2, reduce_avx2, reduce_avx512;
extern const RandomKernels random_sse2, random_avx2, random_avx512;

}  // namespace ebb::detail
