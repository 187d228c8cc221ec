#pragma once
#include <ebb/experiments/train/measure.hpp>
#include <ebb/nn/decoding/metrics.hpp>

namespace ebb::app {

/// Accuracy and F1 of classes, from scores that the network puts out as "scores": [B, K] with the batch's labels, or
/// [B, T, K] with its `next` and lengths. Shows which class was taken for which.
class ClassMeter : public Meter {
 public:
  /// `most_frequent`: share in % of the class that a guess names.
  ClassMeter(std::vector<std::string> names, double most_frequent, double f1_of_that);
  void update(const Batch&, const Result&) override;
  std::vector<Measure> measures() const override;
  void show(Report&) const override;

 protected:
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
