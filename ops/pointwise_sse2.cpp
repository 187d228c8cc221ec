#include "pointwise_kernels.inl"

namespace ebb::detail {
const PointwiseKernels pointwise_sse2 = all_pointwise;
}
