#pragma once
#include <ebb/autograd/fuse_program.hpp>
#include <ebb/ops/dtype.hpp>

/// Moves a kernel over the rows of a rectangle. Not part of the public face.
namespace ebb::detail {

/// One operand or result: element (r, j) stands at p[r * row + j * step], step 0 or 1.
struct FuseStream {
  char* p;  // of a result: null if nobody wants it
  std::int64_t row;
  int step;
  bool add;  // to what stands there
};

struct FuseRows {
  FuseKernel kernel = nullptr;
  int ins = 0, outs = 0;
  unsigned live = 0;
  DType dtype = f32;
  bool sums = false;  // results of step 0 are sums over their row; else all of the row is one number
  std::int64_t rows = 0, columns = 0;
  const FuseStream* in = nullptr;
  const FuseStream* out = nullptr;
};
void fuse_rows(const FuseRows&);

}  // namespace ebb::detail
