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
/// Shapes    predicted, wanted of one shape; with lengths [B], both [T, B], and the padding is not counted
/// Errors    ShapeError; ValueError if a length is outside [0, T]
Ratio accuracy(const Tokens& predicted, const Tokens& wanted);
Ratio accuracy(const Tokens& predicted, const Tokens& wanted, const Lengths& lengths);

/// How often the wanted class is among the k largest scores. Of equal scores, lower classes rank first.
///
/// Shapes    scores [..., V], wanted [...]; with lengths, scores [T, B, V] and wanted [T, B]
/// Errors    ShapeError; ValueError if k is outside [1, V], a wanted class outside [0, V), or a length outside [0, T]
Ratio top_k_accuracy(const Array& scores, const Tokens& wanted, int k);
Ratio top_k_accuracy(const Array& scores, const Tokens& wanted, int k, const Lengths& lengths);

/// exp of a mean cross entropy in nats: the equivalent number of equally likely tokens.
double perplexity(double nats);
/// Converts a mean cross entropy from nats to bits: nats / ln 2.
double bits_per_character(double nats);

enum class Average { micro, macro };

/// Counts of predicted against wanted classes, accumulated over batches.
///
///     precision(k) = hits(k) / predicted(k);   recall(k) = hits(k) / wanted(k);   f1(k) = 2 hits(k) / (predicted(k) + wanted(k))
///
/// For two classes precision(1) and so on are those of binary classification. `macro` is the mean over the classes that
/// were predicted or wanted at all; `micro` pools the counts of all classes, which equals the accuracy, since each item
/// has one class.
///
/// Errors    ShapeError; ValueError naming a class outside [0, classes), with nothing of that batch counted
/// Numerics  0 / 0 is zero, as in scikit-learn
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(int classes);
  void add(const Tokens& predicted, const Tokens& wanted);                          ///< one shape
  void add(const Tokens& predicted, const Tokens& wanted, const Lengths& lengths);  ///< [T, B], without the padding
  ConfusionMatrix& operator+=(const ConfusionMatrix& o);

  int classes() const { return classes_; }
  long count(int wanted, int predicted) const;
  long total() const;
  double accuracy() const;
  double precision(int k) const;
  double recall(int k) const;
  double f1(int k) const;
  double precision(Average a) const;
  double recall(Average a) const;
  double f1(Average a) const;
  Array counts() const;  ///< [wanted, predicted], float64

 private:
  struct Counts {
    double hits, predicted, wanted;
  };
  Counts of(int k) const;
  double averaged(Average a, double (*score)(const Counts&)) const;
  int checked(int k) const;
  std::size_t place(int wanted, int predicted) const;
  int classes_;
  std::vector<long> counts_;  // row: wanted, column: predicted
};

}  // namespace ebb
