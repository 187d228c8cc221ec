#pragma once
#include <cstdint>
#include <ebb/ops/matmul.hpp>
#include <vector>

namespace ebb::detail {

class Sweep;

/// Deferred gradients of right operands and biases: the pairs (x_t, g_t) of many steps are gathered and multiplied as
/// one long product, which is faster than many products with few rows. There is one group per operand. All groups are
/// flushed when one would exceed `most_rows`, so that memory for adjoints does not grow with time, and a group is
/// flushed before the sweep visits its operand.
class Deferred {
 public:
  explicit Deferred(Sweep& s) : sweep_(s) {}
  /// db += x^T g (or its transpose). False if the product should be computed immediately.
  bool add_product(std::uint32_t b, const Array& x, const Array& g, Trans tb);
  /// db += g summed to b's shape.
  void add_sum(std::uint32_t b, const Array& g);
  void flush(std::uint32_t b);
  void flush_all();
  void clear() noexcept;

 private:
  static constexpr std::int64_t most_rows = 256;  // per group, at which all are flushed; 256 to 1024 are equally fast
  struct Group {
    std::uint32_t operand = 0;  // 0: the slot is free
    bool product = true;        // else a sum over rows
    Trans tb = Trans::no;
    Stacked x, g;
  };
  /// Operands laid out by a flush, shared between groups: all gates share one x, a gate's W, U and b one adjoint.
  struct Laid {
    const Stacked* from;
    LeftPack left;
    Pack right;
  };
  Group& group_of(std::uint32_t b, bool product, Trans tb, std::int64_t rows);
  void flush_group(const Group&);
  void end_group(Group&) noexcept;
  const LeftPack& left(const Stacked&);
  const Pack& right(const Stacked&);
  Laid& laid(const Stacked&);

  Sweep& sweep_;
  std::vector<Group> groups_;
  std::vector<Laid> laid_;
};

}  // namespace ebb::detail
