#pragma once
#include <cstdint>
#include <ebb/ops/dtype.hpp>

/// Function tables that the kernel files of each instruction set provide, [0] for f32 and [1] for f64. Internal.
namespace ebb::detail {

inline int type_index(DType t) { return t == f32 ? 0 : 1; }  ///< in these tables

/// A rectangle of elements: row r of input k starts at in[k] + r * in_stride[k], in elements, and advances by step[k],
/// which is 0 (one value for the whole row) or 1.
struct PointwiseRows {
  static constexpr int most = 5;  // g, three inputs, y
  const void* in[most];
  std::int64_t in_stride[most];
  int step[most];
  void* out;
  std::int64_t out_stride, rows, columns;
  bool accumulate;

  void read(int k, const void* row) {  ///< input k is one contiguous row
    in[k] = row;
    in_stride[k] = 0;
    step[k] = 1;
  }
};
using PointwiseKernel = void (*)(const PointwiseRows&);

struct PointwiseKernels {
  const PointwiseKernel* value[2];     // by op
  const PointwiseKernel (*vjp[2])[3];  // by op and input; operands are g, inputs, y
};

/// One of several matrices stacked vertically: `rows` rows, `row` elements apart.
struct MatmulPart {
  const void* p;
  std::int64_t row, rows;
};

/// c (+)= a b for `rows` rows: element (i, k) of a stands at a[i * a_row + k * a_column], row k of b at b + k * b_row
/// (or column k, if b is transposed), row i of c at c + i * c_row.
struct MatmulTask {
  const void* a;
  std::int64_t a_row, a_column;
  bool a_packed;  // a was made by `pack`; a_row and a_column are not read
  const void* b;
  std::int64_t b_row;
  bool b_transposed;
  bool b_packed;  // b was made by `pack`
  void* c;
  std::int64_t c_row;
  std::int64_t rows, columns, inner;
  bool accumulate;
};
/// Packing: b [inner, columns] is split into panels two registers wide, each with contiguous rows. The last panel is
/// one register wide if that suffices, and is padded with zeros. A left operand a, given as a^T [inner, columns], is
/// split into tiles of `left_rows` columns, the last one narrower.
struct PackTask {
  const MatmulPart* parts;             // of b, `inner` rows in total
  bool transposed;                     // the single part is [all columns, inner]
  bool left;                           // a left operand
  std::int64_t inner, first, columns;  // columns are counted from b's column `first`
  void* panels;                        // output
};
/// Convolution of one padded image: c[i][p] = sum_k a[k * a_row + i] x[offset[k] + p], for p up to `columns`. Reads x
/// up to two registers beyond the last element that it needs.
struct ConvTask {
  const void* a;
  std::int64_t a_row;
  const void* x;
  const std::int64_t* offset;  // `inner` of them
  std::int64_t inner;
  void* c;
  std::int64_t c_row, rows, columns;
};
/// Its adjoint of the weights: c[i][o] (+)= sum_p x[offset[i] + pixel[p]] g[p][o], with g packed.
struct ConvWeightsTask {
  const void* x;
  const std::int64_t* offset;  // `rows` of them
  const std::int64_t* pixel;   // `inner` of them
  std::int64_t inner;
  const void* g;
  void* c;
  std::int64_t c_row, rows, columns;
  bool accumulate;
};
struct MatmulKernels {
  void (*run[2])(const MatmulTask&);
  void (*pack[2])(const PackTask&);
  std::int64_t (*packed_columns[2])(std::int64_t columns);  // columns including the last panel's padding
  int left_rows;                                            // rows of a tile of a packed left operand
  void (*conv[2])(const ConvTask&);
  void (*conv_weights[2])(const ConvWeightsTask&);
};

/// A rectangle of `rows` by `columns` elements, with rows in_stride apart, and its output.
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
  ReduceKernel column_sum[2], column_max[2];  // out[j] from column j, in row order; long sums in blocks
  ReduceKernel logsumexp[2], softmax[2], log_softmax[2];
  ReduceKernel cross_entropy[2], cross_entropy_vjp[2];
  ReduceKernel add[2], scale[2];             // out += scale * in;  out = scale * in
  void (*row_argmax[2])(const ReduceTask&);  // out is int, one per row
  double (*squares[2])(const void* row, std::int64_t columns);
  double (*magnitude[2])(const void* row, std::int64_t columns);  // NaN if any element is
};

/// Blocks [first, first + count) of a Philox 4x32-10 stream, two 64-bit values each.
struct RandomKernels {
  void (*blocks)(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, std::int64_t count, std::uint64_t* out);
};

// The tables of the instruction set in use.
const PointwiseKernels& pointwise_kernels();
const MatmulKernels& matmul_kernels();
const ReduceKernels& reduce_kernels();
const RandomKernels& random_kernels();

extern const PointwiseKernels pointwise_sse2, pointwise_avx2, pointwise_avx512;
extern const MatmulKernels matmul_sse2, matmul_avx2, matmul_avx512;
extern const ReduceKernels reduce_sse2, reduce_avx2, reduce_avx512;
extern const RandomKernels random_sse2, random_avx2, random_avx512;

}  // namespace ebb::detail
