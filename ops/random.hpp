#pragma once
#include <ebb/ops/array.hpp>

namespace ebb {

/// Names a stream of random numbers. Numbers are a function of the key and of their position (Philox 4x32-10 of
/// Random123), never of the order in which they are drawn, so they do not depend on threads or on evaluation order.
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

/// Filled arrays. Element i (row-major) takes position first + i of the key's stream; with first = id of the first row
/// times the row's length, rows keep their numbers wherever a batch is cut. f32 rounds the f64 number.
/// In [low, high), in f32 too: what rounding would take out of the range becomes the nearest number in it.
Array uniform(const Shape&, Key, double low, double high, DType = f32, std::uint64_t first = 0);
Array normal(const Shape&, Key, double mean, double deviation, DType = f32, std::uint64_t first = 0);
Array bernoulli(const Shape&, Key, double p, DType = f32, std::uint64_t first = 0);  ///< 1 with probability p, else 0
Tokens integers(const Shape&, Key, int low, int high, std::uint64_t first = 0);      ///< in [low, high)

}  // namespace ebb
