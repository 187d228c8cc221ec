#pragma once
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/output.hpp>
#include <ebb/nn/layers/attention.hpp>
#include <ebb/nn/layers/conv.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/layers/norm.hpp>
#include <vector>

namespace ebb::app {

/// Scenes, and their sentences as a decoder reads and writes them.
struct CaptionBatch {
  Array pictures;   ///< [1, B, H W], grey pixels
  Tokens given;     ///< [T, B], the sentence from the word before its first
  Tokens wanted;    ///< [T, B], from its first word to its end
  Lengths lengths;  ///< [B]
  std::vector<int> items{};

  int rows() const { return pictures.dim(1); }
  int steps() const { return pictures.dim(0); }  ///< scenes, whatever their sentences
  double weight() const { return steps_in(lengths); }
};

/// [B, longest], the words said, `end` after them.
inline constexpr Output words_said{"said"};

struct CaptionSizes {
  int height, width, vocabulary;
  int longest;  ///< words of a sentence, the end counted
  int end;      ///< the word that ends a sentence and stands before its first
};

/// What there is to be seen in pictures: P places, each with what the convolution found there and where that is.
struct Seen {
  Var keys, values;  ///< [P, B, C]
  Var most;          ///< [B, C], of each number the largest that any place has
  /// The same rows of pictures as `rows` says, each as often as it says.
  Seen of_rows(const Tokens& rows) const;
};

/// In the middle of a sentence.
struct Speaking {
  State state;  ///< of the cell
  Var output;   ///< of the cell, [B, H]
  Var scores;   ///< of the next word, [B, V]
  Var looked;   ///< weights of the places, [B, P]
};

/// A picture to a sentence: convolution, then recurrence that looks at a place of the picture before each word.
///
///     v[p] = norm(convolution(x)[p]) + P[p];   k[p] = v[p] K;   m = max over p of v[p]
///     c[t] = attend([y[t-1], e[w[t-1]]] Q, k, v);   y[t] = cell([e[w[t-1]], c[t], m]);   score[t] = [y[t], c[t]] W + b
///
/// The convolution has four layers, relu between them, and leaves an eighth of the picture's height and width. In
/// training w is the sentence itself, else what was said so far.
///
/// Shapes    x [1, B, H W] -> scores [T, B, V]
/// Source    Xu et al. 2015, arXiv:1502.03044, with dot products as scores; Vinyals et al. 2015, arXiv:1411.4555
class CaptionNetwork final : public Network {
 public:
  CaptionNetwork(const Builder&, const Recurrence&, const CaptionSizes&);
  /// In evaluation puts out words_said.
  PartialLoss loss(Shard&, const Batch&) const override;

  /// x [..., B, H W], the grey pixels from 0 to 1.
  Seen look(const Var& x) const;
  Speaking begin(int rows) const;
  /// The words before [B], on to the next.
  Speaking say(const Tokens& before, const Speaking&, const Seen&, const StepContext&) const;
  /// The most probable word each time. [B, longest], `end` from a sentence's end on
  Tokens greedy(const Seen&, int rows) const;
  /// The best sentences of a search that keeps `width` of them at a time, without the end; one for each row.
  /// Errors    ValueError for a cell of as many fields as a State has at most
  std::vector<std::vector<int>> beam(const Seen&, int rows, int width) const;
  int down() const { return rows_; }  ///< places of the picture from top to bottom
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
  std::vector<const char*> fields_;  // of the state of a search: the cell's, and its output
};

}  // namespace ebb::app
