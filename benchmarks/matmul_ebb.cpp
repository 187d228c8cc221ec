// Ebb's side of the matrix products of benchmarks/compare (see peers/matmul.hpp); OMP_NUM_THREADS sets the threads.
//   matmul_ebb DTYPE            with plain operands
//   matmul_ebb packed DTYPE     as the tape does: a weight is packed once for all steps of a pass, both operands of a
//                               weight's gradient each time
#include <cstring>
#include <ebb/ops/matmul.hpp>

#include "peers/matmul.hpp"

namespace {

using compare::Product;

template <class T> ebb::Array view(T* data, int rows, int columns) {
  return ebb::Array::borrowed(data, {rows, columns}, columns, ebb::dtype_of<T>);
}

template <class T> bool plain(const Product& p, T* a, T* b, T* c) {
  ebb::Array to = view(c, p.M, p.N);
  ebb::matmul_into(to, view(a, p.ta ? p.K : p.M, p.ta ? p.M : p.K), view(b, p.tb ? p.N : p.K, p.tb ? p.K : p.N),
                   ebb::Trans(p.ta), ebb::Trans(p.tb), false);
  return true;
}

template <class T> bool packed(const Product& p, T* a, T* b, T* c) {
  static ebb::Pack weight;
  static const void* of = nullptr;
  if (p.M == p.N && p.K == p.N) return false;  // for a square product nothing is reused
  ebb::Array to = view(c, p.M, p.N);
  const ebb::Array right = view(b, p.tb ? p.N : p.K, p.tb ? p.K : p.N);
  if (p.ta) {
    ebb::Stacked left;
    left.add(view(a, p.K, p.M));
    ebb::matmul_transposed_into(to, ebb::LeftPack(left), ebb::Pack(right, ebb::Trans(p.tb)), false);
    return true;
  }
  if (of != b || weight.inner() != p.K || weight.columns() != p.N) weight = ebb::Pack(right, ebb::Trans(p.tb));
  of = b;
  ebb::matmul_into(to, view(a, p.M, p.K), weight, false);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const bool packing = argc > 1 && std::strcmp(argv[1], "packed") == 0;
  return compare::matmul_main(
      argc - packing, argv + packing, EBB_VERSION,
      [&](const Product& p, auto* a, auto* b, auto* c) { return packing ? packed(p, a, b, c) : plain(p, a, b, c); });
}
