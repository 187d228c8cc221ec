#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/tasks/formal/split_key.hpp>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/lengths.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/experiments/train/step_meter.hpp>

namespace ebb::app {
namespace {

/// `count` different numbers below n, in random order.
std::vector<int> different(int count, int n, const Key& key) {
  std::vector<int> chosen;
  for (std::uint64_t at = 0; static_cast<int>(chosen.size()) < count; ++at)
    if (const int x = key.below(n, at); std::find(chosen.begin(), chosen.end(), x) == chosen.end()) chosen.push_back(x);
  return chosen;
}

/// `count` different numbers g below n, one after another with probabilities proportional to (g + 1)^(a - 1).
std::vector<int> gaps_of(int count, int n, double a, const Key& key) {
  std::vector<std::pair<double, int>> arrivals;  // of processes with these rates: their order is such a draw
  for (int g = 0; g < n; ++g)
    arrivals.emplace_back(-std::log1p(-key.uniform(static_cast<std::uint64_t>(g))) * std::pow(g + 1, 1 - a), g);
  std::partial_sort(arrivals.begin(), arrivals.begin() + count, arrivals.end());
  std::vector<int> gaps;
  for (int k = 0; k < count; ++k) gaps.push_back(arrivals[static_cast<std::size_t>(k)].second);
  return gaps;
}

/// Multi-query associative recall: pairs of a key and a value, and then the keys again, at distances that follow a
/// power law; at each of these, its value.
///
///     in     k1 v1 ... kD vD  0 0  k2 0  0 0  k1 0 ...
///     out                          v2         v1
///
/// Keys are tokens 1, ..., V/2 - 1, values V/2, ..., V - 1, all different in a sequence; the first D pairs of places
/// after the pairs have numbers 0, 1, ..., and key number g is asked for at one that is drawn with a probability
/// proportional to (g + 1)^(-.99), without replacement.
///
/// Shapes    tokens [T, B] of V; targets at D steps, of V
/// Numerics  the loss is over the answers alone. A uniform distribution over all values has ln(V / 2); a value of the
///           sequence at random is right with probability 1 / D
/// Source    Arora et al. 2023, arXiv:2312.04927, figure 2, and the authors' code: V = 8,192; (T, D) = (64, 4),
///           (128, 8), (256, 16); 100,000 sequences, batches of 512 or 256, at most 64 epochs, power .01, zeros between
///           the queries
/// Differs   new sequences in each batch, where the paper has a fixed set; the widths and rates are the user's
class Mqar final : public SimpleTask, public HasMeter, public AnyLength {
 public:
  static constexpr TaskOption options[] = {
      {.name = "pairs",
       .help = "pairs of a key and a value; 0: one for each 16 steps of the length (default: 0, quick: 2)",
       .takes = WholeNumber{0, 100'000}},
      {.name = "vocabulary",
       .help = "number of tokens, half of them values (default: 8192, quick: 16)",
       .takes = WholeNumber{4, 1'000'000}},
      shortest_option};
  explicit Mqar(Inputs& in)
      : pairs_(in.own.choose_whole("pairs", in.quick ? 2 : 0)),
        vocabulary_(in.own.choose_whole("vocabulary", in.quick ? 16 : 8192)),
        shortest_(in.own.choose_whole("shortest", 0)) {}

  TaskInfo info() const override {
    return {
        .unit = "nats/answer", .baseline = std::log(values()), .baseline_about = "a uniform distribution of values"};
  }

  SimpleSizes sizes() const override {
    return {.inputs = TokenInputs{vocabulary_}, .outputs = vocabulary_, .scores = true};
  }

  TaskSettings settings(Size size) const override {
    switch (size) {
      case Size::quick: return {.hidden = 32, .length = 16, .batch = 64, .steps = 800, .lr = 1e-2};
      case Size::full: return {.hidden = 128, .length = 64, .batch = 512, .steps = 12'500, .lr = 2e-3, .layers = 2};
      default: return {.hidden = 64, .length = 64, .batch = 64, .steps = 3000, .lr = 3e-3};
    }
  }

  void check_sizes(const TaskSettings& s) const override {
    check_shortest(shortest_, s);
    for (const int T : {s.length, shortest_ > 0 ? shortest_ : s.length}) {
      const int D = pairs(T);
      if (T < 4 * D)
        throw ValueError(fmt::format("{} of --pairs take at least {} steps, more than a length of {}", D, 4 * D, T));
      if (D > std::min(keys(), values()))
        throw ValueError(
            fmt::format("--vocabulary {} has {} keys, fewer than the {} of --pairs", vocabulary_, keys(), D));
    }
  }

  Batch batch(const BatchRequest& r) const override {
    const Key key = split_key(r, "mqar");
    const int T = drawn_length(r, key, shortest_), D = pairs(T), B = r.rows;
    Tokens x({T, B}), y({T, B});
    std::fill_n(y.data(), y.size(), EveryStep::none);
    for (int row = 0; row < B; ++row) {
      const Key of_row = key.at(static_cast<std::uint64_t>(row));
      const std::vector<int> names = different(D, keys(), of_row.named("keys")),
                             meanings = different(D, values(), of_row.named("values")),
                             gaps = gaps_of(D, (T - 2 * D) / 2, power, of_row.named("gaps"));
      for (int k = 0; k < D; ++k) {
        const auto at = static_cast<std::size_t>(k);
        const int name = 1 + names[at], meaning = vocabulary_ / 2 + meanings[at], query = 2 * D + 2 * gaps[at];
        x.data()[2 * k * B + row] = x.data()[query * B + row] = name;
        x.data()[(2 * k + 1) * B + row] = y.data()[query * B + row] = meaning;
      }
    }
    return SimpleBatch{.inputs = x, .targets = EveryStep{.tokens = y}};
  }

  int batches(Split, int, int rows) const override { return (512 + rows - 1) / rows; }
  std::string data() const override { return "generated"; }
  std::unique_ptr<Meter> meter() const override {
    return std::make_unique<StepMeter>(
        StepMeterOptions{.chance = [this](const SimpleBatch& b) { return 100.0 / pairs(b.steps()); },
                         .chance_about = "a value of the sequence at random"});
  }

 private:
  static constexpr double power = .01;
  int keys() const { return vocabulary_ / 2 - 1; }
  int values() const { return vocabulary_ - vocabulary_ / 2; }
  int pairs(int T) const { return pairs_ > 0 ? pairs_ : std::max(1, T / 16); }
  int pairs_, vocabulary_, shortest_;
};
EBB_TASK(mqar, Mqar, "recall the values of several keys (Arora 2023)");

}  // namespace
}  // namespace ebb::app
