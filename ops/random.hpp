#pragma once
#include <ebb/ops/array.hpp>

namespace ebb {

/// Identifies a stream of random numbers. A number is a function of its key and position (Philox 4x32-10 of Random123),
/// not of the order of draws, so results depend neither on threads nor on evaluation order.
///
///     uniform({B, H}, Key{seed}.named("dropout").at(update).at(t), 0, 1)
///
/// Source    Salmon et al. 2011, doi:10.1145/2063384.2063405
class Key {
 public:
  constexpr explicit Key(std::uint64_t seed = 0) : seed_(seed) {}
  Key at(std::uint64_t index) const;                 ///< the stream of one update, step, ...
  Key named(const char* purpose) const;              ///< the stream of one purpose
  std::uint64_t bits(std::uint64_t position) const;  ///< 64 random bits
  double uniform(std::uint64_t position) const;      ///< in [0, 1)
  double normal(std::uint64_t position) const;       ///< mean 0, variance 1 (Box-Muller)
  int below(int n, std::uint64_t position) const;    ///< integer in [0, n)
  constexpr std::uint64_t seed() const { return seed_; }
  constexpr std::uint64_t stream() const { return stream_; }

 private:
  std::uint64_t seed_, stream_ = 0;
};

/// Random arrays. Element i (row-major) is drawn at position first + i of the key's stream. With first = (id of the
/// first row) * (row length), a row's values do not depend on how a batch is split. f32 values are rounded from f64;
/// values that rounding would move out of [low, high) become the nearest value in it.
Array uniform(const Shape&, Key, double low, double high, DType = f32, std::uint64_t first = 0);
Array normal(const Shape&, Key, double mean, double deviation, DType = f32, std::uint64_t first = 0);
Array bernoulli(const Shape&, Key, double p, DType = f32, std::uint64_t first = 0);  ///< 1 with probability p, else 0
Tokens integers(const Shape&, Key, int low, int high, std::uint64_t first = 0);      ///< in [low, high)

}  // namespace ebb
