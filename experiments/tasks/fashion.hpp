#pragma once
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/sequence_batches.hpp>

namespace ebb::app {

/// Images with their classes.
struct ImageBatch {
  Array x;                   ///< [28, B, 28], line by line; or [784, B, 1], pixel by pixel
  Tokens labels;             ///< [B]
  std::vector<int> items{};  ///< [B]

  int rows() const { return x.dim(1); }
  int steps() const { return x.dim(0); }
};

/// Fashion-MNIST, or a few generated images.
///
/// The last 5,000 of the 60,000 training images are used for validation; the test images are the publishers' 10,000.
///
/// Source    Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747
class FashionImages {
 public:
  static constexpr int side = 28, classes = 10;
  /// Error messages name the task. Errors: FileError
  FashionImages(const char* task, const Task::Inputs&);

  /// Line by line, with mean 0 and variance 1 over the training images.
  ImageBatch batch(const BatchRequest&) const;
  int batches(Split s, int rows) const { return batches_->batches(s, rows); }
  /// The original image, [28, 28], from 0 to 1.
  Array image(int item) const { return images_[item].reshape({side, side}); }
  int label(int item) const { return labels_.data()[item]; }
  const Partition& partition() const { return batches_->partition(); }
  const std::vector<std::string>& names() const { return names_; }  ///< of the classes
  const std::string& source() const { return source_; }
  /// The source of the images: "generated", or a folder.
  const std::string& data() const { return data_; }

 private:
  void read(const char* part);
  void make_up();
  Array images_;   // [N, 784]
  Tokens labels_;  // [N]
  std::unique_ptr<SequenceBatches> batches_;
  std::vector<std::string> names_;
  std::string source_, data_;
};

/// The common base of the tasks `images` and `pixels`, which predict the class of an image.
class FashionTask : public Task, public HasMeter, public ReadsData, public FixedLength {
 public:
  FashionTask(const char* name, Inputs& in) : images_(name, in) { in.data = images_.data(); }
  TaskInfo info() const override;
  int batches(Split s, int, int rows) const override { return images_.batches(s, rows); }
  std::string data() const override { return images_.source(); }
  std::unique_ptr<Meter> meter() const override;

 protected:
  const FashionImages& images() const { return images_; }

 private:
  FashionImages images_;
};

}  // namespace ebb::app
