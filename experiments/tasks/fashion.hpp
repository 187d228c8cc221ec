#pragma once
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/sequence_batches.hpp>

namespace ebb::app {

/// Fashion-MNIST, or a few images made up, as batches that are read from top to bottom: what `images` and `pixels`
/// share.
///
/// The last 5,000 of the 60,000 training images say when to stop; the test images are the publishers' 10,000.
///
/// Shapes    x [28, B, 28], line after line, mean 0 and variance 1 over the training images; labels [B]
/// Source    Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747
class FashionTask : public Task {
 public:
  FashionTask(const char* name, const Inputs&);
  TaskInfo info() const override;
  Batch batch(const BatchRequest&) const override;
  int batches(Split s, int, int rows) const override { return batches_->batches(s, rows); }
  std::string data() const override { return source_; }
  Inputs inputs() const override { return {.data = inputs_.data}; }
  std::unique_ptr<Meter> meter() const override;

  static constexpr int side = 28, classes = 10;
  /// As in the file: [28, 28], from 0 to 1.
  Array image(int item) const { return images_[item].reshape({side, side}); }
  int label(int item) const { return labels_.data()[item]; }
  const Partition& partition() const { return batches_->partition(); }

 protected:
  Inputs inputs_;

 private:
  void read(const std::string& folder, const char* part);
  void make_up();
  Array images_;   // [N, 784]
  Tokens labels_;  // [N]
  std::unique_ptr<SequenceBatches> batches_;
  std::vector<std::string> names_;
  std::string source_;
};

}  // namespace ebb::app
