#include "reduce_kernels.inl"

namespace ebb::detail {
const ReduceKernels reduce_sse2 = all_reduce;
}
