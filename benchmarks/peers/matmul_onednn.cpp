// oneDNN's matrix product (see matmul.hpp), in float32 only.
#include <oneapi/dnnl/dnnl.h>

#include "matmul.hpp"

namespace {

struct Gemm {
  bool operator()(const compare::Product& p, const float* a, const float* b, float* c) const {
    return dnnl_sgemm(p.ta ? 'T' : 'N', p.tb ? 'T' : 'N', p.M, p.N, p.K, 1, a, p.ta ? p.M : p.K, b, p.tb ? p.K : p.N, 0,
                      c, p.N) == dnnl_success;
  }
  bool operator()(const compare::Product&, const double*, const double*, double*) const { return false; }
};

}  // namespace

int main(int argc, char** argv) {
  const dnnl_version_t* v = dnnl_version();
  const std::string version =
      std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
  return compare::matmul_main(argc, argv, version, Gemm{});
}
