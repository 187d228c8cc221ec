#pragma once
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/output.hpp>
#include <ebb/experiments/train/reader.hpp>
#include <ebb/nn/decoding/metrics_text.hpp>
#include <ebb/nn/layers/attention.hpp>
#include <ebb/nn/layers/linear.hpp>

namespace ebb::app {

/// Sentences, and their translations as a decoder reads and writes them.
struct TranslateBatch {
  Tokens source;              ///< [S, B]
  Lengths source_lengths;     ///< [B]
  Tokens given;               ///< [T, B], the translation after its start
  Tokens wanted;              ///< [T, B], the translation up to its end
  Lengths lengths;            ///< [B], of both
  std::optional<int> beam{};  ///< width of a search that is measured beside greedy choice
  std::vector<int> items{};

  int rows() const { return given.dim(1); }
  int steps() const { return given.dim(0); }
  double weight() const { return steps_in(lengths); }
};

/// What a search found, and where it looked.
struct SearchOutput {
  Output tokens;     ///< [B, longest], each row's translation with -1 after it
  Output attention;  ///< [B, longest, S]
};
inline constexpr SearchOutput greedy_output{{"greedy"}, {"greedy attention"}},
    beam_output{{"beam"}, {"beam attention"}};

struct TranslateSizes {
  int source = 0, target = 0;  ///< V of each language
  int start = 0, end = 0;      ///< tokens of the target that begin and end a sentence
  int longest = 60;            ///< tokens of a translation at most, the end counted
  double input_dropout = 0;    ///< of embeddings
  double output_dropout = 0;   ///< of what was read, and of what the scores are made from
};

/// What a decoder looks at: the sentence that was read, for each row.
struct Memory {
  Var keys, values;  ///< [S, B, H], [S, B, width]
  Var summary;       ///< [B, H]
  Lengths lengths;   ///< [B]
  /// Of other rows, [N]. Shapes    [S, B, .] -> [S, N, .]
  Memory of(const Tokens& rows) const;
};

struct SearchOptions {
  int width = 1;              ///< of the beam; 1: greedy
  int longest = 60;           ///< tokens at most, the end counted
  double length_penalty = 1;  ///< as BeamOptions has it
};

/// A sentence is read in both directions; a decoder of the same cell writes another one, and at each step looks back at
/// the first.
///
///     m = read(E x),   s = tanh(mean of m W)
///     h[t] = recurrence(sqrt(H) F y[t - 1] + s),   c[t] = attend(h[t], m K, m),   score[t] = tanh([h[t], c[t]] O) F' + b
///
/// The decoder's state starts as the cell's own and s is added to each of its inputs, so that any cell fits, whatever
/// its state. What was looked at is not fed back: all steps of training look at once.
///
/// Shapes    source [S, B], given [T, B] -> [T, B, V]
/// Source    Sutskever et al. 2014, arXiv:1409.3215; Bahdanau et al. 2015, arXiv:1409.0473; Luong et al. 2015,
///           arXiv:1508.04025 ("general", without input feeding); F in both places: Press & Wolf 2017, arXiv:1608.05859
struct TranslateNetwork final : Network {
  TranslateSizes sizes;
  double scale;    // of F where it is read: small numbers make good scores, and learn nothing as inputs
  Reader reader;   // the first part made, as it refuses a width that cannot be
  Param from, to;  // E, F: [V, H]
  Param keys;      // K
  Linear summary, mixed;
  CellPtr decoder;
  Param bias;

  TranslateNetwork(const Builder&, const Recurrence&, ReadDirection, const TranslateSizes&);
  /// In evaluation puts out greedy_output, and beam_output if the batch asks for it.
  PartialLoss loss(Shard&, const Batch&) const override;

  /// Shapes    source [S, B], lengths [B]
  Memory read(const Tokens& source, const Lengths&, const StepContext&) const;
  /// One step: each row's last token [B] -> log-probabilities [B, V] of the next; moves the state on. table:
  /// transpose(to), [H, V]
  Var next(const Memory&, const Tokens& last, State& state, const Var& table) const;
  /// The translation of each row, without its end, on the current tape, which records nothing of it.
  std::vector<Sentence> search(const Memory&, const SearchOptions&) const;
  /// Where the decoder looks as it writes these sentences, their ends included.
  ///
  /// Shapes    -> [B, steps, S], zero where a sentence is over
  Var looks(const Memory&, const std::vector<Sentence>&, int steps) const;

 private:
  struct Written {
    Var all;      // [N, H], what the scores are made from
    Var weights;  // [B, T, S]
  };
  Written write(const Memory&, const Tokens& tokens, const Packing&, const StepContext&) const;
  void put_out(Shard&, const Memory&, const SearchOptions&, const SearchOutput&) const;
};

}  // namespace ebb::app
