#pragma once
#include <ebb/ops/random.hpp>

namespace ebb {

/// An initialiser, as a plain value: a kind and up to two values, or a user's function. fan_in is the number of rows of
/// a matrix [in, out], fan_out the number of columns.
struct Init {
  enum class Kind {
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
  Kind kind = Kind::zeros;
  double a = 0, b = 0;
  Array (*make)(const Shape&, Key) = nullptr;
};

inline constexpr Init zero_init{};
constexpr Init constant_init(double x) { return {Init::Kind::constant, x}; }
constexpr Init uniform_init(double low, double high) { return {Init::Kind::uniform, low, high}; }
/// U(+-1/sqrt(n)), with n the number of inputs that a unit sums, as in PyTorch's layers; its recurrent cells use n = H.
Init fan_in_uniform(int n);
constexpr Init normal_init(double mean, double deviation) { return {Init::Kind::normal, mean, deviation}; }
/// U(+-gain sqrt(6 / (fan_in + fan_out))). Source: Glorot & Bengio 2010
constexpr Init xavier_uniform(double gain = 1) { return {Init::Kind::xavier_uniform, gain}; }
constexpr Init xavier_normal(double gain = 1) { return {Init::Kind::xavier_normal, gain}; }
/// U(+-gain sqrt(3 / fan_in)), gain sqrt 2 for relu. Source: He et al. 2015, arXiv:1502.01852
constexpr Init kaiming_uniform(double gain = 1.4142135623730951) { return {Init::Kind::kaiming_uniform, gain}; }
constexpr Init kaiming_normal(double gain = 1.4142135623730951) { return {Init::Kind::kaiming_normal, gain}; }
/// U(+-sqrt(3 / fan_in)). Source: LeCun et al. 1998
inline constexpr Init lecun_uniform{Init::Kind::lecun_uniform};
inline constexpr Init lecun_normal{Init::Kind::lecun_normal};
/// A matrix with orthonormal rows or columns, times gain. Source: Saxe et al. 2014, arXiv:1312.6120
constexpr Init orthogonal(double gain = 1) { return {Init::Kind::orthogonal, gain}; }
constexpr Init identity_init(double gain = 1) { return {Init::Kind::identity, gain}; }
/// The same for each square block of a matrix [H, k H], one per gate.
constexpr Init orthogonal_gates(double gain = 1) { return {Init::Kind::orthogonal_gates, gain}; }
constexpr Init identity_gates(double gain = 1) { return {Init::Kind::identity_gates, gain}; }
constexpr Init custom_init(Array (*make)(const Shape&, Key)) { return {Init::Kind::custom, 0, 0, make}; }

/// Initial values in float64. Errors: ShapeError if an initialiser for matrices is used on another rank.
Array initial_values(const Init&, const Shape&, Key);

}  // namespace ebb
