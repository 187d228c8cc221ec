#pragma once
#include <cstdint>
#include <ebb/autograd/var.hpp>

/// The interface of fuse's templates and fuse.cpp: one constant record per lambda, and the arguments of its kernels.
namespace ebb::detail {

inline constexpr int fuse_operands = 16, fuse_results = 4, fuse_streams = fuse_operands + fuse_results;

/// Addresses of the operands and results of one row. Kernels process whole registers only: a scalar operand is
/// replicated to fill a register, and a row's tail is copied to and from register-sized memory, so that all values are
/// computed by the same code independent of their position.
struct FuseRow {
  const char* in[fuse_streams];
  char* out[fuse_streams];  // null: not needed
  std::int64_t in_moves[fuse_streams],
      out_moves[fuse_streams];  // all bits set if the address advances along the row, else 0
  bool add[fuse_streams];       // accumulate onto the destination; only for gradients
};
/// Runs over `bytes` of each, a multiple of the register size. Bit k of `live`: result k has an adjoint.
using FuseKernel = void (*)(const FuseRow&, std::int64_t bytes, unsigned live);

/// A value that backward reads: an operand, a result or an intermediate, whichever index is not negative. `operands` is
/// the bit set of operands that it depends on.
struct FuseSlot {
  short operand = -1, result = -1, intermediate = -1;
  unsigned operands = 0;
};

struct FuseProgram {
  int operands = 0, results = 0, slots = 0, intermediates = 0, gradients = 0;
  unsigned result_operands[fuse_results] = {};  // bit set of operands that each depends on
  FuseSlot slot[fuse_operands];
  short gradient_of[fuse_operands] = {};  // the operand that each output of the backward kernel belongs to
  FuseKernel forward[3][2] = {};          // by instruction set; f32 and f64. In: operands. Out: results, intermediates
  FuseKernel backward[3][2] = {};         // In: slots, adjoints of results. Out: gradients
  void (*plain)(Var* in, Var* out) = nullptr;  // the lambda on Vars
};

/// Runs and records the lambda; consumes `in`.
void fuse(const FuseProgram&, Var* in, Var* out, const std::source_location&);
/// A number as an operand of rank 0 on the current tape.
Var fuse_number(double);

}  // namespace ebb::detail
