#include "pointwise_kernels.inl"

namespace ebb::detail {
const PointwiseKernels pointwise_avx2 = all_pointwise;
}
