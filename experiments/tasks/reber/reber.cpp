#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/tasks/reber/grammar.hpp>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/generated.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/recurrent_network.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>
#include <ebb/ops/index.hpp>
#include <numbers>
#include <optional>

namespace ebb::app {
namespace {

/// Strings, or windows of streams of strings, and the symbol after each.
struct ReberBatch {
  Array x;          // [T, B, 7]
  Tokens y;         // [T, B]
  Lengths lengths;  // [B] of strings; empty for windows, all of whose steps have a target
  bool continues = false;

  int rows() const { return x.dim(1); }
  int steps() const { return x.dim(0); }
  double weight() const { return lengths ? steps_in(lengths) : rows() * steps(); }
};

/// Predicts the next symbol at every step.
///
/// Shapes    x [T, B, 7] -> [T, B, 7]
struct ReberNetwork final : CarryingNetwork, RecurrentNetwork {
  LayerPtr cell;
  Linear out;
  ReberNetwork(const Builder& p, const Recurrence& r)
      : cell(r.layer(p / "cell", reber_kinds)), out(p / "out", r.settings.hidden, reber_kinds) {}

  PartialLoss loss_from(Shard& s, const Batch& batch, const StateArrays& carried) const override {
    const auto& b = batch.get<ReberBatch>();
    const auto run = unroll(*cell, s.sequence(b.x), s.take(carried), s.context());
    carry(s, run.end());
    const Var y = out(run.all());
    if (!s.context().training()) class_scores.put(s, transpose(y, {1, 0, 2}));
    const Var losses = cross_entropy(y, s.sequence(b.y));
    return b.lengths ? s.mean_tokens(losses, b.lengths) : s.mean_tokens(losses);
  }

  std::string recurrence_scope() const override { return "net/cell"; }
  const Cell* recurrence() const override { return cell->cell(); }
  Sequence recurrence_inputs(Shard& s, const Batch& b) const override { return s.sequence(b.get<ReberBatch>().x); }
  Lengths recurrence_lengths(const Batch& b) const override { return b.get<ReberBatch>().lengths; }
  PartialLoss last_loss(Shard& s, const Batch& batch, const Var& /*x*/, const Var& y) const override {
    const auto& b = batch.get<ReberBatch>();
    return s.sum(cross_entropy(out(y), s.rows(b.lengths ? last_steps(b.y, b.lengths) : b.y[b.steps() - 1])));
  }
  std::function<Var(const Var&, int)> step_loss(const Batch& batch) const override {
    const auto& b = batch.get<ReberBatch>();
    if (b.lengths) return {};
    return [this, targets = b.y](const Var& y, int t) { return cross_entropy(out(y), targets[t]); };
  }
};

/// The share of strings in which every prediction is right, and of strings whose second symbol is recalled before the
/// end. A prediction is right if the symbols that can be next have the largest scores.
///
/// Source    the criterion of Hochreiter & Schmidhuber 1997, experiment 1
class ReberMeter final : public Meter {
 public:
  void update(const Batch& batch, const Result& r) override {
    const auto& b = batch.get<ReberBatch>();
    const Array scores = class_scores.of(r).to(f32).compact();
    if (!b.continues) rows_.assign(static_cast<std::size_t>(b.rows()), Row{});
    for (int row = 0; row < b.rows(); ++row) {
      const int T = b.lengths ? b.lengths.data()[row] : b.steps();
      for (int t = 0; t < T; ++t)
        step(rows_[static_cast<std::size_t>(row)], symbol_at(b.x, t, row), at(scores, row, t));
      if (b.lengths) end(rows_[static_cast<std::size_t>(row)]);
    }
  }

  std::vector<Measure> measures() const override {
    if (strings_ == 0) throw ValueError("nothing was measured: no string ends within the batches");
    return {{.name = "strings",
             .value = 100 * right_ / strings_,
             .unit = "%",
             .baseline = 50,
             .baseline_about = "the grammar without the second symbol"},
            {.name = "recalled",
             .value = 100 * recalled_ / strings_,
             .unit = "%",
             .baseline = 50,
             .baseline_about = "a guess"}};
  }
  std::optional<std::string> validates_by() const override { return "strings"; }

 private:
  struct Row {
    EmbeddedReber at;
    int steps = 0, second = -1;  // symbols read, and the second of them
    bool right = true, recalled = false;
  };

  void step(Row& row, int symbol, const float* scores) {
    row.at.read(symbol);
    if (++row.steps == 2) row.second = symbol;
    const std::vector<int> next = row.at.ended() ? EmbeddedReber{}.next() : row.at.next();
    const bool right = largest_are(next, scores);
    row.right = row.right && right;
    if (next.size() == 1 && next[0] == row.second) row.recalled = right;
    if (row.at.ended()) end(row);
  }

  void end(Row& row) {
    strings_ += 1;
    right_ += row.right;
    recalled_ += row.recalled;
    row = Row{};
  }

  static bool largest_are(const std::vector<int>& symbols, const float* scores) {
    const auto is_one = [&](int k) { return std::find(symbols.begin(), symbols.end(), k) != symbols.end(); };
    for (const int one : symbols)
      for (int k = 0; k < reber_kinds; ++k)
        if (!is_one(k) && !(scores[one] > scores[k])) return false;
    return true;
  }

  static int symbol_at(const Array& x, int t, int row) {
    const float* const one = x.data<float>() + (t * x.dim(1) + row) * reber_kinds;
    return static_cast<int>(std::max_element(one, one + reber_kinds) - one);
  }
  static const float* at(const Array& scores, int row, int t) {
    return scores.data<float>() + (row * scores.dim(1) + t) * reber_kinds;
  }

  std::vector<Row> rows_;
  double strings_ = 0, right_ = 0, recalled_ = 0;
};

/// The embedded Reber grammar: after each symbol of a string, the network must predict the next one. The last symbol
/// but one repeats the second, over a path of unknown length.
///
///     form 'embedded': each row is a string, read from the initial state, without its last symbol
///     form 'continual': each row is a stream of strings, 100 steps of it at a time; the state is carried over
///         `windows` batches, after which new streams begin
///
/// At length n, a trained model is tested on strings of n symbols, with their probabilities among all strings of that
/// length, or on streams of n symbols, which are read in one batch.
///
/// Shapes    x [T, B, 7]; y [T, B], of 7 classes
/// Numerics  ln 2 for each step with two possible symbols: .4411 nats per step for the best prediction, .5041 if the
///           second symbol has been forgotten; form 'continual' .4043 and .4621 (grammar.hpp)
/// Source    Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735, experiment 1: 3 or 4 blocks, 264 or 276
///           weights, 8,440 to 39,740 strings. Gers, Schmidhuber & Cummins 2000, doi:10.1162/089976600300015015: 4
///           blocks of 2 cells with forget gates, 424 weights, streams of 100,000 symbols without an error
/// Differs   a softmax, where both have logistic outputs; new strings in every batch, where Hochreiter has 256; streams
///           of `windows` batches, where Gers ends a stream at the first error; strings longer than `longest_string`
///           symbols are drawn again
class ReberTask final : public Task, public HasNetwork, public HasMeter, public FixedLength, public AnyLength {
 public:
  static constexpr TaskOption options[] = {
      {.name = "form",
       .help = "embedded: single strings (Hochreiter 1997); continual: streams of strings without resets of the state "
               "(Gers 2000) (default: embedded)",
       .takes = OneOf{"embedded", "continual"}}};
  explicit ReberTask(Inputs& in) : continual_(in.own.choose("form", "embedded") == "continual") {}

  TaskInfo info() const override {
    return {.unit = "nats/symbol",
            .speed_unit = "symbols",
            .baseline = std::numbers::ln2 * reber_choices(continual_, false),
            .baseline_about = "the grammar without the second symbol",
            .valid_batches = continual_ ? windows : 8};
  }

  TaskSettings settings(Size size) const override {
    const int length = continual_ ? 100 : longest_string;
    switch (size) {
      case Size::quick: return {.hidden = 8, .length = continual_ ? 50 : length, .batch = 16, .steps = 600, .lr = 3e-2};
      case Size::full: return {.hidden = 8, .length = length, .batch = 16, .steps = 10'000, .lr = 1e-2};
      default: return {.hidden = 8, .length = length, .batch = 16, .steps = 2500, .lr = 2e-2};
    }
  }

  Batch batch(const BatchRequest& r) const override { return continual_ ? stream(r) : strings(r); }

  int batches(Split, int, int rows) const override {
    const int groups = (examples + rows - 1) / rows;
    return continual_ ? windows_ * ((groups + 7) / 8) : groups;
  }
  std::string data() const override { return "generated"; }
  std::unique_ptr<Meter> meter() const override { return std::make_unique<ReberMeter>(); }
  std::unique_ptr<Network> network(const Builder& p, const Recurrence& r) const override {
    return std::make_unique<ReberNetwork>(p, r);
  }

  bool tested_by_default() const override { return false; }
  int trained_length(const TaskSettings& s) const override { return continual_ ? windows * s.length : s.length; }
  int sequences_at(int) const override { return continual_ ? examples / 8 : examples; }
  std::unique_ptr<Task> with_length(int length) const override {
    if (continual_ && length < longest_string)
      throw ValueError(fmt::format("a stream of {} symbols may have no whole string: at least {} are needed", length,
                                   longest_string));
    auto of_length = std::make_unique<ReberTask>(*this);
    of_length->windows_ = 1;
    if (!continual_) of_length->strings_.emplace(length);
    return of_length;
  }

 private:
  static constexpr int examples = 512, windows = 10;
  static constexpr int longest_string = 60;  // one string in 10^7 is longer

  std::vector<int> string(const Key& key) const {
    return strings_ ? strings_->draw(key) : embedded_reber_string(key, longest_string);
  }

  Batch strings(const BatchRequest& r) const {
    const Key key = batch_key(r, "reber");
    std::vector<std::vector<int>> all;
    std::size_t longest = 0;
    for (int row = 0; row < r.rows; ++row) {
      all.push_back(string(key.at(static_cast<std::uint64_t>(row))));
      longest = std::max(longest, all.back().size());
    }
    Lengths lengths({r.rows});
    for (int row = 0; row < r.rows; ++row) {
      auto& symbols = all[static_cast<std::size_t>(row)];
      lengths.data()[row] = static_cast<int>(symbols.size()) - 1;
      symbols.resize(longest);
    }
    return read(all, static_cast<int>(longest) - 1, 0, lengths, false);
  }

  Batch stream(const BatchRequest& r) const {
    BatchRequest first = r;
    const auto windows_of_stream = static_cast<std::uint64_t>(windows_);
    first.number = r.number / windows_of_stream;
    const int window = static_cast<int>(r.number % windows_of_stream), end = (window + 1) * r.length + 1;
    const Key key = batch_key(first, "reber stream");
    std::vector<std::vector<int>> all(static_cast<std::size_t>(r.rows));
    for (int row = 0; row < r.rows; ++row) {
      auto& symbols = all[static_cast<std::size_t>(row)];
      const Key of_row = key.at(static_cast<std::uint64_t>(row));
      for (std::uint64_t k = 0; static_cast<int>(symbols.size()) < end; ++k) {
        const auto next = embedded_reber_string(of_row.at(k), longest_string);
        symbols.insert(symbols.end(), next.begin(), next.end());
      }
    }
    return read(all, r.length, window * r.length, {}, window != 0);
  }

  /// Steps `from` to `from` + T of each row, and the symbols that follow them.
  static Batch read(const std::vector<std::vector<int>>& rows, int T, int from, const Lengths& lengths,
                    bool continues) {
    const int B = static_cast<int>(rows.size());
    Tokens x({T, B}), y({T, B});
    for (int row = 0; row < B; ++row)
      for (int t = 0; t < T; ++t) {
        const int* const symbol = rows[static_cast<std::size_t>(row)].data() + from + t;
        x.data()[t * B + row] = symbol[0];
        y.data()[t * B + row] = symbol[1];
      }
    return ReberBatch{.x = one_hot(x, reber_kinds, f32), .y = y, .lengths = lengths, .continues = continues};
  }

  bool continual_;
  int windows_ = windows;                         // of a stream
  std::optional<EmbeddedReberOfLength> strings_;  // if all have one length
};
EBB_TASK(reber, ReberTask, "predict the next symbol of the embedded Reber grammar (Hochreiter 1997, Gers 2000)");

}  // namespace
}  // namespace ebb::app
