#pragma once
#include <ebb/autograd/fuse_program.hpp>
#include <ebb/autograd/tape_impl.hpp>

/// Shared by fuse.cpp and fuse_sweep.cpp. Internal.
namespace ebb::detail {

/// A fused op on the tape. Its node has a value only if there is a single result; of several, each has a separate node
/// that passes its adjoint to this one.
struct FuseRecord {
  const FuseProgram* program = nullptr;
  Shape shape;               // the full shape
  Array* slot = nullptr;     // values that backward reads; both lists follow the record in memory
  Array* adjoint = nullptr;  // adjoints of several results, as they arrive
};

extern const OpTable fuse_table, fuse_result_table;

/// Memory with `shape`, or with a shape that broadcasts to it, for the kernels.
struct FusePlace {
  void* p;  // for a result, null if it is not needed
  const Shape* shape;
  std::int64_t row_stride;
  bool add;
};
inline FusePlace place_of(const Array& a) { return {a.raw(), &a.shape(), a.row_stride(), false}; }

/// Runs a kernel over `shape`, in parallel if it is large and threads would not share a result.
struct FuseJob {
  FuseKernel kernel = nullptr;
  Shape shape;
  DType dtype = f32;
  int ins = 0, outs = 0;
  unsigned live = 0;     // bit k: result k has an adjoint
  bool sums = false;     // results smaller than the full shape are sums
  bool overlap = false;  // results share elements, so run serially
};
void fuse_run(const FuseJob&, const FusePlace* in, const FusePlace* out);

/// The kernel for the instruction set in use.
FuseKernel fuse_kernel(const FuseKernel (&)[3][2], DType);

}  // namespace ebb::detail
