#pragma once
#include <ebb/nn/decoding/metrics_text.hpp>
#include <ebb/ops/array.hpp>
#include <vector>

/// Plain numbers about predictions, without gradients. Those of several batches or shards are added before they are
/// divided: a mean of the batches' rates would weigh a small batch as much as a large one.
namespace ebb {

/// So many of so many. Add with +=.
struct Ratio {
  double part = 0, whole = 0;
  double value() const;  ///< Errors: ValueError if it is a part of nothing
  Ratio& operator+=(const Ratio& o) {
    part += o.part;
    whole += o.whole;
    return *this;
  }
};

/// How many predictions are what was wanted.
///
/// Shapes    predicted, wanted of one shape; with lengths [B], both [T, B], and what stands in the padding is not
///           counted
/// Errors    ShapeError; ValueError if a length is outside [0, T]
Ratio accuracy(const Tokens& predicted, const Tokens& wanted);
Ratio accuracy(const Tokens& predicted, const Tokens& wanted, const Lengths& lengths);

/// How often the wanted class is among the k of the largest scores; of equal scores those of lower classes are taken
/// first.
///
/// Shapes    scores [..., V], wanted [...]; with lengths, scores [T, B, V] and wanted [T, B]
/// Errors    ShapeError; ValueError if k is outside [1, V], a wanted class outside [0, V), or a length outside [0, T]
Ratio top_k_accuracy(const Array& scores, const Tokens& wanted, int k);
Ratio top_k_accuracy(const Array& scores, const Tokens& wanted, int k, const Lengths& lengths);

/// exp of a mean cross entropy in nats: among how many equally likely tokens the model is in doubt.
double perplexity(double nats);
/// A mean cross entropy in nats, in bits: nats / ln 2.
double bits_per_character(double nats);

enum class Average { micro, macro };

/// How often each class was predicted where each was wanted, over as many batches as are added.
///
///     precision(k) = hits / predicted as k;   recall(k) = hits / wanted as k;   f1(k) = 2 hits / (predicted + wanted)
///
/// For two classes precision(1) and so on are those of binary classification. `macro` is the mean over the classes that
/// were predicted or wanted at all; `micro` counts over all classes at once, and is the accuracy, since each item has
/// one class.
///
/// Errors    ShapeError; ValueError naming a class outside [0, classes), whereupon nothing of that batch is counted
/// Numerics  where nothing is divided by nothing the value is zero, as scikit-learn's
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(int classes);
  void add(const Tokens& predicted, const Tokens& wanted);                          ///< one shape
  void add(const Tokens& predicted, const Tokens& wanted, const Lengths& lengths);  ///< [T, B], padding left out
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
