#include <algorithm>
#include <cmath>
#include <ebb/experiments/tasks/music/network.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/nn/sequence/unroll.hpp>

namespace ebb::app {
namespace {

Array multi_hot(const Chord& chord) {
  Array x = Array::zeros({1, piano_keys}, f32);
  for (const int key : chord) x.data<float>()[key] = 1;
  return x;
}

// [T, 1, 88]
Array multi_hot(const Piece& piece) {
  Array x = Array::zeros({static_cast<int>(piece.size()), 1, piano_keys}, f32);
  for (std::size_t t = 0; t < piece.size(); ++t)
    for (const int key : piece[t]) x.data<float>()[t * piano_keys + static_cast<std::size_t>(key)] = 1;
  return x;
}

Array log_odds(const KeyBaseline& baseline) {
  Array odds = Array::empty({piano_keys}, f32);
  for (std::size_t k = 0; k < piano_keys; ++k)
    odds.data<float>()[k] = static_cast<float>(std::log(baseline.at_all[k] / (1 - baseline.at_all[k])));
  return odds;
}

}  // namespace

MusicNetwork::MusicNetwork(const Builder& p, const Recurrence& r, const PieceSet& s, const KeyBaseline& baseline,
                           int show)
    : layer(r.layer(p / "cell", piano_keys)),
      W((p / "out").matrix("W", r.settings.hidden, piano_keys, fan_in_uniform(r.settings.hidden))),
      b((p / "out").trained("b", log_odds(baseline))), set(s), window(r.settings.length), shown(show),
      left_out(r.settings.network.output.value_or(0)) {}

PartialLoss MusicNetwork::loss(Shard& s, const Batch& any) const {
  const auto& batch = any.get<MusicBatch>();
  const StepContext at = s.context();
  const Packing packing(s.rows(batch.lengths), batch.steps());
  const Packed y = unroll(*layer, pack(s.sequence(batch.x), packing), at).packed();
  const Var logits = score(dropout(y, left_out, at, "out").all);
  if (!at.training()) {
    key_logits.put(s, transpose(unpack({logits, packing}).all(), {1, 0, 2}));
    const auto row = std::find(batch.items.begin(), batch.items.end(), shown) - batch.items.begin();
    if (row < batch.rows()) key_continuation.put(s, continued(s, static_cast<int>(row), batch.steps() + 1));
  }
  return s.mean_tokens(binary_cross_entropy(logits, pack(s.sequence(batch.y), packing).all), batch.lengths);
}

Sequence MusicNetwork::recurrence_inputs(Shard& s, const Batch& b) const { return s.sequence(b.get<MusicBatch>().x); }

PartialLoss MusicNetwork::last_loss(Shard& s, const Batch& any, const Var& /*x*/, const Var& y) const {
  const auto& b = any.get<MusicBatch>();
  return s.sum(binary_cross_entropy(score(y), s.rows(last_steps(b.y, b.lengths))));
}

// For the one row that the report shows; zeros for the others.
Var MusicNetwork::continued(const Shard& s, int row, int steps) const {
  Array keys = Array::zeros({s.rows(), steps, piano_keys}, f32);
  if (row >= s.begin() && row < s.end()) {
    const Piece& piece = set.pieces[static_cast<std::size_t>(shown)];
    const int given = given_of(piece), all = std::min(steps, static_cast<int>(piece.size()));
    Piece made(piece.begin(), piece.begin() + given);
    for (Chord& chord : continue_piece(made, all - given, Key{1}.named("music"), {})) made.push_back(std::move(chord));
    for (std::size_t t = 0; t < made.size(); ++t)
      for (const int key : made[t])
        keys.data<float>()[((row - s.begin()) * steps + static_cast<int>(t)) * piano_keys + key] = 1;
  }
  return constant(keys);
}

Piece MusicNetwork::continue_piece(const Piece& start, int steps, Key key, const KeyChoice& choice) const {
  Piece made, heard;
  const Cell* const cell = layer->cell();
  State state = cell ? cell->initial_state(1) : State{};
  Var logits;
  const auto read = [&](const Chord& chord) {
    if (!cell) {
      heard.push_back(chord);
      if (static_cast<int>(heard.size()) > window) heard.erase(heard.begin());
      return;
    }
    const Var x = constant(multi_hot(chord));
    state = cell->step(x, state, StepContext{});
    logits = score(checked_output(*cell, x, state));
  };
  for (const Chord& chord : start) read(chord);
  for (int t = 0; t < steps; ++t) {
    if (t > 0) read(made.back());
    if (!cell) logits = score(unroll(*layer, constant(multi_hot(heard)), StepContext{}).last());
    made.push_back(choose_keys(logits.value()[0], key.at(static_cast<std::uint64_t>(t)), choice));
  }
  return made;
}

}  // namespace ebb::app
