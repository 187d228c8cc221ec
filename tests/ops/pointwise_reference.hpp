#pragma once
#include <cmath>
#include <ebb/ops/pointwise_list.hpp>
#include <vector>

/// Every op of the list on long doubles, written from its definition. The tests do not compile if an op of the list has
/// no line here.
namespace reference {

using Real = long double;
namespace pw = ebb::pointwise;

inline Real larger(Real a, Real b) { return std::isnan(a) ? a : std::isnan(b) ? b : a < b ? b : a; }
inline Real lesser(Real a, Real b) { return std::isnan(a) ? a : std::isnan(b) ? b : b < a ? b : a; }

inline Real exact(pw::Add, Real a, Real b) { return a + b; }
inline Real exact(pw::Sub, Real a, Real b) { return a - b; }
inline Real exact(pw::Mul, Real a, Real b) { return a * b; }
inline Real exact(pw::Div, Real a, Real b) { return a / b; }
inline Real exact(pw::Neg, Real x) { return -x; }
inline Real exact(pw::Square, Real x) { return x * x; }
inline Real exact(pw::Sqrt, Real x) { return std::sqrt(x); }
inline Real exact(pw::Pow, Real a, Real b) { return std::pow(a, b); }
inline Real exact(pw::Exp, Real x) { return std::exp(x); }
inline Real exact(pw::Expm1, Real x) { return std::expm1(x); }
inline Real exact(pw::Log, Real x) { return std::log(x); }
inline Real exact(pw::Log1p, Real x) { return std::log1p(x); }
inline Real exact(pw::Sin, Real x) { return std::sin(x); }
inline Real exact(pw::Cos, Real x) { return std::cos(x); }
inline Real exact(pw::Erf, Real x) { return std::erf(x); }
inline Real exact(pw::Abs, Real x) { return std::fabs(x); }
inline Real exact(pw::Sign, Real x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
inline Real exact(pw::Min, Real a, Real b) { return lesser(a, b); }
inline Real exact(pw::Max, Real a, Real b) { return larger(a, b); }
inline Real exact(pw::Clip, Real x, Real a, Real b) { return lesser(larger(x, a), b); }
inline Real exact(pw::Where, Real c, Real a, Real b) { return c != 0 ? a : b; }
inline Real exact(pw::Less, Real a, Real b) { return a < b; }
inline Real exact(pw::LessEqual, Real a, Real b) { return a <= b; }
inline Real exact(pw::Greater, Real a, Real b) { return a > b; }
inline Real exact(pw::GreaterEqual, Real a, Real b) { return a >= b; }
inline Real exact(pw::Equal, Real a, Real b) { return a == b; }
inline Real exact(pw::NotEqual, Real a, Real b) { return a != b; }
inline Real exact(pw::Tanh, Real x) { return std::tanh(x); }
inline Real exact(pw::Sigmoid, Real x) { return 1 / (1 + std::exp(-x)); }
inline Real exact(pw::LogSigmoid, Real x) { return lesser(x, 0) - std::log1p(std::exp(-std::fabs(x))); }
inline Real exact(pw::Relu, Real x) { return larger(x, 0); }
inline Real exact(pw::Softplus, Real x) { return larger(x, 0) + std::log1p(std::exp(-std::fabs(x))); }
inline Real exact(pw::Elu, Real x, Real a) { return x > 0 ? x : a * std::expm1(x); }
inline Real exact(pw::Gelu, Real x) { return x * std::erfc(-x / std::sqrt(2.0L)) / 2; }

/// Arguments for which an op is defined and smooth, and the tolerance in ulp.
struct Domain {
  double low = -3, high = 3, ulps = 3;
};
template <class O> constexpr Domain domain(O) { return {}; }
constexpr Domain domain(pw::Sqrt) { return {0, 9, .5}; }
constexpr Domain domain(pw::Pow) { return {.01, 5, 2}; }
constexpr Domain domain(pw::Log) { return {0, 20, 1}; }
constexpr Domain domain(pw::Log1p) { return {-.999, 20, 1}; }
constexpr Domain domain(pw::Exp) { return {-20, 20, 1}; }
constexpr Domain domain(pw::Gelu) { return {-.8, 3, 4}; }  // further left 1 + erf suffers cancellation, as in PyTorch
constexpr Domain domain(pw::Tanh) { return {-10, 10, 3}; }
constexpr Domain domain(pw::Sigmoid) { return {-20, 20, 3}; }
constexpr Domain domain(pw::Sin) { return {-1000, 1000, 3}; }
constexpr Domain domain(pw::Cos) { return {-1000, 1000, 3}; }

/// One op of the list as a record, so that tests can loop over ops.
struct OpRecord {
  int id;
  const char* name;
  int arity;
  unsigned needs;
  double low, high;  // where gradcheck samples
  Domain domain;
  Real (*exact)(const Real*);
};

template <class O> Real exact_of(const Real* x) {
  if constexpr (pw::arity<O> == 1) return exact(O{}, x[0]);
  else if constexpr (pw::arity<O> == 2) return exact(O{}, x[0], x[1]);
  else return exact(O{}, x[0], x[1], x[2]);
}
template <class... O> std::vector<OpRecord> records(pw::TypeList<O...>) {
  return {OpRecord{pw::id<O>, O::name, pw::arity<O>, O::needs, O::low, O::high, domain(O{}), exact_of<O>}...};
}
inline const std::vector<OpRecord>& every_op() {
  static const std::vector<OpRecord> list = records(pw::List{});
  return list;
}

}  // namespace reference
