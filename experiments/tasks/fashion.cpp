#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/data/idx.hpp>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/report/pictures.hpp>
#include <ebb/experiments/tasks/fashion.hpp>
#include <ebb/experiments/train/data_files.hpp>
#include <numeric>

namespace ebb::app {
namespace {

constexpr int pixels = FashionTask::side * FashionTask::side;
constexpr float mean_grey = .2860F, deviation = .3530F;  // of the 60,000 training images

std::vector<int> numbers(int begin, int end) {
  std::vector<int> all(static_cast<std::size_t>(end - begin));
  std::iota(all.begin(), all.end(), begin);
  return all;
}

/// Keeps the first test images with what the model took them for.
class FashionMeter final : public ClassMeter {
 public:
  FashionMeter(const FashionTask& task, std::vector<std::string> names)
      : ClassMeter(std::move(names), 100.0 / FashionTask::classes, 100 * 2.0 / 11 / FashionTask::classes), task_(task) {
  }
  void update(const Batch& b, const Result& r) override {
    ClassMeter::update(b, r);
    const Array& scores = r.rows("scores");
    for (int row = 0; row < b.rows() && images_.size() < 30; ++row) {
      int best = 0;
      for (int k = 1; k < FashionTask::classes; ++k)
        if (scores.at({row, k}) > scores.at({row, best})) best = k;
      images_.push_back({task_.image(b.items[static_cast<std::size_t>(row)]), names()[static_cast<std::size_t>(best)],
                         best != b.labels.data()[row]});
    }
  }
  void show(Report& report) const override {
    report.picture("The first images of the test split", images_svg(images_, 10),
                   "Below: what the model takes each for; red: wrong.");
    ClassMeter::show(report);
  }

 private:
  const FashionTask& task_;
  std::vector<LabelledImage> images_;
};

}  // namespace

FashionTask::FashionTask(const char* name, const Inputs& in)
    : inputs_(in),
      names_{"T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"} {
  if (inputs_.quick && inputs_.data.empty()) inputs_.data = "generated";
  if (inputs_.data == "generated") {
    make_up();
    return;
  }
  inputs_.data =
      find_data({name,
                 {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz",
                  "t10k-labels-idx1-ubyte.gz"},
                 {"", "fashion-mnist"},
                 {"/usr/share/datasets/fashion-mnist"},
                 "the four gzipped idx files of Fashion-MNIST, as Debian's package dataset-fashion-mnist has them"},
                inputs_.data);
  images_ = Array::empty({70'000, pixels}, f32);
  labels_ = Tokens({70'000});
  read(inputs_.data, "train");
  read(inputs_.data, "t10k");
  batches_ = std::make_unique<SequenceBatches>(
      Partition{numbers(0, 55'000), numbers(55'000, 60'000), numbers(60'000, 70'000)}, std::vector<int>(70'000, 1));
  const std::string bytes(reinterpret_cast<const char*>(labels_.data()), 70'000 * sizeof(int));
  source_ = fmt::format("Fashion-MNIST, 60,000 and 10,000 images, CRC-32C of the labels {:08x}", crc32c(bytes));
}

void FashionTask::read(const std::string& folder, const char* part) {
  const bool test = part[1] == '1';
  const int count = test ? 10'000 : 60'000, first = test ? 60'000 : 0;
  const std::string images = fmt::format("{}/{}-images-idx3-ubyte.gz", folder, part);
  const std::string labels = fmt::format("{}/{}-labels-idx1-ubyte.gz", folder, part);
  const Array x = read_idx_images(images);
  const Tokens y = read_idx_labels(labels);
  if (x.shape() != Shape{count, side, side})
    throw FileError(fmt::format("'{}': has not the {} images of 28 x 28 pixels that are expected", images, count));
  if (y.dim(0) != count) throw FileError(fmt::format("'{}': has {} labels, not {}", labels, y.dim(0), count));
  for (int k = 0; k < count; ++k)
    if (y.data()[k] < 0 || y.data()[k] >= classes)
      throw FileError(fmt::format("'{}': label {} is {}, not from 0 to 9", labels, k, y.data()[k]));
  std::copy_n(x.data<float>(), static_cast<std::ptrdiff_t>(count) * pixels,
              images_.data<float>() + static_cast<std::ptrdiff_t>(first) * pixels);
  std::copy_n(y.data(), count, labels_.data() + first);
}

// A bar across or down, at one of five places: ten classes, in noise.
void FashionTask::make_up() {
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
  source_ = "made up, 600 images of bars";
}

TaskInfo FashionTask::info() const {
  return {.width = side,
          .outputs = classes,
          .unit = "nats",
          .speed_unit = "lines",
          .baseline = std::log(double{classes}),
          .baseline_about = "ten equally likely classes",
          .any_length = false,
          .validate_by = "accuracy",
          .valid_batches = 1 << 20};
}

Batch FashionTask::batch(const BatchRequest& r) const {
  Batch b;
  b.items = batches_->items(r);
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

std::unique_ptr<Meter> FashionTask::meter() const { return std::make_unique<FashionMeter>(*this, names_); }

}  // namespace ebb::app
