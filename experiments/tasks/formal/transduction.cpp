#include <cmath>
#include <ebb/experiments/tasks/formal/split_key.hpp>
#include <ebb/experiments/tasks/formal/transduction.hpp>
#include <ebb/experiments/train/step_meter.hpp>

namespace ebb::app {

Transduction::Transduction(Inputs& in, const Form& form)
    : form_(form), shortest_(in.own.choose_whole(shortest_option.name, 1)) {}

TaskInfo Transduction::info() const {
  return {.unit = "nats", .baseline = std::log(form_.classes), .baseline_about = "a uniform distribution"};
}

SimpleSizes Transduction::sizes() const {
  return {.inputs = ValueInputs{form_.symbols + 1}, .outputs = form_.classes, .scores = true};
}

TaskSettings Transduction::settings(Size size) const {
  switch (size) {
    case Size::quick: return {.hidden = 16, .length = 8, .batch = 32, .steps = 600, .lr = 1e-2};
    case Size::full: return {.hidden = 256, .length = 40, .batch = 128, .steps = 10'000, .lr = 1e-3};
    default: return {.hidden = 64, .length = 40, .batch = 128, .steps = 5000, .lr = 3e-3};
  }
}

void Transduction::check_sizes(const TaskSettings& s) const { check_shortest(shortest_, s); }

int Transduction::steps(const TaskSettings& s) const {
  const int n = word_length(s.length);
  return n + output_length(n);
}

Batch Transduction::batch(const BatchRequest& r) const {
  const Key key = split_key(r, form_.name);
  const int n = word_length(drawn_length(r, key, shortest_)), T = n + output_length(n), width = form_.symbols + 1;
  Array x = Array::zeros({T, r.rows, width}, f32);
  Tokens y({T, r.rows});
  for (int row = 0; row < r.rows; ++row) {
    const Translation all = draw(n, key.at(static_cast<std::uint64_t>(row)));
    for (int t = 0; t < T; ++t) {
      const int symbol = t < n ? all.word[static_cast<std::size_t>(t)] : form_.symbols;
      x.data<float>()[(static_cast<std::int64_t>(t) * r.rows + row) * width + symbol] = 1;
      if (t >= n) y.data()[t * r.rows + row] = all.output[static_cast<std::size_t>(t - n)];
    }
  }
  return SimpleBatch{.inputs = x, .targets = EveryStep{.tokens = y, .first = n}};
}

int Transduction::batches(Split, int, int rows) const { return (512 + rows - 1) / rows; }

std::unique_ptr<Meter> Transduction::meter() const {
  return std::make_unique<StepMeter>(
      StepMeterOptions{.chance = [this](const SimpleBatch& b) { return chance(std::get<EveryStep>(b.targets).first); },
                       .chance_about = form_.chance_about,
                       .end = form_.end,
                       .sequences = form_.sequences && output_length(2) > 1});
}

}  // namespace ebb::app
