#include <fmt/format.h>
#include <cmath>
#include <ebb/nn/decoding/metrics.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>
#include <numeric>

namespace ebb {

namespace {

void check_equal(const char* op, const Shape& predicted, const Shape& target) {
  if (!(predicted == target))
    throw ShapeError(
        fmt::format("{}: shapes differ: predicted is {}, target is {}", op, text(predicted), text(target)));
}

void check_lengths(const char* op, const Shape& target, const Lengths& lengths) {
  if (target.rank() != 2 || lengths.rank() != 1 || lengths.dim(0) != target[1])
    throw ShapeError(
        fmt::format("{}: target is {}, lengths {}; expected [T, B] and [B]", op, text(target), text(lengths.shape())));
  for (int b = 0; b < target[1]; ++b)
    if (const int n = lengths.data()[b]; n < 0 || n > target[0])
      throw ValueError(fmt::format("{}: length {} of row {} is outside [0, {}]", op, n, b, target[0]));
}

/// Calls f for each position outside the padding; lengths may be null.
template <class F> void each_place(const Shape& target, const Lengths* lengths, F f) {
  const int B = target.columns();
  for (std::int64_t i = 0; i < target.size(); ++i)
    if (!lengths || i / B < lengths->data()[i % B]) f(i);
}

Ratio hits(const Tokens& predicted, const Tokens& target, const Lengths* lengths) {
  check_equal("accuracy", predicted.shape(), target.shape());
  if (lengths) check_lengths("accuracy", target.shape(), *lengths);
  Ratio r;
  each_place(target.shape(), lengths,
             [&](std::int64_t i) { r += {predicted.data()[i] == target.data()[i] ? 1. : 0., 1}; });
  return r;
}

Ratio top_hits(const Array& scores, const Tokens& target, int k, const Lengths* lengths) {
  if (scores.rank() < 1) throw ShapeError("top_k_accuracy: the scores are a scalar");
  check_equal("top_k_accuracy", scores.shape().without(scores.rank() - 1), target.shape());
  if (lengths) check_lengths("top_k_accuracy", target.shape(), *lengths);
  const int V = scores.columns();
  if (k < 1 || k > V) throw ValueError(fmt::format("top_k_accuracy: k = {} is outside [1, {}]", k, V));
  Ratio r;
  each_place(target.shape(), lengths, [&](std::int64_t i) {
    const int w = target.data()[i];
    if (w < 0 || w >= V)
      throw ValueError(fmt::format("top_k_accuracy: target {} at position {} is outside [0, {})", w, i, V));
    const double own = scores.at_flat(i * V + w);
    int before = std::isnan(own) ? V : 0;  // a NaN ranks last
    for (int v = 0; v < V; ++v) {
      const double x = scores.at_flat(i * V + v);
      before += x > own || (x == own && v < w);
    }
    r += {before < k ? 1. : 0., 1};
  });
  return r;
}

double divided(double part, double whole) { return whole == 0 ? 0 : part / whole; }

}  // namespace

double Ratio::value() const {
  if (whole == 0) throw ValueError("ratio: nothing was counted");
  return part / whole;
}

Ratio accuracy(const Tokens& predicted, const Tokens& target) { return hits(predicted, target, nullptr); }
Ratio accuracy(const Tokens& predicted, const Tokens& target, const Lengths& lengths) {
  return hits(predicted, target, &lengths);
}
Ratio top_k_accuracy(const Array& scores, const Tokens& target, int k) { return top_hits(scores, target, k, nullptr); }
Ratio top_k_accuracy(const Array& scores, const Tokens& target, int k, const Lengths& lengths) {
  return top_hits(scores, target, k, &lengths);
}

double perplexity(double nats) { return std::exp(nats); }
double bits_per_character(double nats) { return nats / std::log(2.0); }

ConfusionMatrix::ConfusionMatrix(int classes) : classes_(classes) {
  if (classes < 1)
    throw ValueError(fmt::format("confusion matrix: the number of classes must be at least 1, but is {}", classes));
  counts_.resize(place(classes, 0));
}

void ConfusionMatrix::add(const Tokens& predicted, const Tokens& target) {
  check_equal("confusion matrix", predicted.shape(), target.shape());
  add(predicted.reshape({static_cast<int>(target.size()), 1}), target.reshape({static_cast<int>(target.size()), 1}),
      Lengths({1}, {static_cast<int>(target.size())}));
}

void ConfusionMatrix::add(const Tokens& predicted, const Tokens& target, const Lengths& lengths) {
  check_equal("confusion matrix", predicted.shape(), target.shape());
  check_lengths("confusion matrix", target.shape(), lengths);
  for (const Tokens* t : {&predicted, &target})
    each_place(target.shape(), &lengths,
               [&](std::int64_t i) { checked(t->data()[i]); });  // check all before counting any
  each_place(target.shape(), &lengths,
             [&](std::int64_t i) { ++counts_[place(target.data()[i], predicted.data()[i])]; });
}

ConfusionMatrix& ConfusionMatrix::operator+=(const ConfusionMatrix& o) {
  if (o.classes_ != classes_)
    throw ShapeError(fmt::format("confusion matrix: cannot add matrices of {} and {} classes", classes_, o.classes_));
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += o.counts_[i];
  return *this;
}

int ConfusionMatrix::checked(int k) const {
  if (k < 0 || k >= classes_)
    throw ValueError(fmt::format("confusion matrix: class {} is outside [0, {})", k, classes_));
  return k;
}

long ConfusionMatrix::count(int target, int predicted) const {
  return counts_[place(checked(target), checked(predicted))];
}

std::size_t ConfusionMatrix::place(int target, int predicted) const {
  return static_cast<std::size_t>(std::int64_t{target} * classes_ + predicted);
}

long ConfusionMatrix::total() const { return std::accumulate(counts_.begin(), counts_.end(), 0L); }

ConfusionMatrix::Counts ConfusionMatrix::of(int k) const {
  Counts c{static_cast<double>(count(k, k)), 0, 0};
  for (int j = 0; j < classes_; ++j) {
    c.predicted += static_cast<double>(count(j, k));
    c.target += static_cast<double>(count(k, j));
  }
  return c;
}

double ConfusionMatrix::averaged(Average a, double (*score)(const Counts&)) const {
  Counts all{0, 0, 0};
  double sum = 0;
  int occurring = 0;
  for (int k = 0; k < classes_; ++k) {
    const Counts c = of(k);
    all = {all.hits + c.hits, all.predicted + c.predicted, all.target + c.target};
    sum += score(c);
    occurring += c.predicted + c.target > 0;
  }
  return a == Average::micro ? score(all) : divided(sum, occurring);
}

namespace {
constexpr auto precision_of = [](const auto& c) { return divided(c.hits, c.predicted); };
constexpr auto recall_of = [](const auto& c) { return divided(c.hits, c.target); };
constexpr auto f1_of = [](const auto& c) { return divided(2 * c.hits, c.predicted + c.target); };
}  // namespace

double ConfusionMatrix::accuracy() const { return recall(Average::micro); }
double ConfusionMatrix::precision(int k) const { return precision_of(of(k)); }
double ConfusionMatrix::recall(int k) const { return recall_of(of(k)); }
double ConfusionMatrix::f1(int k) const { return f1_of(of(k)); }
double ConfusionMatrix::precision(Average a) const { return averaged(a, precision_of); }
double ConfusionMatrix::recall(Average a) const { return averaged(a, recall_of); }
double ConfusionMatrix::f1(Average a) const { return averaged(a, f1_of); }

Array ConfusionMatrix::counts() const {
  Array a = Array::empty({classes_, classes_}, f64);
  for (std::int64_t i = 0; i < a.size(); ++i) a.set_flat(i, static_cast<double>(counts_[static_cast<std::size_t>(i)]));
  return a;
}

}  // namespace ebb
