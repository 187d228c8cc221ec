#pragma once
#include <ebb/nn/decoding/metrics_text.hpp>
#include <ebb/ops/array.hpp>
#include <vector>

/// Metrics of predictions, without gradients. Counts of several batches or shards are added before they are divided:
/// averaging the batches' rates would give a small batch the weight of a large one.
namespace ebb {

/// A count out of a total. Add with +=.
struct Ratio {
  double part = 0, whole = 0;
  double value() const;  ///< Errors: ValueError if the total is zero
  Ratio& operator+=(const Ratio& o) {
    part += o.part;
    whole += o.whole;
    return *this;
  }
};

/// The number of correct predictions.
///
/// Shapes    predicted, target of one shape; with lengths [B], both [T, B], and the padding is not counted
/// Errors    ShapeError; ValueError if a length is outside [0, T]
Ratio accuracy(const Tokens& predicted, const Tokens& target);
Ratio accuracy(const Tokens& predicted, const Tokens& target, const Lengths& lengths);

/// How often the target class is among the k largest scores. Of equal scores, lower classes rank first.
///
/// Shapes    scores [..., V], target [...]; with lengths, scores [T, B, V] and target [T, B]
/// Errors    ShapeError; ValueError if k is outside [1, V], a target class outside [0, V), or a length outside [0, T]
Ratio top_k_accuracy(const Array& scores, const Tokens& target, int k);
Ratio top_k_accuracy(const Array& scores, const Tokens& target, int k, const Lengths& lengths);

/// exp of a mean cross entropy in nats: the equivalent number of equally likely tokens.
double perplexity(double nats);
/// Converts a mean cross entropy from nats to bits: nats / ln 2.
double bits_per_character(double nats);

enum class Average { micro, macro };

/// Counts of predicted against target classes, accumulated over batches.
///
///     precision(k) = hits(k) / predicted(k);   recall(k) = hits(k) / target(k);   f1(k) = 2 hits(k) / (predicted(k) + target(k))
///
/// For two classes precision(1) and so on are those of binary classification. `macro` is the mean over the classes that
/// occur as predictions or targets; `micro` pools the counts of all classes, which equals the accuracy, since each item
/// has one class.
///
/// Errors    ShapeError; ValueError naming a class outside [0, classes), with nothing of that batch counted
/// Numerics  0 / 0 is zero, as in scikit-learn
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(int classes);
  void add(const Tokens& predicted, const Tokens& target);                          ///< one shape
  void add(const Tokens& predicted, const Tokens& target, const Lengths& lengths);  ///< [T, B], without the padding
  ConfusionMatrix& operator+=(const ConfusionMatrix& o);

  int classes() const { return classes_; }
  long count(int target, int predicted) const;
  long total() const;
  double accuracy() const;
  double precision(int k) const;
  double recall(int k) const;
  double f1(int k) const;
  double precision(Average a) const;
  double recall(Average a) const;
  double f1(Average a) const;
  Array counts() const;  ///< [target, predicted], float64

 private:
  struct Counts {
    double hits, predicted, target;
  };
  Counts of(int k) const;
  double averaged(Average a, double (*score)(const Counts&)) const;
  int checked(int k) const;
  std::size_t place(int target, int predicted) const;
  int classes_;
  std::vector<long> counts_;  // row: target, column: predicted
};

}  // namespace ebb
