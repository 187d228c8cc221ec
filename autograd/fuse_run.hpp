#pragma once
#include <ebb/autograd/fuse_program.hpp>
#include <ebb/autograd/tape_impl.hpp>

/// How fuse.cpp and fuse_sweep.cpp share a fused op. Not part of the public face.
namespace ebb::detail {

/// A fused op on the tape. Its node has no value unless there is one result only; of several, each is a node of its own
/// that hands its adjoint over to this one.
struct FuseRecord {
  const FuseProgram* program = nullptr;
  Shape shape;               // of the whole
  Array* slot = nullptr;     // what backward reads; both lists stand behind the record
  Array* adjoint = nullptr;  // of several results, as they come
};

extern const OpTable fuse_table, fuse_result_table;

/// A place of `shape` or of what broadcasts to it, for the kernels. Filled in by those who make one.
struct FusePlace {
  void* p;  // of a result: null if nobody wants it
  const Shape* shape;
  std::int64_t row_stride;
  bool add;
};
inline FusePlace place_of(const Array& a) { return {a.raw(), &a.shape(), a.row_stride(), false}; }

/// Runs a kernel over `shape`, on several threads if it is large and they would share no result.
struct FuseJob {
  FuseKernel kernel = nullptr;
  Shape shape;
  DType dtype = f32;
  int ins = 0, outs = 0;
  unsigned live = 0;     // bit k: result k has an adjoint
  bool sums = false;     // results smaller than the whole are sums
  bool overlap = false;  // results share elements: no threads
};
void fuse_run(const FuseJob&, const FusePlace* in, const FusePlace* out);

/// The kernel of this processor.
FuseKernel fuse_kernel(const FuseKernel (&)[3][2], DType);

}  // namespace ebb::detail
