#pragma once
#include <ebb/autograd/var.hpp>

namespace ebb::detail {

class TapeImpl;

/// Sees each value as it is recorded on a tape, and may replace it. For gradcheck, which checks each op where it
/// stands.
class Probe {
 public:
  virtual void recorded(TapeImpl&, const Var& y, const Var* inputs, int count) = 0;

 protected:
  ~Probe() = default;
};

}  // namespace ebb::detail
