#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>

namespace ebb::detail {

/// How much memory a closed tape leaves for the next one. Tapes of a loop need about the same amount each time, so the
/// amount that two of the last eight needed is kept. Of an amount that only one needed, a small part is kept, since it
/// may not be needed again.
class KeptMemory {
 public:
  static constexpr std::size_t always = std::size_t{16} << 20;
  /// The bytes to keep after a tape that needed `needed` bytes.
  std::size_t after(std::size_t needed) {
    needed_[next_++ % needed_.size()] = needed;
    std::array<std::size_t, 8> sorted = needed_;
    std::nth_element(sorted.begin(), sorted.begin() + 1, sorted.end(), std::greater<>());
    return std::max(always, sorted[1]);
  }

 private:
  std::array<std::size_t, 8> needed_{};
  std::size_t next_ = 0;
};

}  // namespace ebb::detail
