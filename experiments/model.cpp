#include <ebb/experiments/model.hpp>
#include <ebb/nn/loss.hpp>
#include <ebb/nn/unroll.hpp>

namespace ebb {
namespace {

int checked(int hidden) {
  if (hidden < 1) throw ValueError("hidden size must be at least 1, not " + std::to_string(hidden));
  return hidden;
}

}  // namespace

Model::Model(const TaskInfo& t, std::uint64_t seed, std::int64_t most) : w({.seed = seed, .most = most}), task(t) {}

Model::Model(const Task& t, const std::string& cell, int hidden, std::uint64_t seed)
    : Model(t, cell, TaskSettings{.hidden = hidden}, seed) {}

Model::Model(const Task& t, const std::string& cell, const TaskSettings& s, std::uint64_t seed, std::int64_t most)
    : Model(t.info(), seed, most) {
  own_ = t.network(w / "net", {cell, s});
  if (!own_) build({cell, s});
}

Model::Model(const TaskInfo& t, const std::string& cell, const TaskSettings& s, std::uint64_t seed, std::int64_t most)
    : Model(t, seed, most) {
  build({cell, s});
}

void Model::build(const Recurrence& r) {
  const int hidden = checked(r.settings.hidden);
  if (task.vocabulary > 0) embedding_.emplace(w / "embedding", task.vocabulary, hidden);
  cell_ = r.make(w / "cell", task.vocabulary > 0 ? hidden : task.width);
  out_.emplace(w / "out", hidden, task.outputs);
}

const Cell& Model::cell() const {
  if (!cell_) throw ValueError("the task has a network of its own, which is not one cell and a linear layer");
  return *cell_;
}

const Network& Model::network() const {
  if (!own_) throw ValueError("the task has no network of its own");
  return *own_;
}

void check_cell_names(const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const CellInfo& c : cell_list()) known.push_back(c.name);
  for (const std::string& name : names) check_name("cell", name.substr(0, name.find(':')), known);
}

Sequence Model::inputs(Shard& s, const Batch& b) const {
  return embedding_ ? Sequence((*embedding_)(s.sequence(b.tokens))) : s.sequence(b.x);
}

Part Model::loss(Shard& s, const Batch& b, const StateArrays& carried) const {
  if (own_) return own_->loss(s, b, carried);
  auto run = unroll(*cell_, inputs(s, b), s.take(carried), s.pass());
  s.out("carry", run.end());
  if (task.every_step) return s.mean_tokens(cross_entropy((*out_)(run.all()), s.sequence(b.next)));
  return s.mean_rows(squared_error((*out_)(run.last()), s.rows(b.y)));
}

Var Model::next(const Tokens& tokens, State& state) const {
  if (!embedding_) throw ValueError("the model reads numbers, not tokens");
  const Var x = (*embedding_)(tokens);
  state = cell_->step(x, state.size() ? state : cell_->start(tokens.dim(0)), Pass{});
  return (*out_)(cell_->output(x, state));
}

Part Model::last_loss(Shard& s, const Batch& b) const {
  auto run = unroll(cell(), inputs(s, b), s.pass());
  for (int k = 0; k < cell_->field_count(); ++k) s.retain(cell_->field(k).name, run.states(cell_->field(k).name));
  const Var y = (*out_)(run.last());
  if (task.every_step) return s.sum(cross_entropy(y, s.rows(b.next[b.steps() - 1])));
  return s.sum(squared_error(y, s.rows(b.y)));
}

}  // namespace ebb
