#include <ebb/ops/isa.hpp>
#include <ebb/ops/kernels.hpp>

namespace ebb::detail {
namespace {

template <class K> const K& of_isa(const K& sse2, const K& avx2, const K& avx512) {
  switch (isa()) {
    case Isa::avx512: return avx512;
    case Isa::avx2: return avx2;
    default: return sse2;
  }
}

}  // namespace

const PointwiseKernels& pointwise_kernels() {
  static const PointwiseKernels& the_one = of_isa(pointwise_sse2, pointwise_avx2, pointwise_avx512);
  return the_one;
}

const MatmulKernels& matmul_kernels() {
  static const MatmulKernels& the_one = of_isa(matmul_sse2, matmul_avx2, matmul_avx512);
  return the_one;
}

const ReduceKernels& reduce_kernels() {
  static const ReduceKernels& the_one = of_isa(reduce_sse2, reduce_avx2, reduce_avx512);
  return the_one;
}

const RandomKernels& random_kernels() {
  static const RandomKernels& the_one = of_isa(random_sse2, random_avx2, random_avx512);
  return the_one;
}

}  // namespace ebb::detail
