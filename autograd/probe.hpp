#pragma once
#include <ebb/autograd/var.hpp>

namespace ebb::detail {

class Sweep;
class TapeImpl;

/// Observes the ops of a tape: in the forward pass, where it may replace a value, and in the sweep. Used by gradcheck,
/// Profile and NonFinite; without one, each of these places is a null check.
class Probe {
 public:
  virtual void began(TapeImpl&, const char* /*op*/, const Var* /*inputs*/, int /*count*/) {}
  virtual void recorded(TapeImpl&, const Var& y, const Var* inputs, int count) = 0;
  virtual void pushed(TapeImpl&, const Var& /*y*/) {}            ///< a result without gradient
  virtual void sweep(Sweep&, std::uint32_t node) = 0;            ///< calls the op's sweep
  virtual void deferred(Sweep&, std::uint32_t, std::int64_t) {}  ///< by the node that is swept: operand, rows
  virtual void flush(Sweep&, std::uint32_t /*operand*/, bool /*begins*/) {}  ///< of what was deferred; then it ended

 protected:
  ~Probe() = default;
};

}  // namespace ebb::detail
