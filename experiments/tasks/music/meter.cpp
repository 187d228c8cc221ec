#include <fmt/format.h>
#include <cmath>
#include <ebb/experiments/tasks/music/meter.hpp>
#include <ebb/experiments/tasks/music/network.hpp>
#include <ebb/experiments/tasks/music/text.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::app {
namespace {

double nats_of(double p, bool came) { return -std::log(came ? p : 1 - p); }

// -log sigmoid(z) if the key sounded, else -log(1 - sigmoid(z)).
double nats_of_logit(double z, bool came) {
  const double x = came ? -z : z;
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

}  // namespace

void MusicMeter::update(const Batch& batch, const Result& r) {
  const auto& b = batch.get<MusicBatch>();
  const Array& logits = key_logits.of(r);
  for (int row = 0; row < b.rows(); ++row) {
    for (int t = 0; t < b.lengths.data()[row]; ++t, ++steps_)
      for (int k = 0; k < piano_keys; ++k) {
        const bool before = b.x.at({t, row, k}) > 0, came = b.y.at({t, row, k}) > 0;
        const double z = logits.at({row, t, k});
        const auto key = static_cast<std::size_t>(k);
        nats_ += nats_of_logit(z, came);
        baseline_nats_ += nats_of((before ? baseline_.after_sound : baseline_.after_none)[key], came);
        model_.add(z > 0, came);
        repeated_.add(before, came);
      }
    if (b.items[static_cast<std::size_t>(row)] == shown_) keep(b, r, row);
  }
}

void MusicMeter::keep(const MusicBatch& b, const Result& r, int row) {
  const int T = b.lengths.data()[row];
  expected_ = Array::zeros({T + 1, piano_keys}, f32);  // there is no prediction for the first step
  continued_.assign(static_cast<std::size_t>(T) + 1, {});
  for (int t = 0; t <= T; ++t)
    for (int k = 0; k < piano_keys; ++k) {
      if (t > 0)
        expected_.data<float>()[t * piano_keys + k] =
            static_cast<float>(1 / (1 + std::exp(-key_logits.of(r).at({row, t - 1, k}))));
      if (key_continuation.of(r).at({row, t, k}) > 0) continued_[static_cast<std::size_t>(t)].push_back(k);
    }
}

std::vector<Measure> MusicMeter::measures() const {
  if (steps_ == 0) throw ValueError("nothing was measured");
  return {
      {"NLL", nats_ / steps_, "nats/step", baseline_nats_ / steps_, "key frequencies given the previous step", false},
      {"accuracy", model_.percent(), "%", repeated_.percent(), "repeating the previous chord"}};
}

void MusicMeter::show(Report& report) const {
  if (continued_.empty()) return;
  const Piece& piece = set_.pieces[static_cast<std::size_t>(shown_)];
  const int given = given_of(piece);
  report.section("A piece of the test split");
  report.picture(
      "Piano rolls",
      piano_rolls_svg({{.title = "as it is", .notes = &piece},
                       {.title = "the model's predictions for each step, given those before it", .shades = &expected_},
                       {.title = fmt::format("the model's continuation after the line, given {} steps", given),
                        .notes = &continued_,
                        .given = given}}),
      "Time goes to the right, one column per step, and high notes are on top; a held note is one bar. The darker a "
      "key in the middle, the higher its predicted probability.");
}

}  // namespace ebb::app
