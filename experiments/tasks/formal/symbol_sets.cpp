#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/tasks/formal/split_key.hpp>
#include <ebb/experiments/tasks/formal/symbol_sets.hpp>
#include <ebb/experiments/train/class_meter.hpp>

namespace ebb::app {
namespace {

/// The share of words whose sets are all predicted.
class SetMeter final : public Meter {
 public:
  explicit SetMeter(const SymbolSets& task) : task_(task) {}

  void update(const Batch& batch, const Result& r) override {
    const auto& b = batch.get<SimpleBatch>();
    const Array &wanted = std::get<EveryValue>(b.targets).values, out = class_scores.of(r).compact().to(f32);
    const int T = b.steps(), B = b.rows(), O = wanted.dim(2);
    for (int row = 0; row < B; ++row) {
      bool all = true;
      for (int t = 0; t < T && all; ++t)
        for (int k = 0; k < O; ++k) {
          const float y = wanted.data<float>()[(static_cast<std::int64_t>(t) * B + row) * O + k];
          const float given = out.data<float>()[(static_cast<std::int64_t>(row) * T + t) * O + k];
          all = all && std::abs(y - given) < .5F;
        }
      accepted_ += all;
    }
    words_ += B;
    chance_ += B * task_.chance(T);
  }

  std::vector<Measure> measures() const override {
    if (words_ == 0) throw ValueError("nothing was measured");
    return {{"accuracy", 100 * accepted_ / words_, "%", chance_ / words_, "predicting from the last symbol alone"}};
  }

 private:
  const SymbolSets& task_;
  double accepted_ = 0, words_ = 0, chance_ = 0;
};

}  // namespace

SymbolSets::SymbolSets(Inputs& in, const Form& form)
    : form_(form), shortest_(in.own.choose_whole(shortest_option.name, form.least)) {}

TaskInfo SymbolSets::info() const { return {.unit = "MSE", .baseline = .25, .baseline_about = "always answering 1/2"}; }

SimpleSizes SymbolSets::sizes() const {
  return {.inputs = ValueInputs{form_.symbols}, .outputs = form_.outputs, .scores = true};
}

void SymbolSets::check_sizes(const TaskSettings& s) const {
  if (s.length < form_.least) throw ValueError(fmt::format("--length must be at least {}", form_.least));
  if (shortest_ != 0 && shortest_ < form_.least)
    throw ValueError(fmt::format("--shortest must be 0 or at least {}", form_.least));
  check_shortest(shortest_, s);
}

Batch SymbolSets::batch(const BatchRequest& r) const {
  const Key key = split_key(r, form_.name);
  const int T = word_steps(drawn_length(r, key, shortest_));
  Array x = Array::zeros({T, r.rows, form_.symbols}, f32), y = Array::zeros({T, r.rows, form_.outputs}, f32);
  for (int row = 0; row < r.rows; ++row) {
    const WordWithSets all = draw(T, key.at(static_cast<std::uint64_t>(row)));
    for (int t = 0; t < T; ++t) {
      const auto at = static_cast<std::size_t>(t);
      const std::int64_t place = static_cast<std::int64_t>(t) * r.rows + row;
      x.data<float>()[place * form_.symbols + all.word[at]] = 1;
      for (const int symbol : all.next[at]) y.data<float>()[place * form_.outputs + symbol] = 1;
    }
  }
  return SimpleBatch{.inputs = x, .targets = EveryValue{y}};
}

int SymbolSets::batches(Split, int, int rows) const { return (512 + rows - 1) / rows; }
std::unique_ptr<Meter> SymbolSets::meter() const { return std::make_unique<SetMeter>(*this); }

}  // namespace ebb::app
