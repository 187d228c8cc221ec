#include <fmt/format.h>
#include <cmath>
#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

using Line = std::source_location;

std::string text(const Line& line) { return " (" + detail::line_of(line.file_name(), line.line()) + ")"; }

// Broadcasting [B, 1] against [B] would silently give a wrong loss of B * B values, so shapes must be equal.
void check_equal(const char* op, const At& y, const At& target) {
  if (y.var.shape() == target.var.shape()) return;
  throw ShapeError(std::string(op) + ": shapes differ: y is " + text(y.var.shape()) + ", target is " +
                   text(target.var.shape()) + text(y.where));
}

void check_number(const char* op, const char* name, double x, bool ok, const Line& line) {
  if (!ok) throw ValueError(fmt::format("{}: invalid {} {}{}", op, name, x, text(line)));
}

Var mean_of_row(Var v) { return v.rank() < 2 ? v : mean(std::move(v), -1); }
Var sum_of_row(Var v) { return v.rank() < 2 ? v : sum(std::move(v), -1); }

// Not |r| * |r|, whose second derivative at r = 0 would be sign(0)^2.
Var huber_terms(const At& y, const At& target, double delta, double scale) {
  return fuse(
      [](auto y, auto t, auto delta, auto scale) {
        auto r = y - t;
        return scale * where(abs(r) <= delta, .5 * square(r), delta * (abs(r) - .5 * delta));
      },
      y, target.var, delta, scale);
}

Var hinge_terms(Var shortfall, bool squared) {
  Var v = relu(std::move(shortfall));
  return squared ? square(std::move(v)) : v;
}

void check_signs(const At& signs) {
  const Array t = signs.var.value();
  for (std::int64_t i = 0; i < t.size(); ++i)
    if (std::abs(t.at_flat(i)) != 1)
      throw ValueError(
          fmt::format("hinge: target {} at position {} is neither -1 nor 1{}", t.at_flat(i), i, text(signs.where)));
}

}  // namespace

Var squared_error(At y, At target) {
  check_equal("squared_error", y, target);
  const CallSite here{y.where};
  return mean_of_row(square(y.var - target.var));
}

Var huber(At y, At target, double delta) {
  check_equal("huber", y, target);
  check_number("huber", "delta", delta, delta > 0 && std::isfinite(delta), y.where);
  const CallSite here{y.where};
  return mean_of_row(huber_terms(y, target, delta, 1));
}

Var smooth_l1(At y, At target, double beta) {
  check_equal("smooth_l1", y, target);
  check_number("smooth_l1", "beta", beta, beta >= 0 && std::isfinite(beta), y.where);
  const CallSite here{y.where};
  return mean_of_row(beta > 0 ? huber_terms(y, target, beta, 1 / beta) : abs(y.var - target.var));
}

Var binary_cross_entropy(At logits, At target) {
  check_equal("binary_cross_entropy", logits, target);
  const CallSite here{logits.where};
  const Var z = logits.var, t = target.var;
  // Each term is accurate for its label; softplus(z) - t z would suffer cancellation for large z and t = 1. A term of
  // weight zero is skipped, since 0 times an infinite softplus would be NaN.
  const Var terms = fuse(
      [](auto z, auto t) {
        return where(equal(t, 0), 0, t * softplus(-z)) + where(equal(t, 1), 0, (1 - t) * softplus(z));
      },
      z, t);
  return sum_of_row(terms);
}

Var hinge(At scores, At signs, HingeOptions o) {
  check_equal("hinge", scores, signs);
  check_signs(signs);
  const CallSite here{scores.where};
  return sum_of_row(hinge_terms(o.margin - signs.var * scores.var, o.squared));
}

Var multiclass_hinge(At scores, const Tokens& targets, HingeOptions o) {
  const CallSite here{scores.where};
  const Var wanted = pick(scores.var, targets);
  const Shape shape = wanted.shape();
  const Var column = reshape(wanted, shape.inserted(shape.rank(), 1));
  const int V = scores.var.dim(-1);
  // The target's own term, which is constant, is excluded.
  const Var terms = hinge_terms(o.margin + (scores.var - column), o.squared);
  return sum(where(one_hot(targets, V), 0.0, terms), -1) * (1.0 / V);
}

}  // namespace ebb
