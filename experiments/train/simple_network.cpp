#include <algorithm>
#include <ebb/autograd/tape.hpp>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/simple_network.hpp>
#include <ebb/nn/losses/class_loss.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>
#include <ebb/nn/sequence/unroll.hpp>

namespace ebb::app {
namespace {

const char* const window_names[] = {"window"};

// The tokens [1, B] appended to those read before, dropping the oldest beyond `most`: a layer without a state reads
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

// The width of the cell's inputs.
int input_width(const SimpleSizes& s, int hidden) {
  const auto* const values = std::get_if<ValueInputs>(&s.inputs);
  return values ? values->width : hidden;
}

std::optional<Embedding> embedding_of(const Builder& p, const SimpleSizes& s, int hidden) {
  if (const auto* const tokens = std::get_if<TokenInputs>(&s.inputs)) return Embedding(p, tokens->vocabulary, hidden);
  return std::nullopt;
}

bool reads_all(const SimpleBatch& b) {
  return std::holds_alternative<EveryStep>(b.targets) || std::holds_alternative<EveryValue>(b.targets);
}

}  // namespace

bool is_squared_error(const SimpleBatch& b) {
  return std::holds_alternative<LastStep>(b.targets) || std::holds_alternative<EveryValue>(b.targets);
}

const char* loss_name(const SimpleBatch& b) { return is_squared_error(b) ? "squared_error" : "cross_entropy"; }

SimpleNetwork::SimpleNetwork(Params& w, const SimpleSizes& s, const Recurrence& r)
    : weights_(w.get()), embedding_(embedding_of(w / "embedding", s, checked_hidden(r.settings.hidden))),
      layers_(r.layers(w / "cell", input_width(s, r.settings.hidden))), window_(r.settings.length),
      out_(w / "out", r.settings.hidden, s.outputs), scores_(s.scores) {}

const Cell& SimpleNetwork::cell() const { return cell_of(*this); }

const Cell* SimpleNetwork::recurrence() const { return layers_.all->cell(); }

Array SimpleNetwork::cell_inputs(const SimpleBatch& b) const {
  (void)cell();
  const auto* const values = std::get_if<Array>(&b.inputs);
  if (values) return values->to(f64);
  const Tape tape({.dtype = f64});
  const NoGrad none;
  return (*embedding_)(std::get<Tokens>(b.inputs)).value();
}

Sequence SimpleNetwork::inputs(Shard& s, const SimpleBatch& b) const {
  if (embedding_) return Sequence((*embedding_)(s.sequence(std::get<Tokens>(b.inputs))));
  return s.sequence(std::get<Array>(b.inputs));
}

template <class R> PartialLoss SimpleNetwork::loss_of(Shard& s, const SimpleBatch& b, const R& run) const {
  if (const auto* const every = std::get_if<EveryStep>(&b.targets)) {
    if (every->some()) return loss_of_some(s, *every, run.all());
    const Var y = out_(run.all());
    put_scores(s, y);
    if (every->first == 0) return s.mean_tokens(cross_entropy(y, s.sequence(every->tokens)));
    const int T = b.steps();
    return s.mean_tokens(cross_entropy(range(y, every->first, T), s.sequence(every->tokens.range(every->first, T))));
  }
  if (const auto* const values = std::get_if<EveryValue>(&b.targets)) {
    const Var y = out_(run.all());
    put_scores(s, y);
    return s.mean_tokens(squared_error(y, s.sequence(values->values).all()));
  }
  const Var y = out_(run.last());
  if (const auto* const classes = std::get_if<LastClass>(&b.targets)) {
    put_scores(s, y);
    return s.mean_rows(cross_entropy(y, s.rows(classes->classes)));
  }
  put_scores(s, y);
  return s.mean_rows(squared_error(y, s.rows(std::get<LastStep>(b.targets).values)));
}

// The output layer computes only the steps with a target, of which there may be few, and many classes.
PartialLoss SimpleNetwork::loss_of_some(Shard& s, const EveryStep& every, const Var& h) const {
  const Tokens targets = s.sequence(every.tokens);
  const int T = targets.dim(0), B = targets.dim(1);
  std::vector<int> places;
  for (int k = every.first * B; k < T * B; ++k)
    if (targets.data()[k] != EveryStep::none) places.push_back(k);
  const bool chooses = scores_ && !s.context().training();
  Array choices = Array::empty({B, T}, f32);
  choices.fill(EveryStep::none);
  if (places.empty()) {
    if (chooses) class_choices.put(s, constant(choices));
    return s.sum(0 * range(h, 0, 1));
  }
  const int n = static_cast<int>(places.size());
  Tokens at({n}), wanted({n});
  for (int k = 0; k < n; ++k) {
    at.data()[k] = places[static_cast<std::size_t>(k)];
    wanted.data()[k] = targets.data()[at.data()[k]];
  }
  const Var y = out_(gather(reshape(h, {T * B, h.dim(-1)}), at));
  if (chooses) {
    const Array scores = y.value().compact().to(f32);
    const int O = scores.columns();
    for (int k = 0; k < n; ++k) {
      const float* const row = scores.data<float>() + static_cast<std::int64_t>(k) * O;
      const int step = at.data()[k] / B, of = at.data()[k] % B;
      choices.data<float>()[of * T + step] = static_cast<float>(std::max_element(row, row + O) - row);
    }
    class_choices.put(s, constant(choices));
  }
  std::int64_t all = 0;
  for (std::int64_t k = static_cast<std::int64_t>(every.first) * s.batch(); k < every.tokens.size(); ++k)
    all += every.tokens.data()[k] != EveryStep::none;
  return 1.0 / static_cast<double>(all) * s.sum(cross_entropy(y, wanted));
}

PartialLoss SimpleNetwork::loss_from(Shard& s, const Batch& batch, const StateArrays& carried) const {
  const auto& b = batch.get<SimpleBatch>();
  const auto run = unroll(reads_all(b) ? *layers_.all : *layers_.last, inputs(s, b), s.take(carried), s.context());
  carry(s, run.end());
  return loss_of(s, b, run);
}

PartialLoss SimpleNetwork::penalised_loss(Shard& s, const Batch& batch, const StateArrays& carried,
                                          const RunPenalty& penalty) const {
  const auto& b = batch.get<SimpleBatch>();
  const Cell& one = cell();
  const Sequence x = inputs(s, b);
  State initial = s.take(carried);
  if (initial.size() == 0) initial = one.initial_state(x.rows());
  for (int k = 0; k < initial.size(); ++k) initial[k] = variable(initial[k].value());
  const StepContext at = s.context();
  const auto run = unroll(one, x, initial, at);
  carry(s, run.end());
  const PartialLoss loss = loss_of(s, b, run);
  return loss +
         penalty(
             s,
             {.cell = one, .x = x, .initial = initial, .run = run, .at = at, .loss = loss.var(), .weights = weights_});
}

void SimpleNetwork::put_scores(Shard& s, const Var& y) const {
  if (!scores_ || s.context().training()) return;
  class_scores.put(s, y.rank() == 3 ? transpose(y, {1, 0, 2}) : y);
}

Var SimpleNetwork::next(const Tokens& tokens, State& state) const {
  if (!embedding_) throw ValueError("the model reads values, not tokens");
  const Cell* const cell = layers_.all->cell();
  if (!cell) {
    const Tokens window = window_of(state, tokens, window_);
    state = state_of(window);
    return out_(unroll(*layers_.all, Sequence((*embedding_)(window)), StepContext{}).last());
  }
  const Var x = (*embedding_)(tokens);
  state = cell->step(x, state.size() ? state : cell->initial_state(tokens.dim(0)), StepContext{});
  return out_(checked_output(*cell, x, state));
}

bool SimpleNetwork::is_squared_error(const Batch& batch) const {
  return ebb::app::is_squared_error(batch.get<SimpleBatch>());
}

Lengths SimpleNetwork::recurrence_lengths(const Batch& batch) const {
  const auto* const every = std::get_if<EveryStep>(&batch.get<SimpleBatch>().targets);
  if (!every || !every->some()) return {};
  const int T = every->tokens.dim(0), B = every->tokens.dim(1);
  Lengths lengths({B});
  std::fill_n(lengths.data(), B, T);
  for (int row = 0; row < B; ++row)
    while (lengths.data()[row] > 1 && every->tokens.data()[(lengths.data()[row] - 1) * B + row] == EveryStep::none)
      --lengths.data()[row];
  return lengths;
}

PartialLoss SimpleNetwork::last_loss(Shard& s, const Batch& batch, const Var& /*x*/, const Var& last) const {
  const auto& b = batch.get<SimpleBatch>();
  const Var y = out_(last);
  if (const auto* const every = std::get_if<EveryStep>(&b.targets)) {
    const Lengths lengths = recurrence_lengths(batch);
    const Tokens last = lengths ? last_steps(every->tokens, lengths) : every->tokens[b.steps() - 1];
    return s.sum(cross_entropy(y, s.rows(last), {.ignored = EveryStep::none}));
  }
  if (const auto* const classes = std::get_if<LastClass>(&b.targets))
    return s.sum(cross_entropy(y, s.rows(classes->classes)));
  if (const auto* const values = std::get_if<EveryValue>(&b.targets))
    return s.sum(squared_error(y, s.rows(values->values[b.steps() - 1])));
  return s.sum(squared_error(y, s.rows(std::get<LastStep>(b.targets).values)));
}

std::function<Var(const Var& y, int t)> SimpleNetwork::step_loss(const Batch& batch) const {
  const auto& b = batch.get<SimpleBatch>();
  if (const auto* const every = std::get_if<EveryStep>(&b.targets))
    return [this, targets = *every](const Var& y, int t) {
      const Var loss = cross_entropy(out_(y), targets.tokens[t], {.ignored = EveryStep::none});
      return t < targets.first ? 0 * loss : loss;
    };
  if (const auto* const values = std::get_if<EveryValue>(&b.targets))
    return [this, targets = values->values](const Var& y, int t) {
      return squared_error(out_(y), constant(targets[t].to(f64)));
    };
  return {};
}

}  // namespace ebb::app
