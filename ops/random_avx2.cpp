#include "random_kernels.inl"

namespace ebb::detail {
const RandomKernels random_avx2 = all_random;
}
