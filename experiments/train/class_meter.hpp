#pragma once
#include <ebb/experiments/train/measure.hpp>
#include <ebb/nn/decoding/metrics.hpp>

namespace ebb::app {

/// The network's scores of K classes: [B, K] for rows, or [B, T, K] for their steps.
inline constexpr Output class_scores{"scores"};
/// The class with the largest score, [B, T], where some steps have no target (EveryStep::none): -1 there.
inline constexpr Output class_choices{"choices"};

/// Accuracy and F1 over classes, as a base class of meters that add each batch. Shows the confusion matrix.
class ClassMeter : public Meter {
 public:
  /// `most_frequent`: share in % of the most frequent class, which is the baseline.
  ClassMeter(std::vector<std::string> names, double most_frequent, double f1_of_that);
  std::vector<Measure> measures() const override;
  std::optional<std::string> validates_by() const override { return "accuracy"; }
  void show(Report&) const override;

 protected:
  /// Classes of whole rows. Shapes    scores [B, K], wanted [B]
  void add(const Array& scores, const Tokens& wanted);
  /// Classes of the steps of rows. Shapes    scores [B, T, K], wanted [T, B], lengths [B]
  void add(const Array& scores, const Tokens& wanted, const Lengths&);
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
  double baseline_, baseline_f1_;
  ConfusionMatrix counts_;
};

/// The baseline that always predicts the most frequent class: accuracy and macro F1 in %; and the cross entropy in nats
/// of predicting the class frequencies.
struct ClassBaseline {
  double accuracy = 0, f1 = 0, nats = 0;
};
ClassBaseline class_baseline(const std::vector<long>& count_of_class);

}  // namespace ebb::app
