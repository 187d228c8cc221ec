#include "random_kernels.inl"

namespace ebb::detail {
const RandomKernels random_avx512 = all_random;
}
