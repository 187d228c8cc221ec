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

/// The least number of tokens to insert, remove or replace that makes `a` into `b`.
///
/// Cost      O(|a| |b|) time, O(|b|) memory
/// Source    Levenshtein 1966; Wagner & Fischer 1974, doi:10.1145/321796.321811
int edit_distance(const Sentence& a, const Sentence& b);

/// Edits per wanted token over all that was added: the error rate of words or characters, which may be above one.
class ErrorRate {
 public:
  void add(const Sentence& predicted, const Sentence& wanted);
  double value() const;  ///< Errors: ValueError if no token was wanted yet
  long edits() const { return edits_; }
  long wanted() const { return wanted_; }

 private:
  long edits_ = 0, wanted_ = 0;
};

/// How many n-grams of translations stand in their references too, over the whole of what was added.
///
///     p[n] = n-grams found in a reference, each at most as often as there / n-grams of the translations,  n = 1..N
///     bleu = min(1, exp(1 - r / c)) (p[1] ... p[N])^(1/N)
///
/// c counts the translations' tokens, r those of the references nearest to them in length, the shorter of two.
///
/// Options   order N = 4
/// Errors    ValueError if there is no reference, or the order is below 1
/// Numerics  in [0, 1]; zero if there is no n-gram of some order in common: nothing is smoothed
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
