#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/data/idx.hpp>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/report/pictures.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/tasks/fashion.hpp>
#include <ebb/experiments/train/data_files.hpp>
#include <numeric>

namespace ebb::app {
namespace {

constexpr int pixels = FashionImages::side * FashionImages::side;
constexpr float mean_grey = .2860F, deviation = .3530F;  // of the 60,000 training images

std::vector<int> numbers(int begin, int end) {
  std::vector<int> all(static_cast<std::size_t>(end - begin));
  std::iota(all.begin(), all.end(), begin);
  return all;
}

/// Keeps the first test images with their predicted classes.
class FashionMeter final : public ClassMeter {
 public:
  explicit FashionMeter(const FashionImages& set)
      : ClassMeter(set.names(), 100.0 / FashionImages::classes, 100 * 2.0 / 11 / FashionImages::classes), set_(set) {}
  void update(const Batch& batch, const Result& r) override {
    const auto& b = batch.get<ImageBatch>();
    const Array& scores = class_scores.of(r);
    add(scores, b.labels);
    for (int row = 0; row < b.rows() && images_.size() < 30; ++row) {
      int best = 0;
      for (int k = 1; k < FashionImages::classes; ++k)
        if (scores.at({row, k}) > scores.at({row, best})) best = k;
      images_.push_back({set_.image(b.items[static_cast<std::size_t>(row)]), names()[static_cast<std::size_t>(best)],
                         best != b.labels.data()[row]});
    }
  }
  void show(Report& report) const override {
    report.picture("The first images of the test split", images_svg(images_, 10),
                   "Below: the predicted class; red: wrong.");
    ClassMeter::show(report);
  }

 private:
  const FashionImages& set_;
  std::vector<LabelledImage> images_;
};

}  // namespace

FashionImages::FashionImages(const char* task, const Task::Inputs& in)
    : names_{"T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"},
      data_(in.quick && in.data.empty() ? "generated" : in.data) {
  if (data_ == "generated") {
    make_up();
    return;
  }
  data_ = find_data({task,
                     {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz",
                      "t10k-labels-idx1-ubyte.gz"},
                     {"", "fashion-mnist"},
                     {"/usr/share/datasets/fashion-mnist"},
                     "the four gzipped idx files of Fashion-MNIST, as in Debian's package dataset-fashion-mnist"},
                    data_);
  images_ = Array::empty({70'000, pixels}, f32);
  labels_ = Tokens({70'000});
  read("train");
  read("t10k");
  batches_ = std::make_unique<SequenceBatches>(
      Partition{numbers(0, 55'000), numbers(55'000, 60'000), numbers(60'000, 70'000)}, std::vector<int>(70'000, 1));
  const std::string bytes(reinterpret_cast<const char*>(labels_.data()), 70'000 * sizeof(int));
  source_ = fmt::format("Fashion-MNIST, 60,000 and 10,000 images, CRC-32C of the labels {:08x}", crc32c(bytes));
}

void FashionImages::read(const char* part) {
  const bool test = part[1] == '1';
  const int count = test ? 10'000 : 60'000, first = test ? 60'000 : 0;
  const std::string images = fmt::format("{}/{}-images-idx3-ubyte.gz", data_, part);
  const std::string labels = fmt::format("{}/{}-labels-idx1-ubyte.gz", data_, part);
  const Array x = read_idx_images(images);
  const Tokens y = read_idx_labels(labels);
  if (x.shape() != Shape{count, side, side})
    throw FileError(fmt::format("'{}': does not contain the expected {} images of 28 x 28 pixels", images, count));
  if (y.dim(0) != count)
    throw FileError(fmt::format("'{}': has {}, not {}", labels, count_text(y.dim(0), "label"), count));
  for (int k = 0; k < count; ++k)
    if (y.data()[k] < 0 || y.data()[k] >= classes)
      throw FileError(fmt::format("'{}': label {} is {}, not from 0 to 9", labels, k, y.data()[k]));
  std::copy_n(x.data<float>(), static_cast<std::ptrdiff_t>(count) * pixels,
              images_.data<float>() + static_cast<std::ptrdiff_t>(first) * pixels);
  std::copy_n(y.data(), count, labels_.data() + first);
}

// A horizontal or vertical bar at one of five positions, in noise: ten classes.
void FashionImages::make_up() {
  constexpr int count = 600;
  images_ = uniform({count, pixels}, Key{1}.named("images"), 0, .5);
  labels_ = Tokens({count});
  for (int k = 0; k < count; ++k) {
    const int label = k % classes, place = 3 + label % 5 * 5;
    labels_.data()[k] = label;
    float* image = images_.data<float>() + static_cast<std::ptrdiff_t>(k) * pixels;
    for (int along = 4; along < side - 4; ++along)
      for (int across = place; across < place + 2; ++across)
        image[label < 5 ? across * side + along : along * side + across] = 1;
  }
  batches_ = std::make_unique<SequenceBatches>(Partition{numbers(0, 400), numbers(400, 500), numbers(500, 600)},
                                               std::vector<int>(count, 1));
  for (int k = 0; k < classes; ++k)
    names_[static_cast<std::size_t>(k)] = fmt::format("{} {}", k < 5 ? "across" : "down", k % 5 + 1);
  source_ = "generated, 600 images of bars";
}

ImageBatch FashionImages::batch(const BatchRequest& r) const {
  ImageBatch b{.x = {}, .labels = {}, .items = batches_->items(r)};
  const int B = static_cast<int>(b.items.size());
  b.x = Array::empty({side, B, side}, f32);
  b.labels = Tokens({B});
  for (int row = 0; row < B; ++row) {
    const int item = b.items[static_cast<std::size_t>(row)];
    b.labels.data()[row] = labels_.data()[item];
    const float* image = images_.data<float>() + static_cast<std::ptrdiff_t>(item) * pixels;
    for (int line = 0; line < side; ++line)
      for (int k = 0; k < side; ++k)
        b.x.data<float>()[(line * B + row) * side + k] = (image[line * side + k] - mean_grey) / deviation;
  }
  return b;
}

TaskInfo FashionTask::info() const {
  return {.unit = "nats",
          .speed_unit = "lines",
          .baseline = std::log(double{FashionImages::classes}),
          .baseline_about = "ten equally likely classes",
          .valid_batches = 1 << 20};
}

std::unique_ptr<Meter> FashionTask::meter() const { return std::make_unique<FashionMeter>(images_); }

}  // namespace ebb::app
