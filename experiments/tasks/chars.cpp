#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/autograd/shards.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/experiments/train/text.hpp>

namespace ebb::app {
namespace {

/// The loss in nats, as reported in the literature, and as a perplexity.
class CharsMeter final : public Meter {
 public:
  explicit CharsMeter(double baseline_bits) : baseline_(baseline_bits * std::log(2.0)) {}
  void update(const Batch& b, const Result& r) override {
    nats_ += r.loss * b.weight();
    rows_ += b.weight();
  }
  std::vector<Measure> measures() const override {
    if (rows_ == 0) throw ValueError("nothing was measured");
    const double nats = nats_ / rows_;
    return {{"cross entropy", nats, "nats/char", baseline_, "character frequencies", false},
            {"perplexity", std::exp(nats), "", std::exp(baseline_), "", false}};
  }

 private:
  double nats_ = 0, rows_ = 0, baseline_;
};

/// Next-character prediction. The text is split 90/5/5 into training, validation and test. The B rows of a batch start
/// at evenly spaced positions of a split and advance by one window of T characters per update, so that their states can
/// be carried across windows (truncated backpropagation through time). After each epoch they start again with the
/// initial state and windows that are shifted by a random number of characters.
///
/// Shapes    tokens [T, B]; next [T, B], the same one character later
/// Numerics  trained in nats, reported in bits
class Chars final : public SimpleTask, public HasMeter, public HasAlphabet {
 public:
  explicit Chars(const Inputs& in)
      : text_(in.text.empty() ? Text::built_in(in.alphabet) : Text::read(in.text, in.alphabet)) {
    const long n = static_cast<long>(text_.tokens.size());
    cut_[1] = n - 2 * (n / 20);
    cut_[2] = n - n / 20;
    cut_[3] = n;
  }

  TaskInfo info() const override {
    return {.unit = "bits/char",
            .unit_per_loss = 1 / std::log(2.0),
            .speed_unit = "characters",
            .baseline = frequency_bits(),
            .baseline_about = "character frequencies"};
  }

  SimpleSizes sizes() const override {
    return {.inputs = TokenInputs{text_.vocabulary()}, .outputs = text_.vocabulary()};
  }

  TaskSettings settings(Size size) const override {
    if (size == Size::quick) return comparison_settings(size);
    return {.hidden = 384,
            .length = 100,
            .batch = 64,
            .steps = 4000,
            .lr = 4e-3,
            .dropout = .25,
            .optimizer = "adamw",
            .schedule = "one-cycle",
            .patience = 5};
  }

  TaskSettings comparison_settings(Size size) const override {
    switch (size) {
      case Size::quick: return {.hidden = 16, .length = 20, .batch = 16, .steps = 150, .lr = 1e-2};
      case Size::full: return {.hidden = 128, .length = 100, .batch = 32, .steps = 10'000};
      default: return {.hidden = 64, .length = 100, .batch = 32, .steps = 1500, .lr = 5e-3};
    }
  }

  Batch batch(const BatchRequest& r) const override {
    const long begin = cut_[index(r.split)], n = cut_[index(r.split) + 1] - begin;
    const long windows = windows_of(r.split, r.length);
    const long rows = std::min<long>(r.rows, windows), per_row = windows / rows;
    const long number = static_cast<long>(r.number), epoch = number / per_row, at = number % per_row;
    const long spare = n - 1 - windows * r.length;  // remaining characters, plus one window's length for shifting
    long shift = 0;
    if (r.split == Split::train && spare > 0)
      shift = Key{r.seed}.named("chars").below(static_cast<int>(spare) + 1, static_cast<std::uint64_t>(epoch));
    Tokens tokens({r.length, static_cast<int>(rows)}), next({r.length, static_cast<int>(rows)});
    for (long row = 0; row < rows; ++row) {
      const int* from = text_.tokens.data() + begin + shift + (row * per_row + at) * r.length;
      for (long t = 0; t < r.length; ++t) {
        tokens.data()[t * rows + row] = from[t];
        next.data()[t * rows + row] = from[t + 1];
      }
    }
    return SimpleBatch{.inputs = tokens, .targets = EveryStep{next}, .continues = at != 0};
  }

  int batches(Split split, int length, int rows) const override {
    const long windows = windows_of(split, length);
    return static_cast<int>(windows / std::min<long>(rows, windows));
  }

  std::string data() const override {
    return fmt::format("{}, {} {}, {} different", text_.source, count_text(static_cast<double>(text_.tokens.size())),
                       text_.utf8 ? "characters" : "bytes", text_.vocabulary());
  }

  const Alphabet& alphabet() const override { return text_; }
  std::unique_ptr<Meter> meter() const override { return std::make_unique<CharsMeter>(frequency_bits()); }

 private:
  static int index(Split s) { return s == Split::train ? 0 : s == Split::valid ? 1 : 2; }

  // One window of the training split is reserved for shifting, if there are several.
  long windows_of(Split split, int length) const {
    const long n = cut_[index(split) + 1] - cut_[index(split)];
    const long windows = (n - 1) / length;
    if (n < 1 || windows < 1) {
      const long all = static_cast<long>(text_.tokens.size());
      const char* purpose = split == Split::train ? "training" : split == Split::valid ? "validation" : "testing";
      throw ValueError(
          fmt::format("the text '{}' is too short: it has {}, and the {} for {} cannot fill one window of "
                      "{} + 1; about {} are needed",
                      text_.source, count_text(double(all), text_.utf8 ? "character" : "byte"), std::max(n, 0L),
                      purpose, length, 20L * (length + 1)));
    }
    return split == Split::train && windows > 1 ? windows - 1 : windows;
  }

  // Cross entropy of the test split under the frequencies of the training split, with one added to each count.
  double frequency_bits() const {
    std::vector<double> count(text_.symbols.size(), 1.0);
    for (long k = 0; k < cut_[1]; ++k) count[static_cast<std::size_t>(text_.tokens[static_cast<std::size_t>(k)])] += 1;
    const double total = static_cast<double>(cut_[1]) + static_cast<double>(count.size());
    double bits = 0;
    for (long k = cut_[2]; k < cut_[3]; ++k)
      bits -= std::log2(count[static_cast<std::size_t>(text_.tokens[static_cast<std::size_t>(k)])] / total);
    return cut_[3] > cut_[2] ? bits / static_cast<double>(cut_[3] - cut_[2]) : 0;
  }

  Text text_;
  long cut_[4] = {};
};
EBB_TASK(chars, Chars, "predict the next character of a text (tiny Shakespeare, or --text FILE)");

}  // namespace
}  // namespace ebb::app
