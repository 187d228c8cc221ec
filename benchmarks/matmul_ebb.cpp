// Ebb's side of the matrix products of benchmarks/compare (see peers/matmul.hpp); threads come from OMP_NUM_THREADS.
#include <ebb/ops/matmul.hpp>

#include "peers/matmul.hpp"

namespace {

template <class T> ebb::Array view(T* data, int rows, int columns) {
  return ebb::Array::borrowed(data, {rows, columns}, columns, ebb::dtype_of<T>);
}

}  // namespace

int main(int argc, char** argv) {
  return compare::matmul_main(argc, argv, EBB_VERSION, [](const compare::Product& p, auto* a, auto* b, auto* c) {
    ebb::Array to = view(c, p.M, p.N);
    ebb::matmul_into(to, view(a, p.ta ? p.K : p.M, p.ta ? p.M : p.K), view(b, p.tb ? p.N : p.K, p.tb ? p.K : p.N),
                     ebb::Trans(p.ta), ebb::Trans(p.tb), false);
    return true;
  });
}
