#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <numeric>

namespace ebb::app {
namespace {

/// The flip-flop: each channel has pulses of +1 or -1, and its output holds the sign of the last pulse. A network that
/// solves it has a stable state for each of the 2^bits memories.
///
///     x[t] is +1 or -1, each with probability pulse / 2, otherwise 0; every channel has a pulse at step 0
///
///     y[t] = x[t] where it is not 0, else y[t-1]
///
/// Training draws its batches from 512 trials, in a new order in each epoch. --bits and --pulse are the same at every
/// length T, so the state holds as much for longer.
///
/// Shapes    x, y [T, B, bits]
/// Numerics  repeating the pulse alone has an MSE of 1 - pulse after the first step, (1 - pulse) (T - 1) / T over all;
///           always answering 0 has 1
/// Source    Sussillo & Barak 2013, doi:10.1162/NECO_a_00409; sizes, number of trials and the pulse at step 0: Golub &
///           Sussillo 2018, doi:10.21105/joss.01003
class FlipFlop final : public SimpleTask, public AnyLength {
 public:
  static constexpr TaskOption options[] = {
      {.name = "bits", .help = "number of channels (default: 3)", .takes = WholeNumber{1, 16}},
      {.name = "pulse",
       .help = "probability of a pulse per channel and step (default: .5)",
       .takes = RealNumber{.001, .999}}};
  explicit FlipFlop(Inputs& in) : bits_(in.own.choose_whole("bits", 3)), pulse_(in.own.choose_real("pulse", .5)) {}

  TaskInfo info() const override {
    return {.unit = "MSE", .baseline = 1 - pulse_, .baseline_about = "repeating the pulse, without memory"};
  }

  SimpleSizes sizes() const override { return {.inputs = ValueInputs{bits_}, .outputs = bits_}; }

  TaskSettings settings(Size size) const override {
    switch (size) {
      case Size::quick: return {.hidden = 16, .length = 16, .batch = 32, .steps = 300, .lr = 1e-2};
      case Size::full: return {.hidden = 16, .length = 64, .batch = 128, .steps = 40'000, .lr = 5e-3, .enough = 1e-5};
      default: return {.hidden = 16, .length = 64, .batch = 128, .steps = 10'000, .lr = 1e-2, .enough = 1e-4};
    }
  }

  Batch batch(const BatchRequest& r) const override {
    Array x = Array::empty({r.length, r.rows, bits_}, f32), y = Array::empty(x.shape(), f32);
    const Key key = r.split == Split::train   ? Key{r.seed}.named("flipflop")
                    : r.split == Split::valid ? Key{0}.named("flipflop valid")
                                              : Key{0}.named("flipflop test");
    const auto first = r.number * static_cast<std::uint64_t>(r.rows);
    std::vector<std::uint64_t> numbers(static_cast<std::size_t>(r.rows));
    std::iota(numbers.begin(), numbers.end(), first);
    if (r.split == Split::train) shuffle(numbers, key.named("order"));
    for (int row = 0; row < r.rows; ++row) fill(x, y, row, key.at(numbers[static_cast<std::size_t>(row)]));
    return SimpleBatch{.inputs = x, .targets = EveryValue{y}};
  }

  int batches(Split, int, int rows) const override { return (trials + rows - 1) / rows; }
  std::string data() const override { return "generated"; }
  bool tested_by_default() const override { return false; }
  std::optional<double> baseline_at(int length) const override { return (1 - pulse_) * (length - 1) / length; }

 private:
  static constexpr int trials = 512;

  /// Positions in the stream of all epochs become trials: each epoch visits every trial once.
  static void shuffle(std::vector<std::uint64_t>& positions, const Key& key) {
    std::vector<std::uint64_t> order(trials);
    std::uint64_t epoch = ~std::uint64_t{0};
    for (std::uint64_t& p : positions) {
      if (p / trials != epoch) {
        epoch = p / trials;
        std::iota(order.begin(), order.end(), 0);
        const Key of_epoch = key.at(epoch);
        for (std::size_t k = order.size() - 1; k > 0; --k)
          std::swap(order[k], order[static_cast<std::size_t>(of_epoch.below(static_cast<int>(k) + 1, k))]);
      }
      p = order[p % trials];
    }
  }

  void fill(Array& x, Array& y, int row, const Key& trial) const {
    const Key signs = trial.named("signs");
    for (int bit = 0; bit < bits_; ++bit) {
      float held = 0;
      for (int t = 0; t < x.dim(0); ++t) {
        const auto at = static_cast<std::uint64_t>(t * bits_ + bit);
        const bool pulse = t == 0 || trial.uniform(at) < pulse_;
        if (pulse) held = signs.below(2, at) == 0 ? -1.F : 1.F;
        const int to = (t * x.dim(1) + row) * bits_ + bit;
        x.data<float>()[to] = pulse ? held : 0;
        y.data<float>()[to] = held;
      }
    }
  }

  int bits_;
  double pulse_;
};
EBB_TASK(flipflop, FlipFlop, "hold the last pulse of each of three channels (Sussillo & Barak 2013)");

}  // namespace
}  // namespace ebb::app
