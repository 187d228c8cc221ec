#include <ebb/ops/isa.hpp>
#include <ebb/ops/kernels.hpp>

namespace ebb::detail {
namespace {

// Kernels that this build lacks (EBB_KERNELS) are not referred to; isa() names one that it contains.
#ifdef EBB_KERNELS_SSE2
#define EBB_SSE2(kernels) &kernels##_sse2
#else
#define EBB_SSE2(kernels) nullptr
#endif
#ifdef EBB_KERNELS_AVX2
#define EBB_AVX2(kernels) &kernels##_avx2
#else
#define EBB_AVX2(kernels) nullptr
#endif
#ifdef EBB_KERNELS_AVX512
#define EBB_AVX512(kernels) &kernels##_avx512
#else
#define EBB_AVX512(kernels) nullptr
#endif

template <class K> const K& of_isa(const K* sse2, const K* avx2, const K* avx512) {
  const K* const kernels[] = {sse2, avx2, avx512};
  return *kernels[static_cast<int>(isa())];
}
#define EBB_OF_ISA(type, kernels) of_isa<type>(EBB_SSE2(kernels), EBB_AVX2(kernels), EBB_AVX512(kernels))

}  // namespace

const PointwiseKernels& pointwise_kernels() {
  static const PointwiseKernels& the_one = EBB_OF_ISA(PointwiseKernels, pointwise);
  return the_one;
}

const MatmulKernels& matmul_kernels() {
  static const MatmulKernels& the_one = EBB_OF_ISA(MatmulKernels, matmul);
  return the_one;
}

const ReduceKernels& reduce_kernels() {
  static const ReduceKernels& the_one = EBB_OF_ISA(ReduceKernels, reduce);
  return the_one;
}

const RandomKernels& random_kernels() {
  static const RandomKernels& the_one = EBB_OF_ISA(RandomKernels, random);
  return the_one;
}

}  // namespace ebb::detail
