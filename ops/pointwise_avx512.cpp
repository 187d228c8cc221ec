#include "pointwise_kernels.inl"

namespace ebb::detail {
const PointwiseKernels pointwise_avx512 = all_pointwise;
}
