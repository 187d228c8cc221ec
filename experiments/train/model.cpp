#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/sequence/layer_list.hpp>

namespace ebb::app {
namespace {

const char* const window_names[] = {"window"};

// The tokens [1, B] behind those that were read, the oldest of more than `most` left out: a layer without a state reads
// them all again.
Tokens window_of(const State& before, const Tokens& token, int most) {
  const int B = token.dim(0), kept = before.size() ? std::min(before[0].dim(1), most - 1) : 0;
  Tokens window({kept + 1, B});
  for (int row = 0; row < B; ++row) {
    for (int t = 0; t < kept; ++t)
      window.data()[t * B + row] = static_cast<int>(before[0].value().at({row, before[0].dim(1) - kept + t}));
    window.data()[kept * B + row] = token.data()[row];
  }
  return window;
}

State state_of(const Tokens& window) {
  const int T = window.dim(0), B = window.dim(1);
  Array numbers = Array::empty({B, T}, f32);
  for (int t = 0; t < T; ++t)
    for (int row = 0; row < B; ++row)
      numbers.data<float>()[row * T + t] = static_cast<float>(window.data()[t * B + row]);
  State s(window_names, 1);
  s[0] = constant(numbers);
  return s;
}

}  // namespace

Model::Model(const TaskInfo& t, std::uint64_t seed, std::int64_t most) : w({.seed = seed, .most = most}), task(t) {}

Model::Model(const Task& t, const std::string& cell, int hidden, std::uint64_t seed)
    : Model(t, cell, TaskSettings{.hidden = hidden}, seed) {}

Model::Model(const Task& t, const std::string& cell, const TaskSettings& s, std::uint64_t seed, std::int64_t most)
    : Model(t.info(), seed, most) {
  Recurrence r{cell, s};
  r.settings.length = t.steps(s);
  r.settings.network = with_own(s.network, t);
  own_ = t.network(w / "net", r);
  if (!own_) build(r);
}

Model::Model(const TaskInfo& t, const std::string& cell, const TaskSettings& s, std::uint64_t seed, std::int64_t most)
    : Model(t, seed, most) {
  build({cell, s});
}

void Model::build(const Recurrence& r) {
  const int hidden = checked_hidden(r.settings.hidden);
  if (task.vocabulary > 0) embedding_.emplace(w / "embedding", task.vocabulary, hidden);
  layer_ = r.layer(w / "cell", task.vocabulary > 0 ? hidden : task.width);
  window_ = r.settings.length;
  out_.emplace(w / "out", hidden, task.outputs);
}

const Cell& Model::cell() const {
  if (!layer_) throw ValueError("the task has a network of its own, which is not one cell and a linear layer");
  if (!layer_->cell()) throw ValueError("the model's layer runs over whole sequences: there is no cell and no state");
  return *layer_->cell();
}

const Network& Model::network() const {
  if (!own_) throw ValueError("the task has no network of its own");
  return *own_;
}

void check_cell_names(const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const CellInfo& c : cell_list()) known.push_back(c.name);
  for (const std::string& name : names) {
    if (const LayerEntry* l = find_layer(name))
      throw ValueError(
          fmt::format("'{}' runs over whole sequences and has no step, which is needed here: a cell has one", l->name));
    check_name("cell", name.substr(0, name.find(':')), known);
  }
}

Sequence Model::inputs(Shard& s, const Batch& b) const {
  return embedding_ ? Sequence((*embedding_)(s.sequence(b.tokens))) : s.sequence(b.x);
}

PartialLoss Model::loss(Shard& s, const Batch& b, const StateArrays& carried) const {
  if (own_) return own_->loss(s, b, carried);
  auto run = unroll(*layer_, inputs(s, b), s.take(carried), s.context());
  s.out("carry", run.end());
  if (task.every_step) return s.mean_tokens(cross_entropy((*out_)(run.all()), s.sequence(b.next)));
  return s.mean_rows(squared_error((*out_)(run.last()), s.rows(b.y)));
}

Var Model::next(const Tokens& tokens, State& state) const {
  if (!embedding_) throw ValueError("the model reads numbers, not tokens");
  const Cell* const cell = layer_->cell();
  if (!cell) {
    const Tokens window = window_of(state, tokens, window_);
    state = state_of(window);
    return (*out_)(unroll(*layer_, Sequence((*embedding_)(window)), StepContext{}).last());
  }
  const Var x = (*embedding_)(tokens);
  state = cell->step(x, state.size() ? state : cell->initial_state(tokens.dim(0)), StepContext{});
  return (*out_)(cell->output(x, state));
}

PartialLoss Model::last_loss(Shard& s, const Batch& b) const {
  const Cell& one = cell();
  auto run = unroll(one, inputs(s, b), s.context());
  for (int k = 0; k < one.field_count(); ++k) s.retain(one.field(k).name, run.states(one.field(k).name));
  const Var y = (*out_)(run.last());
  if (task.every_step) return s.sum(cross_entropy(y, s.rows(b.next[b.steps() - 1])));
  return s.sum(squared_error(y, s.rows(b.y)));
}

}  // namespace ebb::app
