#pragma once
#include <cstdint>
#include <ebb/ops/matmul.hpp>
#include <vector>

namespace ebb::detail {

class Sweep;

/// Gradients of right operands and biases, put off: the pairs (x_t, g_t) of many steps are gathered and multiplied as
/// one long product, which runs at the speed of a large matrix where a step's own has few rows. A group per operand;
/// all are flushed together when one would grow past `most_rows`, so that the bytes of adjoints alive do not grow with
/// time, and a group is flushed before the sweep visits its operand.
class Deferred {
 public:
  explicit Deferred(Sweep& s) : sweep_(s) {}
  /// db += x^T g (or its transpose). False if the product is better done at once.
  bool add_product(std::uint32_t b, const Array& x, const Array& g, Trans tb);
  /// db += g summed to b's shape.
  void add_sum(std::uint32_t b, const Array& g);
  void flush(std::uint32_t b);
  void flush_all();
  void clear() noexcept;

 private:
  static constexpr std::int64_t most_rows = 512;  // of a group, at which all are flushed; 256 to 1024 measure alike
  struct Group {
    std::uint32_t operand = 0;  // 0: the place is free
    bool product = true;        // else a sum over rows
    Trans tb = Trans::no;
    Stacked x, g;
  };
  /// What a flush has laid out, for the groups that share it: all gates have one x, a gate's W, U and b one adjoint.
  struct Laid {
    const Stacked* from;
    Array joined;  // as a left operand
    Pack pack;     // as a right one
  };
  Group& group_of(std::uint32_t b, bool product, Trans tb, std::int64_t rows);
  void flush_group(const Group&);
  void end_group(Group&) noexcept;
  const Array& left(const Stacked&);
  const Pack& right(const Stacked&);
  Laid& laid(const Stacked&);

  Sweep& sweep_;
  std::vector<Group> groups_;
  std::vector<Laid> laid_;
};

}  // namespace ebb::detail
