#include <cmath>
#include <ebb/autograd/functions.hpp>
#include <ebb/experiments/tasks/translate/network.hpp>
#include <ebb/nn/decoding/beam_search.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/nn/sequence/unroll.hpp>

namespace ebb::app {
namespace {

// The row that each packed step belongs to.
Tokens rows_of(const Packing& packing) {
  Tokens rows = packing.index();
  for (std::int64_t k = 0; k < rows.size(); ++k) rows.data()[k] %= packing.rows();
  return rows;
}

// x [S, B, D], rows [N] -> [S, N, D]
Var of_rows(const Var& x, const Tokens& rows) {
  const int S = x.dim(0), B = x.dim(1), N = rows.dim(0);
  Tokens at({S, N});
  for (int s = 0; s < S; ++s)
    for (int n = 0; n < N; ++n) at.data()[s * N + n] = s * B + rows.data()[n];
  return gather(reshape(x, {S * B, x.dim(2)}), at);
}

Array one_over(const Lengths& lengths) {
  Array a = Array::empty({lengths.dim(0), 1}, f32);
  for (int row = 0; row < lengths.dim(0); ++row) a.set_flat(row, 1. / lengths.data()[row]);
  return a;
}

}  // namespace

Memory Memory::of(const Tokens& rows) const {
  Lengths own({rows.dim(0)});
  for (int n = 0; n < rows.dim(0); ++n) own.data()[n] = lengths.data()[rows.data()[n]];
  return {of_rows(keys, rows), of_rows(values, rows), gather(summary, rows), own};
}

TranslateNetwork::TranslateNetwork(const Builder& p, const Recurrence& r, ReadDirection direction,
                                   const TranslateSizes& s)
    : sizes(s), scale(std::sqrt(static_cast<double>(r.settings.hidden))),
      reader(p / "reader", r, r.settings.hidden, direction),
      from(p.matrix("source", s.source, r.settings.hidden, normal_init(0, 1))),
      to(p.matrix("target", s.target, r.settings.hidden, normal_init(0, 1 / scale))),
      keys(p.matrix("keys", reader.width(), r.settings.hidden)),
      summary(p / "summary", reader.width(), r.settings.hidden),
      mixed(p / "mixed", r.settings.hidden + reader.width(), r.settings.hidden),
      decoder(r.make(p / "decoder", r.settings.hidden)), bias(p.vector("bias", s.target, zero_init)) {}

Memory TranslateNetwork::read(const Tokens& source, const Lengths& lengths, const StepContext& at) const {
  const Packing packing(lengths, source.dim(0));
  const Packed x = dropout(Packed{gather(from, pack(source, packing)), packing}, sizes.input_dropout, at, "read");
  const Packed m = dropout(reader(x, at.named("reader")), sizes.output_dropout, at, "memory");
  const Var values = unpack(m).all();
  const Var mean = sum(values, {0}) * constant(one_over(lengths));
  return {unpack({matmul(m.all, keys), packing}).all(), values, tanh(summary(mean)), lengths};
}

TranslateNetwork::Written TranslateNetwork::write(const Memory& m, const Tokens& tokens, const Packing& packing,
                                                  const StepContext& at) const {
  const Packed y =
      dropout(Packed{gather(to, pack(tokens, packing)) * scale, packing}, sizes.input_dropout, at, "written");
  const Packed x{y.all + gather(m.summary, rows_of(packing)), packing};
  const Packed h = unroll(*decoder, x, at.named("decoder")).packed();
  const Attended a = attend(unpack(h).all(), m.keys, m.values, m.lengths);
  const Var both = tanh(mixed(concat({h.all, pack(Sequence(a.result), packing).all})));
  return {dropout(Packed{both, packing}, sizes.output_dropout, at, "out").all, a.weights};
}

PartialLoss TranslateNetwork::loss(Shard& s, const Batch& batch) const {
  const auto& b = batch.get<TranslateBatch>();
  const Memory m = read(s.sequence(b.source), s.rows(b.source_lengths), s.context());
  const Packing packing(s.rows(b.lengths), b.steps());
  const Var y = write(m, s.sequence(b.given), packing, s.context()).all;
  if (!s.context().training()) {
    put_out(s, m, {.longest = sizes.longest}, greedy_output);
    if (b.beam) put_out(s, m, {.width = *b.beam, .longest = sizes.longest}, beam_output);
  }
  return s.mean_tokens(cross_entropy(matmul(y, transpose(to)) + bias, pack(s.sequence(b.wanted), packing)), b.lengths);
}

void TranslateNetwork::put_out(Shard& s, const Memory& m, const SearchOptions& o, const SearchOutput& output) const {
  const std::vector<Sentence> found = search(m, o);
  Array tokens = Array::empty({s.rows(), o.longest}, f32);
  tokens.fill(-1);
  for (int row = 0; row < s.rows(); ++row) {
    std::int64_t at = std::int64_t{row} * o.longest;
    for (const int token : found[static_cast<std::size_t>(row)]) tokens.set_flat(at++, token);
  }
  output.tokens.put(s, constant(tokens));
  output.attention.put(s, attention(m, found, o.longest));
}

Var TranslateNetwork::next(const Memory& m, const Tokens& last, State& state, const Var& table) const {
  const Var x = gather(to, last) * scale + m.summary;
  state = decoder->step(x, state, StepContext{});
  const Var h = checked_output(*decoder, x, state);
  return log_softmax(matmul(output(m, h), table) + bias);
}

// The input of the output layer, from the decoder's output h [B, H] at one step.
Var TranslateNetwork::output(const Memory& m, const Var& h) const {
  return tanh(mixed(concat({h, attend(h, m.keys, m.values, m.lengths).result})));
}

Sequence TranslateNetwork::recurrence_inputs(Shard& s, const Batch& batch) const {
  const auto& b = batch.get<TranslateBatch>();
  const Memory m = read(s.sequence(b.source), s.rows(b.source_lengths), s.context());
  return gather(to, s.sequence(b.given)) * scale + m.summary;
}

PartialLoss TranslateNetwork::last_loss(Shard& s, const Batch& batch, const Var& /*x*/, const Var& y) const {
  const auto& b = batch.get<TranslateBatch>();
  const Memory m = read(s.sequence(b.source), s.rows(b.source_lengths), s.context());
  const Var score = matmul(output(m, y), transpose(to)) + bias;
  return s.sum(cross_entropy(score, s.rows(last_steps(b.wanted, b.lengths))));
}

std::vector<Sentence> TranslateNetwork::search(const Memory& m, const SearchOptions& o) const {
  const int B = m.lengths.dim(0);
  Tokens first({B});
  std::fill(first.data(), first.data() + B, sizes.start);
  const Var table = transpose(to);  // once, not at each step
  const auto step = [&](const BeamBatch& b) {
    State s = b.state;
    Var p = next(m.of(b.rows), b.tokens, s, table);
    return BeamStep{std::move(p), std::move(s)};
  };
  const auto found =
      beam_search(decoder->initial_state(B), first, step,
                  {.end = sizes.end, .longest = o.longest, .width = o.width, .length_penalty = o.length_penalty});
  std::vector<Sentence> best;
  for (const auto& hypotheses : found) best.push_back(hypotheses.at(0).tokens);
  return best;
}

Var TranslateNetwork::attention(const Memory& m, const std::vector<Sentence>& sentences, int steps) const {
  const int B = static_cast<int>(sentences.size());
  Tokens tokens({steps, B});
  Lengths lengths({B});
  for (int row = 0; row < B; ++row) {
    const Sentence& y = sentences[static_cast<std::size_t>(row)];
    const int n = lengths.data()[row] = std::min(steps, static_cast<int>(y.size()) + 1);
    for (int t = 0; t < n; ++t) tokens.data()[t * B + row] = t == 0 ? sizes.start : y[static_cast<std::size_t>(t - 1)];
  }
  Array written = Array::empty({B, steps, 1}, f32);
  for (int row = 0; row < B; ++row)
    for (int t = 0; t < steps; ++t) written.set_flat(std::int64_t{row} * steps + t, t < lengths.data()[row]);
  return write(m, tokens, Packing(lengths, steps), StepContext{}).weights * constant(written);
}

}  // namespace ebb::app
