#pragma once
#include <ebb/autograd/var.hpp>

namespace ebb::detail {

class TapeImpl;

/// Observes each value as it is recorded on a tape, and may replace it; observes each adjoint during the sweep. Used by
/// gradcheck to check ops within a model, and to find the first value that is not finite.
class Probe {
 public:
  virtual void recorded(TapeImpl&, const Var& y, const Var* inputs, int count) = 0;
  virtual void swept(TapeImpl&, std::uint32_t /*node*/) {}

 protected:
  ~Probe() = default;
};

}  // namespace ebb::detail
