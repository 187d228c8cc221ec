#include <cmath>
#include <cstring>
#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>
#include <fmt/format.h>

namespace ebb {

namespace {

using Line = std::source_location;

std::string text(const Line& line) {
  const char* file = std::strrchr(line.file_name(), '/');
  return fmt::format(" ({}:{})", file ? file + 1 : line.file_name(), line.line());
}

// Broadcasting [B, 1] against [B] would give a loss of B * B numbers that trains, badly: so shapes must be equal.
void check_equal(const char* op, const At& y, const At& target) {
  if (y.var.shape() == target.var.shape()) return;
  throw ShapeError(std::string(op) + ": shapes differ: y is " + text(y.var.shape()) + ", target is " +
                   text(target.var.shape()) + text(y.where));
}

void check_number(const char* op, const char* name, double x, bool ok, const Line& line) {
  if (!ok) throw ValueError(fmt::format("{}: {} cannot be {}{}", op, name, x, text(line)));
}

Var mean_of_row(Var v, const Line& line) { return v.rank() < 2 ? v : mean(At(std::move(v), line), -1); }
Var sum_of_row(Var v, const Line& line) { return v.rank() < 2 ? v : sum(At(std::move(v), line), -1); }

// No product of |r| with itself: the second derivative at r = 0 would come out as sign(0)^2.
Var huber_terms(const At& y, const At& target, double delta, double scale) {
  return fuse([](auto y, auto t, auto delta, auto scale) {
    auto r = y - t;
    return scale * where(abs(r) <= delta, .5 * square(r), delta * (abs(r) - .5 * delta));
  }, y, target.var, delta, scale);
}

Var hinge_terms(At shortfall, bool squared) {
  const Line line = shortfall.where;
  Var v = relu(std::move(shortfall));
  return squared ? square(At(std::move(v), line)) : v;
}

void check_signs(const At& signs) {
  const Array t = signs.var.value();
  for (std::int64_t i = 0; i < t.size(); ++i)
    if (std::abs(t.at_flat(i)) != 1)
      throw ValueError(fmt::format("hinge: target {} at position {} is neither -1 nor 1{}", t.at_flat(i), i, text(signs.where)));
}

}  // namespace

Var squared_error(At y, At target) {
  check_equal("squared_error", y, target);
  const Line line = y.where;
  return mean_of_row(square(At(Arg(y.var, line) - Arg(target.var, line), line)), line);
}

Var huber(At y, At target, double delta) {
  check_equal("huber", y, target);
  check_number("huber", "delta", delta, delta > 0 && std::isfinite(delta), y.where);
  return mean_of_row(huber_terms(y, target, delta, 1), y.where);
}

Var smooth_l1(At y, At target, double beta) {
  check_equal("smooth_l1", y, target);
  check_number("smooth_l1", "beta", beta, beta >= 0 && std::isfinite(beta), y.where);
  if (beta > 0) return mean_of_row(huber_terms(y, target, beta, 1 / beta), y.where);
  return mean_of_row(abs(At(Arg(y.var, y.where) - Arg(target.var, y.where), y.where)), y.where);
}

Var binary_cross_entropy(At logits, At target) {
  check_equal("binary_cross_entropy", logits, target);
  const Line line = logits.where;
  const Var z = logits.var, t = target.var;
  // Either term alone is exact for its label; softplus(z) - t z would cancel for a large z with t = 1.
  // A term of weight zero is left out, or an infinite logit on the right side would make it NaN.
  const Var terms = fuse([](auto z, auto t) {
    return where(equal(t, 0), 0, t * softplus(-z)) + where(equal(t, 1), 0, (1 - t) * softplus(z));
  }, At(z, line), t);
  return sum_of_row(terms, line);
}

Var hinge(At scores, At signs, HingeOptions o) {
  check_equal("hinge", scores, signs);
  check_signs(signs);
  const Line line = scores.where;
  const Var shortfall = Arg(o.margin, line) - Arg(Arg(signs.var, line) * Arg(scores.var, line), line);
  return sum_of_row(hinge_terms(At(shortfall, line), o.squared), line);
}

Var multiclass_hinge(At scores, const Tokens& targets, HingeOptions o) {
  const Line line = scores.where;
  const Var wanted = pick(At(scores.var, line), targets);
  const Shape shape = wanted.shape();
  const Var column = reshape(At(wanted, line), shape.inserted(shape.rank(), 1));
  const int V = scores.var.dim(-1);
  // The target's own term would be the margin itself, squared or not, and is left out.
  const Var terms = hinge_terms(At(Arg(o.margin, line) + Arg(Arg(scores.var, line) - Arg(column, line), line), line), o.squared);
  const Var others = where(At(one_hot(targets, V, line), line), Arg(0.0, line), Arg(terms, line));
  return Arg(sum(At(others, line), -1), line) * Arg(1.0 / V, line);
}

}  // namespace ebb
