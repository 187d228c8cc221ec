#include <cmath>
#include <ebb/experiments/tasks/formal/groups.hpp>
#include <ebb/experiments/tasks/formal/split_key.hpp>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/lengths.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/experiments/train/step_meter.hpp>

namespace ebb::app {
namespace {

/// State tracking: the word problem of a finite group. At each step, the product of all elements so far.
///
///     y[t] = x[0] x[1] ... x[t],  x uniform in the group
///
/// The products in Z60 and A4 x Z5 can be computed by circuits of constant depth with counting (the groups are
/// solvable), those in A5 and S5 cannot, unless TC0 = NC1.
///
/// Shapes    x, y [T, B] of |G| elements: 60, or 120 in S5
/// Numerics  each product is uniform and independent of the others: any answer is right with probability 1 / |G|, and
///           the uniform distribution has a loss of ln |G|
/// Source    Merrill, Petty & Sabharwal 2024, arXiv:2404.08819, and the authors' code: one layer, of 512 units, an RNN
///           of 2,048 ReLU units, AdamW at .0001 (decay .01), batches of 32, in its scripts of 512, 2 or 20 elements
/// Differs   other numbers for the elements; new sequences in each batch, where the paper has a fixed set; no symbol
///           before the first
class Group final : public SimpleTask, public HasMeter, public AnyLength {
 public:
  static constexpr TaskOption options[] = {
      {.name = "group", .help = "group of the word problem (default: a5)", .takes = OneOf{"z60", "a4xz5", "a5", "s5"}},
      shortest_option};
  explicit Group(Inputs& in)
      : table_(group_named(in.own.choose("group", "a5"))), shortest_(in.own.choose_whole("shortest", 0)) {}

  TaskInfo info() const override {
    return {.unit = "nats/step", .baseline = std::log(table_.order), .baseline_about = "a uniform distribution"};
  }

  SimpleSizes sizes() const override {
    return {.inputs = TokenInputs{table_.order}, .outputs = table_.order, .scores = true};
  }

  TaskSettings settings(Size size) const override {
    switch (size) {
      case Size::quick: return {.hidden = 64, .length = 5, .batch = 64, .steps = 1000, .lr = 1e-2};
      case Size::full:
        return {
            .hidden = 512, .length = 20, .batch = 32, .steps = 500'000, .lr = 1e-4, .optimizer = "adamw:decay=0.01"};
      default: return {.hidden = 128, .length = 20, .batch = 64, .steps = 5000, .lr = 3e-3};
    }
  }

  void check_sizes(const TaskSettings& s) const override { check_shortest(shortest_, s); }

  Batch batch(const BatchRequest& r) const override {
    const Key key = split_key(r, "group");
    const int T = drawn_length(r, key, shortest_);
    Tokens x({T, r.rows}), y({T, r.rows});
    for (int row = 0; row < r.rows; ++row) {
      const Key elements = key.at(static_cast<std::uint64_t>(row));
      int product = 0;
      for (int t = 0; t < T; ++t) {
        const int element = elements.below(table_.order, static_cast<std::uint64_t>(t));
        product = table_.product(product, element);
        x.data()[t * r.rows + row] = element;
        y.data()[t * r.rows + row] = product;
      }
    }
    return SimpleBatch{.inputs = x, .targets = EveryStep{.tokens = y}};
  }

  int batches(Split, int, int rows) const override { return (512 + rows - 1) / rows; }
  std::string data() const override { return "generated"; }
  std::unique_ptr<Meter> meter() const override {
    const double chance = 100.0 / table_.order;
    return std::make_unique<StepMeter>(
        StepMeterOptions{.chance = [chance](const SimpleBatch&) { return chance; }, .sequences = true});
  }

 private:
  GroupTable table_;
  int shortest_;
};
EBB_TASK(group, Group, "products of a group's elements: state tracking (Merrill 2024)");

}  // namespace
}  // namespace ebb::app
