#pragma once
#include <ebb/autograd/fuse_program.hpp>
#include <ebb/ops/dtype.hpp>

/// Runs a kernel over the rows of a rectangle. Internal.
namespace ebb::detail {

/// One operand or result: element (r, j) is p[r * row + j * step], with step 0 or 1.
struct FuseStream {
  char* p;  // for a result, null if it is not needed
  std::int64_t row;
  int step;
  bool add;  // accumulate onto the destination
};

struct FuseRows {
  FuseKernel kernel = nullptr;
  int ins = 0, outs = 0;
  unsigned live = 0;
  DType dtype = f32;
  bool sums = false;  // results with step 0 are sums over the row; else the row is one value
  std::int64_t rows = 0, columns = 0;
  const FuseStream* in = nullptr;
  const FuseStream* out = nullptr;
};
void fuse_rows(const FuseRows&);
int fuse_register();  ///< bytes of a register of the instruction set in use

}  // namespace ebb::detail
