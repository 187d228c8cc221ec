#include <ebb/online/dense_influence.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb::detail {

namespace {

template <class T> void add_products(const ImmediateTerm& t, int K, int M, int begin, Array& P) {
  const int C = P.dim(1);
  const std::int64_t N = P.dim(2);
  parallel_for(P.dim(0), 1, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t b = from; b < to; ++b)
      for (int c = 0; c < C; ++c) {
        const T* const G = t.G.data<T>() + (b * C + c) * M;
        for (int k = 0; k < K; ++k) {
          const T factor = t.a ? t.a.data<T>()[b * K + k] : T{1};
          T* const at = P.data<T>() + (b * C + c) * N + begin + std::int64_t{k} * M;
          for (int m = 0; m < M; ++m) at[m] += factor * G[m];
        }
      }
  });
}

}  // namespace

void add_immediate(const StepMap& map, const StepDerivatives& d, Array& P) {
  const ParameterVector& p = map.parameters();
  for (const ImmediateTerm& t : d.terms) {
    const int K = map.rows_of(t.parameter), M = map.columns_of(t.parameter), begin = p.begin(t.parameter);
    if (P.dtype() == f64) add_products<double>(t, K, M, begin, P);
    else add_products<float>(t, K, M, begin, P);
  }
  for (const StepDerivatives::Dense& t : d.dense) {
    Array part = P.column_block(p.begin(t.parameter), p.end(t.parameter));
    part.assign(part + t.D);
  }
}

Array gradient_through(const Array& u, const Array& P) {
  const int B = P.dim(0), S = P.dim(1), N = P.dim(2);
  return matmul(u.to(P.dtype()).compact().reshape({1, B * S}), P.reshape({B * S, N})).reshape({N});
}

void add_outer(const StepMap& map, int parameter, const Array& a, const Array& v, Array& g) {
  const ParameterVector& p = map.parameters();
  Array part = g.range(p.begin(parameter), p.end(parameter));
  add_into(part, a ? matmul(a, v, Trans::yes).reshape(part.shape()) : sum(v, {0}).reshape(part.shape()));
}

}  // namespace ebb::detail
