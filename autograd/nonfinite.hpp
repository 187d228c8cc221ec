#pragma once
#include <ebb/ops/array.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ebb {

/// The values of one array.
struct ValueRange {
  std::string name;          ///< "matmul (my_cell.cpp:31, time step 7)", "parameter cell/Wx"; the op that made it
  Shape shape;               ///
  double low = 0, high = 0;  ///< of its finite values
  std::int64_t finite = 0, nan = 0, infinite = 0;
  std::int64_t first = -1;  ///< flat index of the first value that is not finite
  /// "[16, 64] in [-1.2, 0.8], 3 of 1024 NaN, the first at [2, 5]"
  std::string text() const;
};

/// The first value, or gradient, on a tape that is not finite.
struct NonFiniteValue {
  bool gradient = false;             ///< found in the backward pass: `op` computed this gradient of an operand
  std::string op, file;              ///
  unsigned line = 0;                 ///
  int step = -1;                     ///< time step; -1 outside the loop over time
  ValueRange result;                 ///< the value; or the gradient with respect to operand `of`
  int of = -1;                       ///
  std::vector<ValueRange> operands;  ///< forward values of the op's operands
  ValueRange adjoint;                ///< of a gradient: the one that the op received, dL/d(its result)
  /// "log has the first value that is not finite, time step 12 (my_cell.cpp:31)"
  std::string headline() const;
  /// The same with the ranges, in one line.
  std::string text() const;
};

namespace detail {
class NonFiniteLane;
class Observed;
}  // namespace detail

/// In its scopes, looks for the first value that is not finite, and names op, time step, line, and the ranges of the
/// op's operands: of forward passes, recorded or not, and of gradients.
///
///     NonFinite watch;
///     {
///       const NonFinite::Scope on(watch);
///       loss = ...;
///       tape.backward(loss);
///     }
///     if (watch.first()) std::cout << watch.first()->text() << "\n";
///
/// Observes the calling thread's tapes, and the shards of backward and evaluate. Within a fused lambda it names the
/// function and its line. Results do not change by a bit.
///
/// Cost      several passes over each value; operands are not overwritten in place
class NonFinite {
 public:
  NonFinite();
  ~NonFinite();
  NonFinite(const NonFinite&) = delete;
  NonFinite& operator=(const NonFinite&) = delete;

  /// None if all values are finite. Of several shards' values, the one of the lowest-numbered shard.
  const std::optional<NonFiniteValue>& first() const;

  class Scope {
   public:
    explicit Scope(NonFinite&);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    std::unique_ptr<detail::Observed> on_;
  };

 private:
  std::unique_ptr<detail::NonFiniteLane> lane_;
};

}  // namespace ebb
