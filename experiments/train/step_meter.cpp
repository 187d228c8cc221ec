#include <algorithm>
#include <cmath>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/step_meter.hpp>

namespace ebb::app {
namespace {

/// The class with the largest score at a step of a row.
int chosen(const Array& scores, int row, int t) {
  const int K = scores.dim(2);
  const float* const s = scores.data<float>() + (static_cast<std::int64_t>(row) * scores.dim(1) + t) * K;
  return static_cast<int>(std::max_element(s, s + K) - s);
}

}  // namespace

void StepMeter::update(const Batch& batch, const Result& r) {
  const auto& b = batch.get<SimpleBatch>();
  const auto& every = std::get<EveryStep>(b.targets);
  const bool some = every.some();
  const Array out = (some ? class_choices.of(r) : class_scores.of(r)).compact().to(f32);
  const int T = b.steps(), B = b.rows();
  const double chance = o_.chance(b);
  for (int row = 0; row < B; ++row) {
    double right = 0, all = 0;
    for (int t = every.first; t < T; ++t) {
      const int wanted = every.tokens.data()[t * B + row];
      if (wanted == EveryStep::none) continue;
      right += (some ? static_cast<int>(out.data<float>()[row * T + t]) : chosen(out, row, t)) == wanted;
      all += 1;
      if (o_.end != EveryStep::none && wanted == o_.end) break;
    }
    right_ += right;
    all_ += all;
    chance_ += chance * all;
    whole_ += right == all;
    by_luck_ += std::pow(chance / 100, all);
    sequences_ += 1;
  }
}

std::vector<Measure> StepMeter::measures() const {
  if (all_ == 0) throw ValueError("nothing was measured");
  std::vector<Measure> all{{"accuracy", 100 * right_ / all_, "%", chance_ / all_, o_.chance_about}};
  if (o_.sequences)
    all.push_back({"sequences", 100 * whole_ / sequences_, "%", 100 * by_luck_ / sequences_, o_.chance_about});
  return all;
}

}  // namespace ebb::app
