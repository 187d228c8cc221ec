#include <Random123/philox.h>
#include <algorithm>
#include <cmath>
#include <ebb/ops/error.hpp>
#include <ebb/ops/kernels.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/random.hpp>
#include <limits>
#include <numbers>
#include <string>

namespace ebb {
namespace {

constexpr std::int64_t random_grain = 4096;  // values per thread for another one to pay off

struct Pair {
  std::uint64_t first, second;
};

/// The 128 bits of one block of a stream.
Pair block(std::uint64_t seed, std::uint64_t stream, std::uint64_t position) {
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
  const r123::Philox4x32::ctr_type counter{{low(position), high(position), low(stream), high(stream)}};
  const r123::Philox4x32::key_type key{{low(seed), high(seed)}};
  const auto r = r123::Philox4x32{}(counter, key);
  return {r[0] | std::uint64_t{r[1]} << 32, r[2] | std::uint64_t{r[3]} << 32};
}

// Via a signed integer, which converts fastest.
double unit(std::uint64_t bits) { return static_cast<double>(static_cast<std::int64_t>(bits >> 11)) * 0x1p-53; }

/// The high half of bits * m, an integer in [0, m); m at most 2^32.
std::uint64_t scaled(std::uint64_t bits, std::uint64_t m) {
  return ((bits >> 32) * m + ((bits & 0xffffffff) * m >> 32)) >> 32;
}

// Streams are derived with different seeds than values are drawn with, so that the two are unrelated.
constexpr std::uint64_t by_index = 0x9e3779b97f4a7c15, by_name = 0xc2b2ae3d27d4eb4f;

/// Two normal values from one block (Box-Muller). 1 - u is in (0, 1], so the logarithm is finite.
struct Two {
  double even, odd;
};
Two normals(Pair p) {
  const double r = std::sqrt(-2 * std::log(1 - unit(p.first))), angle = 2 * std::numbers::pi * unit(p.second);
  return {r * std::cos(angle), r * std::sin(angle)};
}

/// Calls f(position, bits of its block) for positions [first, first + count); blocks are generated in batches.
template <class F> void over_blocks(const Key& key, std::uint64_t first, std::int64_t count, F f) {
  constexpr std::int64_t most = 128;
  std::uint64_t bits[2 * most];
  const std::uint64_t end = first + static_cast<std::uint64_t>(count);
  for (std::uint64_t b = first / 2; 2 * b < end; b += most) {
    const auto blocks = std::min<std::int64_t>(most, static_cast<std::int64_t>((end + 1) / 2 - b));
    detail::random_kernels().blocks(key.seed(), key.stream(), b, blocks, bits);
    for (std::int64_t i = 0; i < blocks; ++i)
      f(2 * (b + static_cast<std::uint64_t>(i)), Pair{bits[2 * i], bits[2 * i + 1]});
  }
}

/// Rounds to the element type.
constexpr auto rounded = [](auto zero) { return [](double x) { return static_cast<decltype(zero)>(x); }; };

/// Rounds and clamps to [low, high): rounding alone may give `high`, or fall below `low`.
template <class T> class Within {
 public:
  Within(double low, double high) {
    if (!(low < high)) return;
    first_ = static_cast<T>(low);
    last_ = static_cast<T>(high);
    if (static_cast<double>(first_) < low) first_ = std::nextafter(first_, std::numeric_limits<T>::infinity());
    if (!(static_cast<double>(last_) < high)) last_ = std::nextafter(last_, -std::numeric_limits<T>::infinity());
    if (last_ < first_) first_ = last_ = static_cast<T>(low);  // T has no value between them
  }
  T operator()(double x) const {
    const T y = static_cast<T>(x);
    return y < first_ ? first_ : y > last_ ? last_ : y;
  }

 private:
  T first_ = -std::numeric_limits<T>::infinity(), last_ = std::numeric_limits<T>::infinity();
};

/// Fills an array. f gives the two values of a block, for an even position and the odd one after it; narrow(T())
/// converts them to the element type T.
template <class F, class N = decltype(rounded)>
Array filled(const Shape& shape, const Key& key, DType t, std::uint64_t first, F f, N narrow = rounded) {
  Array a = Array::empty(shape, t);
  with_dtype(t, [&](auto zero) {
    using T = decltype(zero);
    T* out = a.data<T>();
    const auto number = narrow(zero);
    parallel_for(a.size(), random_grain, [&](std::int64_t begin, std::int64_t end) {
      over_blocks(key, first + static_cast<std::uint64_t>(begin), end - begin, [&](std::uint64_t position, Pair p) {
        const Two two = f(p);
        const std::int64_t i = static_cast<std::int64_t>(position - first);  // -1 if the first position is odd
        if (i >= begin) out[i] = number(two.even);
        if (i + 1 < end) out[i + 1] = number(two.odd);
      });
    });
  });
  return a;
}

}  // namespace

Key Key::at(std::uint64_t index) const {
  Key k(seed_);
  k.stream_ = block(seed_ ^ by_index, stream_, index).first;
  return k;
}

Key Key::named(const char* purpose) const {
  std::uint64_t h = 0xcbf29ce484222325;  // FNV-1a
  for (const char* c = purpose; *c; ++c) h = (h ^ static_cast<unsigned char>(*c)) * 0x100000001b3;
  Key k(seed_);
  k.stream_ = block(seed_ ^ by_name, stream_, h).first;
  return k;
}

std::uint64_t Key::bits(std::uint64_t position) const {
  const Pair p = block(seed_, stream_, position / 2);
  return position % 2 ? p.second : p.first;
}

double Key::uniform(std::uint64_t position) const { return unit(bits(position)); }

double Key::normal(std::uint64_t position) const {
  const Two n = normals(block(seed_, stream_, position / 2));
  return position % 2 ? n.odd : n.even;
}

int Key::below(int n, std::uint64_t position) const {
  if (n < 1) throw ValueError("below: " + std::to_string(n) + " is not a positive number");
  return static_cast<int>(scaled(bits(position), static_cast<std::uint64_t>(n)));
}

Array uniform(const Shape& shape, Key key, double low, double high, DType t, std::uint64_t first) {
  const auto within = [=](auto zero) { return Within<decltype(zero)>(low, high); };
  const double width = high - low;
  if (std::isinf(width) && std::isfinite(low) && std::isfinite(high)) {  // the width overflows, half of it does not
    const auto between = [=](std::uint64_t bits) { return 2 * (low / 2 + (high / 2 - low / 2) * unit(bits)); };
    return filled(shape, key, t, first, [=](Pair p) { return Two{between(p.first), between(p.second)}; }, within);
  }
  return filled(
      shape, key, t, first, [=](Pair p) { return Two{low + width * unit(p.first), low + width * unit(p.second)}; },
      within);
}

Array normal(const Shape& shape, Key key, double mean, double deviation, DType t, std::uint64_t first) {
  return filled(shape, key, t, first, [=](Pair p) {
    const Two n = normals(p);
    return Two{mean + deviation * n.even, mean + deviation * n.odd};
  });
}

Array bernoulli(const Shape& shape, Key key, double p, DType t, std::uint64_t first) {
  if (!(p >= 0 && p <= 1)) throw ValueError("bernoulli: " + std::to_string(p) + " is not a probability");
  return filled(shape, key, t, first,
                [=](Pair b) { return Two{unit(b.first) < p ? 1. : 0., unit(b.second) < p ? 1. : 0.}; });
}

Tokens integers(const Shape& shape, Key key, int low, int high, std::uint64_t first) {
  if (high <= low)
    throw ValueError("integers: no integer in [" + std::to_string(low) + ", " + std::to_string(high) + ")");
  const auto width = static_cast<std::uint64_t>(std::int64_t{high} - low);  // up to 2^32 - 1, which does not fit an int
  Tokens t(shape);
  for (std::int64_t i = 0; i < t.size(); ++i) {
    const std::uint64_t step = scaled(key.bits(first + static_cast<std::uint64_t>(i)), width);
    t.data()[i] = static_cast<int>(low + static_cast<std::int64_t>(step));
  }
  return t;
}

}  // namespace ebb
