#include <fmt/format.h>
#include <ebb/nn/sequence/drop_connect.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

namespace {

double checked(const char* op, double p) {
  if (!(p >= 0 && p < 1))
    throw ValueError(fmt::format("{}: the probability must be at least 0 and less than 1, but is {}", op, p));
  return p;
}

}  // namespace

Transform drop_connect(double p) {
  return [p = checked("drop_connect", p)](const Var& w, const StepContext& at) {
    return dropout(w, p, at, "drop_connect");
  };
}

Transform embedding_dropout(double p) {
  return [p = checked("embedding_dropout", p)](const Var& w, const StepContext& at) {
    return at.training() && p > 0 ? w * dropout(full({w.dim(0), 1}, 1), p, at, "embedding_dropout") : w;
  };
}

}  // namespace ebb
