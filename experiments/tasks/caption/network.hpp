#pragma once
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/output.hpp>
#include <ebb/nn/layers/attention.hpp>
#include <ebb/nn/layers/conv.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/layers/norm.hpp>
#include <vector>

namespace ebb::app {

/// Scenes, and their sentences as inputs and targets of a decoder.
struct CaptionBatch {
  Array pictures;   ///< [1, B, H W], grey pixels
  Tokens given;     ///< [T, B], the start token and the sentence
  Tokens wanted;    ///< [T, B], the sentence and its end token
  Lengths lengths;  ///< [B]
  std::vector<int> items{};

  int rows() const { return pictures.dim(1); }
  int steps() const { return pictures.dim(0); }  ///< one per scene, regardless of its sentence
  double weight() const { return steps_in(lengths); }
};

/// The generated words, [B, longest], padded with `end`.
inline constexpr Output words_said{"said"};

struct CaptionSizes {
  int height, width, vocabulary;
  int longest;  ///< words of a sentence, including the end token
  int end;      ///< the token that ends a sentence and also precedes its first word
};

/// The features of images at P positions, with position embeddings.
struct Seen {
  Var keys, values;  ///< [P, B, C]
  Var most;          ///< [B, C], the maximum of each feature over the positions
  /// The images with the indices `rows`, repeated as often as they occur.
  Seen of_rows(const Tokens& rows) const;
};

/// The decoder's state within a sentence.
struct Speaking {
  State state;    ///< of the cell
  Var output;     ///< of the cell, [B, H]
  Var scores;     ///< of the next word, [B, V]
  Var attention;  ///< attention weights of the positions, [B, P]
};

/// Captions an image: convolution, then a recurrence that attends to positions of the image before each word.
///
///     v[p] = norm(convolution(x)[p]) + P[p];   k[p] = v[p] K;   m = max over p of v[p]
///     c[t] = attend([y[t-1], e[w[t-1]]] Q, k, v);   y[t] = cell([e[w[t-1]], c[t], m]);   score[t] = [y[t], c[t]] W + b
///
/// The convolution has four layers with relu between them and reduces height and width to an eighth. In training w is
/// the reference sentence, otherwise the words generated so far.
///
/// Shapes    x [1, B, H W] -> scores [T, B, V]
/// Source    Xu et al. 2015, arXiv:1502.03044, with dot products as scores; Vinyals et al. 2015, arXiv:1411.4555
class CaptionNetwork final : public Network {
 public:
  CaptionNetwork(const Builder&, const Recurrence&, const CaptionSizes&);
  /// In evaluation outputs words_said.
  PartialLoss loss(Shard&, const Batch&) const override;
  std::string not_followed() const override;

  /// x [..., B, H W], grey pixels from 0 to 1.
  Seen look(const Var& x) const;
  Speaking begin(int rows) const;
  /// Takes the previous words [B] and predicts the next.
  Speaking say(const Tokens& before, const Speaking&, const Seen&, const StepContext&) const;
  /// The most probable word at each step. [B, longest], padded with `end`
  Tokens greedy(const Seen&, int rows) const;
  /// The best sentence of a beam search of this width for each row, without the end token.
  /// Errors    ValueError for a cell with the maximum number of fields of a State
  std::vector<std::vector<int>> beam(const Seen&, int rows, int width) const;
  int down() const { return rows_; }  ///< positions from top to bottom
  int across() const { return columns_; }

 private:
  CaptionSizes sizes_;
  int rows_, columns_, hidden_;
  Conv2d conv1_, conv2_, conv3_, conv4_;
  LayerNorm norm_;
  Param places_, words_;  // [P, C], [V, E]
  Linear key_, query_;
  CellPtr cell_;
  Linear out_;
  std::vector<const char*> fields_;  // of the state in a search: the cell's fields and its output
};

}  // namespace ebb::app
