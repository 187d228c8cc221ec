#pragma once
#include <cstdint>
#include <ebb/autograd/var.hpp>

/// What the templates of fuse hand to fuse.cpp: one constant record for each lambda, and what its kernels are given.
namespace ebb::detail {

inline constexpr int fuse_operands = 16, fuse_results = 4, fuse_streams = fuse_operands + fuse_results;

/// Where the operands and results of one row stand, for a kernel. It runs whole registers alone: what serves a whole
/// row alike is spread over a register's worth of memory, and a row's tail is moved to and from such memory, so that
/// all numbers pass through the same code wherever they stand.
struct FuseRow {
  const char* in[fuse_streams];
  char* out[fuse_streams];                                       // null: nobody wants it
  std::int64_t in_moves[fuse_streams], out_moves[fuse_streams];  // all bits if the place moves along the row, else none
  bool add[fuse_streams];                                        // to what stands there; for gradients alone
};
/// Runs over `bytes` of each, a multiple of the register's size. Bit k of `live`: result k has an adjoint.
using FuseKernel = void (*)(const FuseRow&, std::int64_t bytes, unsigned live);

/// A number that backward reads: an operand, a result, or an intermediate, whichever is not negative. `operands` has a
/// bit for each operand that it depends on.
struct FuseSlot {
  short operand = -1, result = -1, intermediate = -1;
  unsigned operands = 0;
};

struct FuseProgram {
  int operands = 0, results = 0, slots = 0, intermediates = 0, gradients = 0;
  unsigned result_operands[fuse_results] = {};  // which operands each depends on
  FuseSlot slot[fuse_operands];
  short gradient_of[fuse_operands] = {};  // the operand of each output of the backward kernel
  FuseKernel forward[3][2] = {};          // by instruction set; f32 and f64. In: operands. Out: results, intermediates
  FuseKernel backward[3][2] = {};         // In: slots, adjoints of results. Out: gradients
  void (*plain)(Var* in, Var* out) = nullptr;  // the lambda on Vars
};

/// Runs and records the lambda; `in` is used up.
void fuse(const FuseProgram&, Var* in, Var* out, const std::source_location&);
/// The operand of rank 0 for a number, on the current tape.
Var fuse_number(double);

}  // namespace ebb::detail
