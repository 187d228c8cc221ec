#include <cmath>
#include <ebb/experiments/tasks/music/baseline.hpp>

namespace ebb::app {
namespace {

// The keys of step t + 1 and of the step before it, for each pair of steps in a split.
template <class F> void each_step(const PieceSet& set, Split split, const F& f) {
  for (int k = set.begin(split); k < set.end(split); ++k) {
    const Piece& piece = set.pieces[static_cast<std::size_t>(k)];
    for (std::size_t t = 1; t < piece.size(); ++t) {
      std::array<bool, piano_keys> before{}, now{};
      for (const int key : piece[t - 1]) before[static_cast<std::size_t>(key)] = true;
      for (const int key : piece[t]) now[static_cast<std::size_t>(key)] = true;
      f(before, now);
    }
  }
}

}  // namespace

KeyBaseline KeyBaseline::of(const PieceSet& set, Split split) {
  std::array<double, piano_keys> sounds{}, stays{}, begins{};
  double n = 0;
  each_step(set, split, [&](const auto& before, const auto& now) {
    ++n;
    for (std::size_t k = 0; k < piano_keys; ++k) {
      sounds[k] += before[k];
      stays[k] += before[k] && now[k];
      begins[k] += !before[k] && now[k];
    }
  });
  KeyBaseline g;
  for (std::size_t k = 0; k < piano_keys; ++k) {
    g.at_all[k] = (stays[k] + begins[k] + 1) / (n + 2);
    g.after_sound[k] = (stays[k] + 1) / (sounds[k] + 2);
    g.after_none[k] = (begins[k] + 1) / (n - sounds[k] + 2);
  }
  return g;
}

double KeyBaseline::nats(const PieceSet& set, Split split) const {
  double sum = 0, n = 0;
  each_step(set, split, [&](const auto&, const auto& now) {
    ++n;
    for (std::size_t k = 0; k < piano_keys; ++k) sum -= std::log(now[k] ? at_all[k] : 1 - at_all[k]);
  });
  return n > 0 ? sum / n : 0;
}

}  // namespace ebb::app
