#include "reduce_kernels.inl"

namespace ebb::detail {
const ReduceKernels reduce_avx512 = all_reduce;
}
