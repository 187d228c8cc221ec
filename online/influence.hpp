#pragma once
#include <ebb/online/step_map.hpp>
#include <memory>
#include <string>
#include <vector>

namespace ebb {

/// What a method of online learning carries from step to step for each row: the influence P_t = d s_t / d theta [S, N],
/// or an estimate of it. The gradient of a loss of the state s_t is then there at time t, without a backward pass:
///
///     P_t = J_t P_{t-1} + D_t,   J_t = d s_t / d s_{t-1},  D_t = d s_t / d theta with s_{t-1} held,  P_{-1} = 0
///     dL_t / d theta = (dL_t / d s_t) P_t
///
/// Source    the common form: Marschall, Cho & Savin 2020, arXiv:1907.02649
class Influence {
 public:
  virtual ~Influence() = default;
  virtual void reset() = 0;  ///< P = 0, as at the start of a sequence
  /// s_{t+1} [B, S] from s_t, with P for it.
  virtual Array advance(const StepPoint&) = 0;
  /// Sum over rows of u P for u = dL/ds [B, S], [N].
  virtual Array gradient(const Array& u) const = 0;
  /// What it carries besides the state, in values per row.
  virtual std::int64_t values() const = 0;
};

/// A method by name, with `seed` for its random draws. The map must outlive it.
///
///     rtrl      exact, for any cell (rtrl.hpp); linear cost where each unit's recurrence is its own
///     snap1     P kept where D_t can be other than zero, for any cell (snap1.hpp)
///     rflo      decays by a constant leak alone (eprop.hpp)
///     eprop     passes through each unit's own recurrence alone (eprop.hpp)
///     uoro      an unbiased outer product, for any cell (uoro.hpp)
///     kf-rtrl   an unbiased Kronecker product, for parameters used in products and elementwise (kf_rtrl.hpp)
///
/// Errors    ValueError if there is no such method, or with the reason why the cell does not meet its assumptions
std::unique_ptr<Influence> make_influence(const std::string& method, const StepMap&, int rows, std::uint64_t seed = 1);
const std::vector<std::string>& influence_methods();

}  // namespace ebb
