#include <algorithm>
#include <ebb/autograd/fuse_rows.hpp>
#include <ebb/autograd/fuse_run.hpp>
#include <ebb/ops/broadcasting.hpp>
#include <ebb/ops/isa.hpp>
#include <ebb/ops/parallel.hpp>

namespace ebb::detail {
namespace {

constexpr std::int64_t grain = 1 << 13;  // elements per thread for a parallel region to pay off

struct Rectangle : FuseRows {
  std::int64_t size = 0;  // bytes per element
  bool overlap = false;

  FuseStream moved(FuseStream s, std::int64_t row, std::int64_t column) const {
    if (s.p) s.p += (row * s.row + column * s.step) * size;
    return s;
  }
  void part(std::int64_t row, std::int64_t count, std::int64_t column, std::int64_t width) const {
    FuseStream from[fuse_streams], to[fuse_streams];
    for (int k = 0; k < ins; ++k) from[k] = moved(in[k], row, column);
    for (int k = 0; k < outs; ++k) to[k] = moved(out[k], row, column);
    FuseRows r = *this;
    r.rows = count;
    r.columns = width;
    r.in = from;
    r.out = to;
    fuse_rows(r);
  }
  /// Whether pieces split along the larger axis would share a result.
  bool shared() const {
    for (int k = 0; k < outs; ++k)
      if (out[k].p && (rows > 1 ? out[k].row == 0 : out[k].step == 0)) return true;
    return false;
  }
  void all() const {
    if (rows * columns < 2 * grain || overlap || shared()) return fuse_rows(*this);
    if (rows == 1) {
      // Pieces are whole registers, so only the last thread has a tail.
      const std::int64_t piece = 1024, pieces = (columns + piece - 1) / piece;
      return parallel_for(pieces, grain / piece, [&](std::int64_t lo, std::int64_t hi) {
        part(0, 1, lo * piece, std::min(columns, hi * piece) - lo * piece);
      });
    }
    parallel_for(rows, std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, columns)),
                 [&](std::int64_t lo, std::int64_t hi) { part(lo, hi - lo, 0, columns); });
  }
};

/// The common case: everything has the full shape, or is one row [columns] or a scalar.
bool plain_streams(const Shape& shape, const FusePlace* p, int count, FuseStream* s, bool& one_row) {
  const int columns = shape.columns();
  for (int k = 0; k < count; ++k) {
    s[k] = {static_cast<char*>(p[k].p), 0, 1, p[k].add};
    if (!p[k].p) continue;
    if (*p[k].shape == shape) {
      s[k].row = p[k].row_stride;
      one_row = one_row && p[k].row_stride == columns;
    } else if (const std::int64_t size = p[k].shape->size(); size == 1) {
      s[k].step = 0;
    } else if (size == columns && p[k].shape->columns() == columns) {
      one_row = false;
    } else {
      return false;
    }
  }
  return true;
}

/// A single block of whole registers, too short for several threads, which everything fills: the kernel needs nothing
/// else. False in other cases.
bool run_block(const FuseJob& job, const FusePlace* in, const FusePlace* out) {
  const Shape& shape = job.shape;
  const std::int64_t size = shape.size(), bytes = size * static_cast<std::int64_t>(bytes_of(job.dtype));
  if (size >= 2 * grain || bytes % fuse_register() != 0) return false;
  const bool one_row = shape.rows() == 1;
  const auto fills = [&](const FusePlace& p) {
    return *p.shape == shape ? one_row || p.row_stride == shape.columns() : one_row && p.shape->size() == size;
  };
  FuseRow row;
  for (int k = 0; k < job.ins; ++k) {
    if (in[k].p && !fills(in[k])) return false;
    row.in[k] = static_cast<const char*>(in[k].p);
    row.in_moves[k] = -1;
  }
  for (int k = 0; k < job.outs; ++k) {
    if (out[k].p && !fills(out[k])) return false;
    row.out[k] = static_cast<char*>(out[k].p);
    row.out_moves[k] = -1;
    row.add[k] = out[k].add;
  }
  job.kernel(row, bytes, job.live);
  return true;
}

/// General broadcasting: strides over four axes, with compatible axes merged.
void run_strided(Rectangle r, const Shape& shape, const FusePlace* in, const FusePlace* out) {
  Operand o[2 * fuse_streams];
  FuseStream s[2 * fuse_streams], at[2 * fuse_streams];
  const int count = r.ins + r.outs;
  for (int k = 0; k < count; ++k) {
    const FusePlace& p = k < r.ins ? in[k] : out[k - r.ins];
    if (p.p) o[k] = operand(Array::borrowed(p.p, *p.shape, p.row_stride, r.size == 4 ? f32 : f64), shape);
    s[k].p = static_cast<char*>(p.p);
    s[k].add = p.add;
  }
  const Loops loops = collapse(o, count, shape);
  for (int k = 0; k < count; ++k) {
    s[k].row = o[k].stride[2];
    s[k].step = static_cast<int>(o[k].stride[3]);
  }
  r.rows = loops.extent[2];
  r.columns = loops.extent[3];
  r.in = at;
  r.out = at + r.ins;
  for (std::int64_t i = 0; i < loops.extent[0]; ++i)
    for (std::int64_t j = 0; j < loops.extent[1]; ++j) {
      for (int k = 0; k < count; ++k) {
        at[k] = s[k];
        if (s[k].p) at[k].p += (i * o[k].stride[0] + j * o[k].stride[1]) * r.size;
      }
      r.all();
    }
}

}  // namespace

void fuse_run(const FuseJob& job, const FusePlace* in, const FusePlace* out) {
  const Shape& shape = job.shape;
  if (shape.size() == 0 || run_block(job, in, out)) return;
  FuseStream s[2 * fuse_streams];
  Rectangle r;
  r.kernel = job.kernel;
  r.ins = job.ins;
  r.outs = job.outs;
  r.live = job.live;
  r.dtype = job.dtype;
  r.sums = job.sums;
  r.overlap = job.overlap;
  r.size = static_cast<std::int64_t>(bytes_of(job.dtype));
  bool one_row = true;
  if (!plain_streams(shape, in, r.ins, s, one_row) || !plain_streams(shape, out, r.outs, s + r.ins, one_row))
    return run_strided(r, shape, in, out);
  r.rows = one_row ? 1 : shape.rows();
  r.columns = one_row ? shape.size() : shape.columns();
  r.in = s;
  r.out = s + r.ins;
  r.all();
}

FuseKernel fuse_kernel(const FuseKernel (&table)[3][2], DType dtype) {
  static const int best = static_cast<int>(isa());
  const FuseKernel k = table[best][dtype == f32 ? 0 : 1];
  return k ? k : table[0][dtype == f32 ? 0 : 1];
}

}  // namespace ebb::detail
