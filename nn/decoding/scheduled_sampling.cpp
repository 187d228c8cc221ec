#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/autograd/functions.hpp>
#include <ebb/nn/decoding/scheduled_sampling.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

void check(bool ok, const char* what, double x) {
  if (!ok) throw ValueError(fmt::format("scheduled sampling: {} is {}, which is out of range", what, x));
}

void check_equal(const Shape& gold, const Shape& own) {
  if (!(gold == own)) throw ShapeError("choose: shapes differ: gold is " + text(gold) + ", own is " + text(own));
}

}  // namespace

double gold_linear(std::uint64_t update, double slope, double initial, double least) {
  check(slope >= 0 && std::isfinite(slope), "the slope", slope);
  check(initial >= 0 && initial <= 1, "the initial probability", initial);
  check(least >= 0 && least <= 1, "the minimum", least);
  return std::max(least, initial - slope * static_cast<double>(update));
}

double gold_exponential(std::uint64_t update, double k) {
  check(k > 0 && k < 1, "k", k);
  return std::pow(k, static_cast<double>(update));
}

double gold_inverse_sigmoid(std::uint64_t update, double k) {
  check(k >= 1 && std::isfinite(k), "k", k);
  return k / (k + std::exp(static_cast<double>(update) / k));
}

Array gold_coins(const StepContext& at, const char* name, int rows, double p) {
  check(p >= 0 && p <= 1, "a probability", p);
  return at.bernoulli(name, zeros({rows}), p).value();
}

Tokens choose(bool coin, const Tokens& gold, const Tokens& own) {
  check_equal(gold.shape(), own.shape());
  return coin ? gold : own;
}

Tokens choose(const Array& coins, const Tokens& gold, const Tokens& own) {
  check_equal(gold.shape(), own.shape());
  if (!(coins.shape() == gold.shape()))
    throw ShapeError("choose: coins are " + text(coins.shape()) + ", tokens " + text(gold.shape()));
  Tokens t = own.copy();
  for (std::int64_t i = 0; i < t.size(); ++i)
    if (coins.at_flat(i) != 0) t.data()[i] = gold.data()[i];
  return t;
}

}  // namespace ebb
