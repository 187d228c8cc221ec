#include "reduce_kernels.inl"

namespace ebb::detail {
const ReduceKernels reduce_avx2 = all_reduce;
}
