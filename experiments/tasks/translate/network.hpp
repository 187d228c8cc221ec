#pragma once
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/output.hpp>
#include <ebb/experiments/train/reader.hpp>
#include <ebb/experiments/train/recurrent_network.hpp>
#include <ebb/nn/decoding/metrics_text.hpp>
#include <ebb/nn/layers/attention.hpp>
#include <ebb/nn/layers/linear.hpp>

namespace ebb::app {

/// Sentences, and their translations as inputs and targets of a decoder.
struct TranslateBatch {
  Tokens source;              ///< [S, B]
  Lengths source_lengths;     ///< [B]
  Tokens given;               ///< [T, B], the start token and the translation
  Tokens wanted;              ///< [T, B], the translation and its end token
  Lengths lengths;            ///< [B], of both
  std::optional<int> beam{};  ///< width of a beam search to be measured in addition to greedy decoding
  std::vector<int> items{};

  int rows() const { return given.dim(1); }
  int steps() const { return given.dim(0); }
  double weight() const { return steps_in(lengths); }
};

/// The results of decoding.
struct SearchOutput {
  Output tokens;     ///< [B, longest], each row's translation, padded with -1
  Output attention;  ///< [B, longest, S]
};
inline constexpr SearchOutput greedy_output{{"greedy"}, {"greedy attention"}},
    beam_output{{"beam"}, {"beam attention"}};

struct TranslateSizes {
  int source = 0, target = 0;  ///< V of each language
  int start = 0, end = 0;      ///< tokens of the target that begin and end a sentence
  int longest = 60;            ///< maximum number of tokens of a translation, including the end token
  double input_dropout = 0;    ///< of embeddings
  double output_dropout = 0;   ///< of the encoder's outputs, and before the output layer
};

/// The encoded source sentences, to which the decoder attends.
struct Memory {
  Var keys, values;  ///< [S, B, H], [S, B, width]
  Var summary;       ///< [B, H]
  Lengths lengths;   ///< [B]
  /// The memory of the given rows, [N]. Shapes    [S, B, .] -> [S, N, .]
  Memory of(const Tokens& rows) const;
};

struct SearchOptions {
  int width = 1;              ///< of the beam; 1: greedy
  int longest = 60;           ///< maximum number of tokens, including the end token
  double length_penalty = 1;  ///< as in BeamOptions
};

/// An encoder reads a sentence in both directions; a decoder with the same type of cell generates the translation and
/// attends to the source at each step.
///
///     m = read(E x),   s = tanh(mean of m W)
///     h[t] = recurrence(sqrt(H) F y[t - 1] + s),   c[t] = attend(h[t], m K, m),   score[t] = tanh([h[t], c[t]] O) F' + b
///
/// The decoder begins with the cell's initial state, and s is added to each of its inputs, so that any cell can be
/// used, regardless of its state. The attention result is not fed back, so all steps are trained in parallel.
///
/// Shapes    source [S, B], given [T, B] -> [T, B, V]
/// Source    Sutskever et al. 2014, arXiv:1409.3215; Bahdanau et al. 2015, arXiv:1409.0473; Luong et al. 2015,
///           arXiv:1508.04025 ("general", without input feeding); F in both places: Press & Wolf 2017, arXiv:1608.05859
struct TranslateNetwork final : Network, RecurrentNetwork {
  TranslateSizes sizes;
  double scale;    // of F as an embedding: its small initial values suit the output layer but not inputs
  Reader reader;   // constructed first, because it rejects an invalid width
  Param from, to;  // E, F: [V, H]
  Param keys;      // K
  Linear summary, mixed;
  CellPtr decoder;
  Param bias;

  TranslateNetwork(const Builder&, const Recurrence&, ReadDirection, const TranslateSizes&);
  /// In evaluation outputs greedy_output, and beam_output if the batch requests it.
  PartialLoss loss(Shard&, const Batch&) const override;

  /// Shapes    source [S, B], lengths [B]
  Memory read(const Tokens& source, const Lengths&, const StepContext&) const;
  /// One step: each row's last token [B] -> log-probabilities [B, V] of the next; advances the state. table:
  /// transpose(to), [H, V]
  Var next(const Memory&, const Tokens& last, State& state, const Var& table) const;
  /// The translation of each row, without the end token, on the current tape, without recording.
  std::vector<Sentence> search(const Memory&, const SearchOptions&) const;
  /// The attention weights for these sentences, including their end tokens.
  ///
  /// Shapes    -> [B, steps, S], zero after the end of a sentence
  Var attention(const Memory&, const std::vector<Sentence>&, int steps) const;

  /// The decoder; attention to the source is not fed back to it.
  std::string recurrence_scope() const override { return "net/decoder"; }
  const Cell* recurrence() const override { return &*decoder; }
  Sequence recurrence_inputs(Shard&, const Batch&) const override;
  Lengths recurrence_lengths(const Batch& b) const override { return b.get<TranslateBatch>().lengths; }
  PartialLoss last_loss(Shard&, const Batch&, const Var& x, const Var& y) const override;

 private:
  Var output(const Memory&, const Var& h) const;
  struct Written {
    Var all;      // [N, H], input of the output layer
    Var weights;  // [B, T, S]
  };
  Written write(const Memory&, const Tokens& tokens, const Packing&, const StepContext&) const;
  void put_out(Shard&, const Memory&, const SearchOptions&, const SearchOutput&) const;
};

}  // namespace ebb::app
