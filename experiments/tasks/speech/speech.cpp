#include <algorithm>
#include <cmath>
#include <ebb/experiments/tasks/speech/generate.hpp>
#include <ebb/experiments/tasks/speech/meter.hpp>
#include <ebb/experiments/train/reader.hpp>
#include <ebb/experiments/train/recurrent_network.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/losses/ctc.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/ops/parallel.hpp>
#include <mutex>

namespace ebb::app {
namespace {

constexpr int classes = 11;  // the blank and ten digits

/// Predicts a digit, or no digit, at each step.
///
///     score[t] = reader(x)[t] W + b,   loss = -log p(digits | score)
///
/// Shapes    x [T, B, 120] -> scores [B, T, 11], the blank first
/// Source    Graves et al. 2006, doi:10.1145/1143844.1143891
struct SpeechNetwork final : Network, RecurrentNetwork {
  Reader reader;
  Linear out;
  NetworkDropout left_out;
  SpeechNetwork(const Builder& p, const Recurrence& r, ReadDirection direction)
      : reader(p, r, SpokenStrings::width, direction), out(p / "out", reader.width(), classes),
        left_out(r.settings.network) {}

  PartialLoss loss(Shard& s, const Batch& batch) const override {
    const auto& b = batch.get<SpeechBatch>();
    const StepContext at = s.context();
    const Lengths lengths = s.rows(b.lengths);
    const Packed in = dropout(pack(s.sequence(b.x), lengths), left_out.input.value_or(0), at, "in");
    const Packed y = dropout(reader(in, at), left_out.output.value_or(0), at, "out");
    const Var scores = unpack({out(y.all), y.packing}).all();
    if (!at.training()) digit_scores.put(s, transpose(scores, {1, 0, 2}));
    return s.mean_rows(ctc(scores, lengths, s.rows(b.digits), s.rows(b.digit_counts)));
  }

  std::string recurrence_scope() const override { return "net/forward"; }
  const Cell* recurrence() const override { return reader.forward(); }
  Sequence recurrence_inputs(Shard& s, const Batch& b) const override { return s.sequence(b.get<SpeechBatch>().x); }
  Lengths recurrence_lengths(const Batch& b) const override { return b.get<SpeechBatch>().lengths; }
  // The loss of the whole string, in which the scores of earlier steps are constants.
  PartialLoss last_loss(Shard& s, const Batch& batch, const Var& x, const Var& y) const override {
    const auto& b = batch.get<SpeechBatch>();
    const Lengths lengths = s.rows(b.lengths);
    const Packed read = reader(pack(s.sequence(b.x), lengths), s.context());
    const Var all = detach(unpack({out(read.all), read.packing}).all()), last = out(reader.at_last(y, x, s.context()));
    Array is_last = Array::zeros({b.steps(), s.rows(), 1}, f32);
    for (int row = 0; row < s.rows(); ++row) is_last.data<float>()[(lengths.data()[row] - 1) * s.rows() + row] = 1;
    const Var scores = where(constant(is_last), last, all);
    return s.sum(ctc(scores, lengths, s.rows(b.digits), s.rows(b.digit_counts)));
  }
};

/// Recognises spoken digits, one or several in a string, without alignment.
///
/// Source    data: Jackson et al., the Free Spoken Digit Dataset, doi:10.5281/zenodo.1342401
class Speech final : public Task,
                     public HasNetwork,
                     public HasDropout,
                     public HasMeter,
                     public Generates,
                     public ReadsData {
 public:
  static constexpr TaskOption options[] = {direction_option};
  explicit Speech(Inputs& in) : direction_(read_direction(in.own.choose("direction", "both"))) {
    if (in.quick && in.data.empty()) in.data = "generated";
    const bool generated = in.data == "generated";
    Recordings r = generated ? made_up_recordings() : read_recordings(in.data);
    in.data = r.folder;
    strings_ = std::make_unique<SpokenStrings>(std::move(r), generated ? 60 : 200, generated ? 60 : 400);
    measure_baselines();
  }

  TaskInfo info() const override {
    return {.unit = "nats/string",
            .speed_unit = "steps of 30 ms",
            .baseline = baseline_,
            .baseline_about = "knowing the number of digits, but not which",
            .valid_batches = 1 << 20};
  }

  // `length` is the largest number of digits in a training string.
  TaskSettings settings(Size size) const override {
    if (size == Size::quick)
      return {.hidden = 24, .length = 3, .batch = 16, .steps = 160, .lr = 2e-2, .patience = all_validations};
    return {
        .hidden = 128, .length = 5, .batch = 32, .steps = 2000, .lr = 4e-3, .schedule = "one-cycle", .patience = 10};
  }

  Batch batch(const BatchRequest& r) const override {
    if (r.length < 1 || r.rows < 1)
      throw ValueError("speech: a batch needs at least one string, and a string at least one digit");
    std::vector<SpokenString> chosen;
    if (r.split == Split::train) {
      const Key key = Key{r.seed}.named("speech").at(r.number);
      for (int row = 0; row < r.rows; ++row)
        chosen.push_back(strings_->training(key.at(static_cast<std::uint64_t>(row)), r.length));
      return speech_batch(features_of(chosen), digits_of(chosen));
    }
    const auto& all = strings_->items(r.split);
    const std::vector<Array>& known = kept(r.split);
    std::vector<Array> features;
    std::vector<int> items;
    const auto begin =
        std::min(r.number * static_cast<std::uint64_t>(r.rows), static_cast<std::uint64_t>(all.size() - 1));
    for (auto k = static_cast<std::size_t>(begin); k < all.size() && items.size() < static_cast<std::size_t>(r.rows);
         ++k) {
      chosen.push_back(all[k]);
      features.push_back(known[k]);
      items.push_back(strings_->begin(r.split) + static_cast<int>(k));
    }
    SpeechBatch b = speech_batch(features, digits_of(chosen));
    b.items = items;
    return b;
  }

  int batches(Split s, int, int rows) const override {
    return s == Split::train ? 1 << 20 : (static_cast<int>(strings_->items(s).size()) + rows - 1) / rows;
  }
  int steps(const TaskSettings& s) const override {
    return strings_->longest(std::max(s.length, SpokenStrings::most_tested));
  }
  std::string data() const override { return strings_->recordings().source; }
  std::unique_ptr<Meter> meter() const override { return std::make_unique<SpeechMeter>(*strings_, single_baseline_); }
  NetworkDropout own_dropout() const override { return {.input = .1, .output = .3}; }
  std::unique_ptr<Network> network(const Builder& p, const Recurrence& r) const override {
    return std::make_unique<SpeechNetwork>(p, r, direction_);
  }
  Generated generate(const Model& m, const GenerateRequest& r) const override { return recognise(m, *strings_, r); }

 private:
  std::vector<Array> features_of(const std::vector<SpokenString>& chosen) const {
    std::vector<Array> features(chosen.size());
    parallel_for(static_cast<std::int64_t>(chosen.size()), 1, [&](std::int64_t begin, std::int64_t end) {
      for (auto k = static_cast<std::size_t>(begin); k < static_cast<std::size_t>(end); ++k)
        features[k] = strings_->features(chosen[k]);
    });
    return features;
  }

  std::vector<std::vector<int>> digits_of(const std::vector<SpokenString>& chosen) const {
    std::vector<std::vector<int>> digits;
    for (const SpokenString& s : chosen) digits.push_back(strings_->digits(s));
    return digits;
  }

  // The strings of the other splits are used repeatedly.
  const std::vector<Array>& kept(Split split) const {
    const bool test = split == Split::test;
    std::call_once(test ? test_once_ : valid_once_,
                   [&] { (test ? test_ : valid_) = features_of(strings_->items(split)); });
    return test ? test_ : valid_;
  }

  void measure_baselines() {
    double digits = 0, singles = 0, most = 0;
    std::vector<double> count(10);
    const auto& all = strings_->items(Split::test);
    for (const SpokenString& s : all) {
      digits += static_cast<double>(s.digits.size());
      if (s.digits.size() == 1) {
        ++singles;
        most = std::max(most, ++count[static_cast<std::size_t>(strings_->digits(s)[0])]);
      }
    }
    single_baseline_ = 100 * most / singles;
    baseline_ = digits / static_cast<double>(all.size()) * std::log(10);
  }

  ReadDirection direction_;
  std::unique_ptr<SpokenStrings> strings_;
  mutable std::once_flag valid_once_, test_once_;
  mutable std::vector<Array> valid_, test_;  // features of their strings
  double single_baseline_ = 0, baseline_ = 0;
};
EBB_TASK(speech, Speech, "recognise spoken digits, single or in strings (the Free Spoken Digit Dataset)");

}  // namespace
}  // namespace ebb::app
