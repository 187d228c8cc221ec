#include "matmul_kernels.inl"

namespace ebb::detail {
const MatmulKernels matmul_sse2 = all_matmul;
}
