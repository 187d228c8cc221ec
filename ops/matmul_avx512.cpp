#include "matmul_kernels.inl"

namespace ebb::detail {
const MatmulKernels matmul_avx512 = all_matmul;
}
