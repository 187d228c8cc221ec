#include <ebb/online/local_influence.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/parallel.hpp>
#include <utility>

namespace ebb::detail {

namespace {

/// One parameter [K, M] of one row: columns [begin, begin + K M) of P, and its units.
struct ParameterBlock {
  int begin, K, M;
  const std::vector<int>& unit;
  const char* kept;  // [F, M]; or null: all
};

/// P <- J P in place, fields at a time. `fresh` has F M values of scratch.
template <class T> void pass_on(const T* J, T* P, int F, int H, std::int64_t N, const ParameterBlock& p, T* fresh) {
  const std::int64_t S = std::int64_t{F} * H;
  for (int k = 0; k < p.K; ++k) {
    for (int f = 0; f < F; ++f) {
      T* const to = fresh + std::int64_t{f} * p.M;
      for (int m = 0; m < p.M; ++m) to[m] = 0;
      for (int g = 0; g < F; ++g) {
        const T* const from = P + g * N + p.begin + std::int64_t{k} * p.M;
        const T* const factors = J + f * S + std::int64_t{g} * H;
        for (int m = 0; m < p.M; ++m) to[m] += factors[p.unit[static_cast<std::size_t>(m)]] * from[m];
      }
      for (int m = 0; p.kept && m < p.M; ++m)
        if (!p.kept[std::int64_t{f} * p.M + m]) to[m] = 0;
    }
    for (int f = 0; f < F; ++f)
      for (int m = 0; m < p.M; ++m) P[f * N + p.begin + std::int64_t{k} * p.M + m] = fresh[std::int64_t{f} * p.M + m];
  }
}

template <class T> void add_term(const T* a, const T* G, T* P, int F, std::int64_t N, const ParameterBlock& p) {
  for (int f = 0; f < F; ++f)
    for (int k = 0; k < p.K; ++k) {
      T* const to = P + f * N + p.begin + std::int64_t{k} * p.M;
      const T factor = a ? a[k] : T{1};
      for (int m = 0; m < p.M; ++m) to[m] += factor * G[std::int64_t{f} * p.M + m];
    }
}

template <class T>
void add_gradient(const T* u, const T* P, T* g, int F, int H, std::int64_t N, const ParameterBlock& p) {
  for (int f = 0; f < F; ++f)
    for (int k = 0; k < p.K; ++k) {
      const std::int64_t at = p.begin + std::int64_t{k} * p.M;
      for (int m = 0; m < p.M; ++m) g[at + m] += u[f * H + p.unit[static_cast<std::size_t>(m)]] * P[f * N + at + m];
    }
}

template <class T> struct LocalStep {
  const StepMap& map;
  const Units& units;
  const bool immediate_only;
  Array& P;

  std::int64_t N() const { return P.dim(2); }
  T* row(int b) const { return P.data<T>() + std::int64_t{b} * units.fields * N(); }
  ParameterBlock block(int k) const {
    const auto at = static_cast<std::size_t>(k);
    return {map.parameters().begin(k), map.rows_of(k), map.columns_of(k), units.of_column[at],
            immediate_only ? units.reached[at].data() : nullptr};
  }
  void advance(int b, const Array& J, const std::vector<ImmediateTerm>& terms) const {
    std::vector<T> fresh;
    for (int k = 0; k < map.parameters().count(); ++k) {
      const ParameterBlock p = block(k);
      fresh.resize(static_cast<std::size_t>(units.fields) * static_cast<std::size_t>(p.M));
      pass_on(J.data<T>() + std::int64_t{b} * units.fields * J.dim(2), row(b), units.fields, units.units, N(), p,
              fresh.data());
    }
    for (const ImmediateTerm& t : terms)
      add_term(t.a ? t.a.data<T>() + std::int64_t{b} * t.a.columns() : nullptr,
               t.G.data<T>() + std::int64_t{b} * units.fields * t.G.columns(), row(b), units.fields, N(),
               block(t.parameter));
  }
  void gradient(int b, const Array& u, Array& g) const {
    for (int k = 0; k < map.parameters().count(); ++k)
      add_gradient(u.data<T>() + std::int64_t{b} * u.columns(), row(b), g.data<T>(), units.fields, units.units, N(),
                   block(k));
  }
};

}  // namespace

LocalInfluence::LocalInfluence(const StepMap& map, Units units, int rows, bool immediate_only)
    : map_(map), units_(std::move(units)), immediate_only_(immediate_only),
      P_(Array::zeros({rows, units_.fields, map.count()}, map.dtype())) {}

void LocalInfluence::reset() { P_.fill(0); }

Array LocalInfluence::seeds() const {
  Array all = Array::zeros({units_.fields, map_.size()}, map_.dtype());
  for (int f = 0; f < units_.fields; ++f) all[f].range(f * units_.units, (f + 1) * units_.units).fill(1);
  return all;
}

void LocalInfluence::advance(const Array& J, const std::vector<ImmediateTerm>& terms) {
  parallel_for(P_.dim(0), 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto b = static_cast<int>(begin); b < end; ++b) {
      if (map_.dtype() == f64) LocalStep<double>{map_, units_, immediate_only_, P_}.advance(b, J, terms);
      else LocalStep<float>{map_, units_, immediate_only_, P_}.advance(b, J, terms);
    }
  });
}

Array LocalInfluence::gradient(const Array& u) const {
  Array g = Array::zeros({map_.count()}, map_.dtype()), P = P_;
  const Array own = u.to(map_.dtype()).compact();
  for (int b = 0; b < P_.dim(0); ++b) {
    if (map_.dtype() == f64) LocalStep<double>{map_, units_, immediate_only_, P}.gradient(b, own, g);
    else LocalStep<float>{map_, units_, immediate_only_, P}.gradient(b, own, g);
  }
  return g;
}

}  // namespace ebb::detail
