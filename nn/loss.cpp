#include <cstring>
#include <ebb/nn/loss.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

// Broadcasting [B, 1] against [B] would give a loss of B * B numbers that trains, badly: so shapes must be equal.
void check_equal(const char* op, const At& y, const At& target) {
  if (y.var.shape() == target.var.shape()) return;
  const char* file = std::strrchr(y.where.file_name(), '/');
  throw ShapeError(std::string(op) + ": shapes differ: y is " + text(y.var.shape()) + ", target is " +
                   text(target.var.shape()) + " (" + (file ? file + 1 : y.where.file_name()) + ":" +
                   std::to_string(y.where.line()) + ")");
}

}  // namespace

Var squared_error(At y, At target) {
  check_equal("squared_error", y, target);
  const std::source_location where = y.where;
  Var squares = square(At(Arg(y.var, where) - Arg(target.var, where), where));
  return squares.rank() < 2 ? squares : mean(At(squares, where), -1);
}

Var binary_cross_entropy(At logits, At target) {
  check_equal("binary_cross_entropy", logits, target);
  const std::source_location where = logits.where;
  const Var z = logits.var, t = target.var;
  // Either term alone is exact for its label; softplus(z) - t z would cancel for a large z with t = 1.
  Var loss = t * softplus(At(-Arg(z, where), where)) + (1 - t) * softplus(At(z, where));
  return loss.rank() < 2 ? loss : sum(At(loss, where), -1);
}

}  // namespace ebb
