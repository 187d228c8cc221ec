#pragma once
#include <ebb/ops/random.hpp>

namespace ebb {

/// How a parameter starts. A plain value: a rule and up to two numbers, or a function of one's own. fan_in is the
/// number of rows of a matrix [in, out], fan_out the number of columns.
struct Init {
  enum class Rule {
    zeros,
    constant,
    uniform,
    normal,
    xavier_uniform,
    xavier_normal,
    kaiming_uniform,
    kaiming_normal,
    lecun_uniform,
    lecun_normal,
    orthogonal,
    identity,
    orthogonal_gates,
    identity_gates,
    custom
  };
  Rule rule = Rule::zeros;
  double a = 0, b = 0;
  Array (*make)(const Shape&, Key) = nullptr;
};

inline constexpr Init zero_init{};
constexpr Init constant_init(double x) { return {Init::Rule::constant, x}; }
constexpr Init uniform_init(double low, double high) { return {Init::Rule::uniform, low, high}; }
/// U(+-1/sqrt(n)), n the number of values that a unit sums, as in PyTorch's layers; in its recurrent cells n is H.
Init fan_in_uniform(int n);
constexpr Init normal_init(double mean, double deviation) { return {Init::Rule::normal, mean, deviation}; }
/// U(+-gain sqrt(6 / (fan_in + fan_out))). Source: Glorot & Bengio 2010
constexpr Init xavier_uniform(double gain = 1) { return {Init::Rule::xavier_uniform, gain}; }
constexpr Init xavier_normal(double gain = 1) { return {Init::Rule::xavier_normal, gain}; }
/// U(+-gain sqrt(3 / fan_in)), gain sqrt 2 for relu. Source: He et al. 2015, arXiv:1502.01852
constexpr Init kaiming_uniform(double gain = 1.4142135623730951) { return {Init::Rule::kaiming_uniform, gain}; }
constexpr Init kaiming_normal(double gain = 1.4142135623730951) { return {Init::Rule::kaiming_normal, gain}; }
/// U(+-sqrt(3 / fan_in)). Source: LeCun et al. 1998
inline constexpr Init lecun_uniform{Init::Rule::lecun_uniform};
inline constexpr Init lecun_normal{Init::Rule::lecun_normal};
/// gain times a matrix with orthonormal rows or columns. Source: Saxe et al. 2014, arXiv:1312.6120
constexpr Init orthogonal(double gain = 1) { return {Init::Rule::orthogonal, gain}; }
constexpr Init identity_init(double gain = 1) { return {Init::Rule::identity, gain}; }
/// The same for each square block of a matrix [H, k H], one a gate.
constexpr Init orthogonal_gates(double gain = 1) { return {Init::Rule::orthogonal_gates, gain}; }
constexpr Init identity_gates(double gain = 1) { return {Init::Rule::identity_gates, gain}; }
constexpr Init custom_init(Array (*make)(const Shape&, Key)) { return {Init::Rule::custom, 0, 0, make}; }

/// Starting values in float64. Errors: ShapeError if a rule for matrices is used on another rank.
Array initial_values(const Init&, const Shape&, Key);

}  // namespace ebb
