#include <ebb/ops/isa.hpp>
#include <ebb/ops/kernels.hpp>

namespace ebb::detail {
namespace {

// Kernels that this build lacks (EBB_KERNELS) are not referred to.
#ifdef EBB_KERNELS_AVX2
#define EBB_AVX2(kernels) kernels##_avx2
#else
#define EBB_AVX2(kernels) kernels##_sse2
#endif
#ifdef EBB_KERNELS_AVX512
#define EBB_AVX512(kernels) kernels##_avx512
#else
#define EBB_AVX512(kernels) kernels##_sse2
#endif

template <class K> const K& of_isa(const K& sse2, const K& avx2, const K& avx512) {
  switch (isa()) {
    case Isa::avx512: return avx512;
    case Isa::avx2: return avx2;
    default: return sse2;
  }
}
#define EBB_OF_ISA(kernels) of_isa(kernels##_sse2, EBB_AVX2(kernels), EBB_AVX512(kernels))

}  // namespace

const PointwiseKernels& pointwise_kernels() {
  static const PointwiseKernels& the_one = EBB_OF_ISA(pointwise);
  return the_one;
}

const MatmulKernels& matmul_kernels() {
  static const MatmulKernels& the_one = EBB_OF_ISA(matmul);
  return the_one;
}

const ReduceKernels& reduce_kernels() {
  static const ReduceKernels& the_one = EBB_OF_ISA(reduce);
  return the_one;
}

const RandomKernels& random_kernels() {
  static const RandomKernels& the_one = EBB_OF_ISA(random);
  return the_one;
}

}  // namespace ebb::detail
