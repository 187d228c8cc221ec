// The matrix product of the BLAS that this program is linked with (see matmul.hpp). The environment sets the threads.
#include "matmul.hpp"

extern "C" {
void sgemm_(const char*, const char*, const int*, const int*, const int*, const float*, const float*, const int*,
            const float*, const int*, const float*, float*, const int*);
void dgemm_(const char*, const char*, const int*, const int*, const int*, const double*, const double*, const int*,
            const double*, const int*, const double*, double*, const int*);
// Each is defined only in its own library.
__attribute__((weak)) const char* openblas_get_config();
__attribute__((weak)) const char* bli_info_get_version_str();
}

namespace {

// Fortran is column-major: c^T = op(b)^T op(a)^T.
template <class T, class F> bool gemm(F* f, const compare::Product& p, const T* a, const T* b, T* c) {
  const char ta = p.ta ? 'T' : 'N', tb = p.tb ? 'T' : 'N';
  const int lda = p.ta ? p.M : p.K, ldb = p.tb ? p.K : p.N;
  const T one = 1, zero = 0;
  f(&tb, &ta, &p.N, &p.M, &p.K, &one, b, &ldb, a, &lda, &zero, c, &p.N);
  return true;
}

struct Gemm {
  bool operator()(const compare::Product& p, const float* a, const float* b, float* c) const {
    return gemm(sgemm_, p, a, b, c);
  }
  bool operator()(const compare::Product& p, const double* a, const double* b, double* c) const {
    return gemm(dgemm_, p, a, b, c);
  }
};

}  // namespace

int main(int argc, char** argv) {
  const char* version = openblas_get_config        ? openblas_get_config()
                        : bli_info_get_version_str ? bli_info_get_version_str()
                                                   : "";
  return compare::matmul_main(argc, argv, version, Gemm{});
}
