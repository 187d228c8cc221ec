#pragma once
#include <ebb/autograd/functions.hpp>

namespace ebb {

/// Time-major values of one shard: [T, rows, ...]. `x[t]` is a view whose adjoint is written into the whole sequence's.
class Sequence {
 public:
  Sequence() = default;
  Sequence(Var all) : all_(static_cast<Var&&>(all)) {}
  int steps() const { return all_.dim(0); }
  int rows() const { return all_.dim(1); }
  Var operator[](Index t) const { return all_[t]; }
  const Var& all() const { return all_; }

 private:
  Var all_;
};

}  // namespace ebb
