#include <ebb/experiments/model.hpp>
#include <ebb/nn/dropout.hpp>
#include <ebb/nn/loss.hpp>
#include <ebb/nn/stacked_cell.hpp>
#include <ebb/nn/unroll.hpp>
#include <ebb/nn/zoneout.hpp>

namespace ebb {
namespace {

int checked(int hidden) {
  if (hidden < 1) throw ValueError("hidden size must be at least 1, not " + std::to_string(hidden));
  return hidden;
}

std::optional<Embedding> embedding_for(const TaskInfo& task, const Builder& p, int width) {
  if (task.vocabulary == 0) return std::nullopt;
  return Embedding{p, task.vocabulary, width};
}

CellPtr wrapped(CellPtr cell, int input, const TaskSettings& s) {
  if (s.zoneout > 0) cell = CellPtr(new Zoneout(cell, s.zoneout));
  if (s.dropout > 0)
    cell = CellPtr(new DropoutCell(cell, {.input = s.dropout, .state = has_state_products(*cell, input) ? s.dropout : 0}));
  return cell;
}

CellPtr layers_of(const std::string& cell, const Builder& p, CellSizes sizes, const TaskSettings& s) {
  if (s.layers == 1) return wrapped(make_cell(cell, p, sizes), sizes.input, s);
  std::vector<CellPtr> layers;
  for (int l = 1; l <= s.layers; ++l) {
    layers.push_back(wrapped(make_cell(cell, p / std::to_string(l).c_str(), sizes), sizes.input, s));
    sizes.input = sizes.hidden;
  }
  return CellPtr(new StackedCell(std::move(layers)));
}

}  // namespace

Model::Model(const Task& t, const std::string& cell, int hidden, std::uint64_t seed)
    : Model(t, cell, TaskSettings{.hidden = hidden}, seed) {}

Model::Model(const Task& t, const std::string& cell, const TaskSettings& s, std::uint64_t seed) : Model(t.info(), cell, s, seed) {}

Model::Model(const TaskInfo& t, const std::string& cell, const TaskSettings& s, std::uint64_t seed)
    : w({.seed = seed}),
      task(t),
      embedding_(embedding_for(task, w / "embedding", checked(s.hidden))),
      cell_(layers_of(cell, w / "cell", {task.vocabulary > 0 ? s.hidden : task.width, s.hidden}, s)),
      out_(w / "out", s.hidden, task.outputs) {}

void check_cell_names(const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const CellInfo& c : cell_list()) known.push_back(c.name);
  for (const std::string& name : names) check_name("cell", name.substr(0, name.find(':')), known);
}

Sequence Model::inputs(Shard& s, const Batch& b) const {
  return embedding_ ? Sequence((*embedding_)(s.sequence(b.tokens))) : s.sequence(b.x);
}

Part Model::loss(Shard& s, const Batch& b, const StateArrays& carried) const {
  auto run = unroll(*cell_, inputs(s, b), s.take(carried), s.pass());
  s.out("carry", run.end());
  if (task.every_step) return s.mean_tokens(cross_entropy(out_(run.all()), s.sequence(b.next)));
  return s.mean_rows(squared_error(out_(run.last()), s.rows(b.y)));
}

Var Model::next(const Tokens& tokens, State& state) const {
  if (!embedding_) throw ValueError("the model reads numbers, not tokens");
  const Var x = (*embedding_)(tokens);
  state = cell_->step(x, state.size() ? state : cell_->start(tokens.dim(0)), Pass{});
  return out_(cell_->output(x, state));
}

Part Model::last_loss(Shard& s, const Batch& b) const {
  auto run = unroll(*cell_, inputs(s, b), s.pass());
  for (int k = 0; k < cell_->field_count(); ++k) s.retain(cell_->field(k).name, run.states(cell_->field(k).name));
  const Var y = out_(run.last());
  if (task.every_step) return s.sum(cross_entropy(y, s.rows(b.next[b.steps() - 1])));
  return s.sum(squared_error(y, s.rows(b.y)));
}

}  // namespace ebb
