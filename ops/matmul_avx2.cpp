#include "matmul_kernels.inl"

namespace ebb::detail {
const MatmulKernels matmul_avx2 = all_matmul;
}
