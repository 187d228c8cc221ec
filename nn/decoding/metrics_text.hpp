#pragma once
#include <ebb/ops/array.hpp>
#include <vector>

namespace ebb {

/// Tokens of one row, without padding.
using Sentence = std::vector<int>;

/// The rows of a padded batch as lists.
///
/// Shapes    tokens [T, B], lengths [B]
/// Errors    ShapeError; ValueError if a length is outside [0, T]
std::vector<Sentence> sentences(const Tokens& tokens, const Lengths& lengths);

/// The minimum number of insertions, deletions and replacements of tokens that turns `a` into `b`.
///
/// Cost      O(|a| |b|) time, O(|b|) memory
/// Source    Levenshtein 1966; Wagner & Fischer 1974, doi:10.1145/321796.321811
int edit_distance(const Sentence& a, const Sentence& b);

/// Edits per reference token over everything added: the word or character error rate, which may exceed one.
class ErrorRate {
 public:
  void add(const Sentence& predicted, const Sentence& reference);
  double value() const;  ///< Errors: ValueError if no reference tokens were added
  long edits() const { return edits_; }
  long reference_tokens() const { return reference_tokens_; }

 private:
  long edits_ = 0, reference_tokens_ = 0;
};

/// Precision of n-grams of translations against their references, over everything added.
///
///     p[n] = (n-grams found in a reference, clipped to their count there) / (n-grams of the translations),  n = 1..N
///     bleu = min(1, exp(1 - r / c)) (p[1] ... p[N])^(1/N)
///
/// c is the number of tokens of the translations, r that of the references nearest in length, the shorter one in a tie.
///
/// Options   order N = 4
/// Errors    ValueError if there is no reference, or the order is below 1
/// Numerics  in [0, 1]; zero if no n-gram of some order matches: there is no smoothing
/// Source    Papineni et al. 2002, doi:10.3115/1073083.1073135
class Bleu {
 public:
  explicit Bleu(int order = 4);
  void add(const Sentence& translation, const std::vector<Sentence>& references);
  double value() const;           ///< zero if nothing was added
  double precision(int n) const;  ///< p[n], n from 1. Errors: ValueError if there is no such order
  double brevity() const;         ///< the first factor

 private:
  std::vector<long> found_, all_;
  long length_ = 0, reference_length_ = 0;
};

}  // namespace ebb
