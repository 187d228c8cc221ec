#pragma once
#include <ebb/experiments/train/measure.hpp>
#include <ebb/nn/decoding/metrics.hpp>

namespace ebb::app {

/// The network's scores of K classes, [B, K] of a row or [B, T, K] of each of its steps.
inline constexpr Output class_scores{"scores"};

/// Accuracy and F1 of classes, for a meter that derives from it and adds each batch. Shows which class was taken for
/// which.
class ClassMeter : public Meter {
 public:
  /// `most_frequent`: share in % of the class that a guess names.
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

/// What a guess that names the most frequent class gets: accuracy and macro F1 in %, and its cost in nats if it names
/// each class as often as it occurs.
struct ClassBaseline {
  double accuracy = 0, f1 = 0, nats = 0;
};
ClassBaseline class_baseline(const std::vector<long>& count_of_class);

}  // namespace ebb::app
