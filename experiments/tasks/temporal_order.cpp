#include <cmath>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/lengths.hpp>
#include <ebb/experiments/train/simple_task.hpp>

namespace ebb::app {
namespace {

/// One of the three published forms. Symbols are numbered: the two relevant ones, the distractors, then start and end.
struct OrderForm {
  const char* name;
  int relevant;         // number of relevant symbols in a sequence
  int places[3];        // beginnings of their windows, in % of the length
  bool marked, closed;  // start and end symbols; the windows include their right end
  int symbols() const { return marked ? 8 : 6; }
  int classes() const { return 1 << relevant; }
};
constexpr OrderForm order_forms[] = {
    {"pascanu", 2, {10, 50}, false, false}, {"6a", 2, {10, 50}, true, true}, {"6b", 3, {10, 33, 66}, true, true}};

/// "XX", "XY", "YX", "YY", or the same for three symbols.
std::vector<std::string> order_names(int relevant) {
  std::vector<std::string> names;
  for (int k = 0; k < 1 << relevant; ++k) {
    names.emplace_back();
    for (int symbol = relevant - 1; symbol >= 0; --symbol) names.back() += k >> symbol & 1 ? 'Y' : 'X';
  }
  return names;
}

class OrderMeter final : public ClassMeter {
 public:
  explicit OrderMeter(const OrderForm& f)
      : ClassMeter(order_names(f.relevant), 100.0 / f.classes(), 100 * 2.0 / (1 + f.classes()) / f.classes()) {}
  void update(const Batch& batch, const Result& r) override {
    add(class_scores.of(r), std::get<LastClass>(batch.get<SimpleBatch>().targets).classes);
  }
};

/// Temporal order: a sequence of random distractors contains two or three relevant symbols, each X or Y, and the
/// network must output their order after the last step.
///
///     one symbol per step, one-hot: X, Y, four distractors; in the forms of Hochreiter also a start and an end symbol
///
///     form 'pascanu': X or Y at steps in [.1, .2) T and [.5, .6) T
///     forms '6a', '6b': at steps in [.1, .2] T and [.5, .6] T; in [.1, .2] T, [.33, .43] T and [.66, .76] T
///
/// With --shortest N, each batch of training has a length drawn from N to --length. The other splits have --length.
///
/// Shapes    x [T, B, 6], or [T, B, 8] with start and end; classes [B], of 4 or 8
/// Numerics  always answering the same distribution has a loss of ln 4 or ln 8
/// Source    Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063, section 4.1, and the authors' code: 50 units, batches of
///           20, lengths from 50 to 200; Hochreiter & Schmidhuber 1997, experiments 6a and 6b, lengths from 100 to 110
/// Differs   a softmax, where Hochreiter has logistic outputs; windows grow with the length, where Hochreiter's are the
///           same at lengths 100 to 110
class TemporalOrder final : public SimpleTask, public HasMeter, public AnyLength {
 public:
  static constexpr TaskOption options[] = {{.name = "form",
                                            .help = "whose version of the task: that of Pascanu 2013, or experiment 6a "
                                                    "or 6b of Hochreiter 1997 (default: pascanu)",
                                            .takes = OneOf{"pascanu", "6a", "6b"}},
                                           shortest_option};
  explicit TemporalOrder(Inputs& in)
      : form_(form_named(in.own.choose("form", "pascanu"))), shortest_(in.own.choose_whole("shortest", 0)) {}

  TaskInfo info() const override {
    return {.unit = "nats", .baseline = std::log(form_.classes()), .baseline_about = "a uniform distribution"};
  }

  SimpleSizes sizes() const override {
    return {.inputs = ValueInputs{form_.symbols()}, .outputs = form_.classes(), .scores = true};
  }

  TaskSettings settings(Size size) const override {
    switch (size) {
      case Size::quick: return {.hidden = 16, .length = 20, .batch = 32, .steps = 500, .lr = 1e-2};
      case Size::full:
        return {.hidden = 50, .length = 200, .batch = 20, .steps = 100'000, .lr = 1e-2, .optimizer = "sgd"};
      default: return {.hidden = 50, .length = 50, .batch = 20, .steps = 3000, .lr = 1e-2};
    }
  }

  void check_sizes(const TaskSettings& s) const override {
    if (s.length < 10) throw ValueError("--length must be at least 10, so that the windows of X and Y do not overlap");
    if (shortest_ > s.length) throw ValueError("--shortest must not be greater than --length");
    if (shortest_ > 0 && shortest_ < 10) throw ValueError("--shortest must be 0 or at least 10");
  }

  Batch batch(const BatchRequest& r) const override {
    const Key key = (r.split == Split::train   ? Key{r.seed}.named("temporal-order")
                     : r.split == Split::valid ? Key{0}.named("temporal-order valid")
                                               : Key{0}.named("temporal-order test"))
                        .at(r.number);
    int T = r.length;
    if (r.split == Split::train && shortest_ > 0) T = shortest_ + key.named("length").below(T - shortest_ + 1, 0);
    Array x = Array::zeros({T, r.rows, form_.symbols()}, f32);
    Tokens classes({r.rows});
    for (int row = 0; row < r.rows; ++row) {
      std::vector<int> symbols;
      classes.data()[row] = draw(symbols, T, key.at(static_cast<std::uint64_t>(row)));
      for (int t = 0; t < T; ++t)
        x.data<float>()[(t * r.rows + row) * form_.symbols() + symbols[static_cast<std::size_t>(t)]] = 1;
    }
    return SimpleBatch{.inputs = x, .targets = LastClass{classes}};
  }

  int batches(Split, int, int rows) const override { return (examples + rows - 1) / rows; }
  std::string data() const override { return "generated"; }
  bool tested_by_default() const override { return false; }
  std::unique_ptr<Meter> meter() const override { return std::make_unique<OrderMeter>(form_); }

 private:
  static constexpr int examples = 2000;  // in a test set: resolves the success criterion, 1 % errors

  static const OrderForm& form_named(const std::string& name) {
    for (const OrderForm& f : order_forms)
      if (name == f.name) return f;
    return order_forms[0];
  }

  /// Fills in the symbols of one sequence and returns its class.
  int draw(std::vector<int>& symbols, int T, const Key& key) const {
    const Key places = key.named("places"), kinds = key.named("kinds");
    for (int t = 0; t < T; ++t) symbols.push_back(2 + key.below(4, static_cast<std::uint64_t>(t)));
    const int window = T / 10 + form_.closed;
    int order = 0;
    for (int k = 0; k < form_.relevant; ++k) {
      const auto id = static_cast<std::uint64_t>(k);
      const int kind = kinds.below(2, id);
      symbols[static_cast<std::size_t>(form_.places[k] * T / 100 + places.below(window, id))] = kind;
      order = 2 * order + kind;
    }
    if (form_.marked) {
      symbols.front() = 6;
      symbols.back() = 7;
    }
    return order;
  }

  OrderForm form_;
  int shortest_;
};
EBB_TASK_NAMED(temporal_order, "temporal-order", TemporalOrder,
               "classify the order of two symbols among distractors (Hochreiter 1997, Pascanu 2013)");

}  // namespace
}  // namespace ebb::app
