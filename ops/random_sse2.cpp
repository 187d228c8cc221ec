#include "random_kernels.inl"

namespace ebb::detail {
const RandomKernels random_sse2 = all_random;
}
