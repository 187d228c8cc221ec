#pragma once
#include <array>
#include <ebb/ops/random.hpp>
#include <vector>

namespace ebb::app {

/// Symbols of the Reber grammar, by number.
inline constexpr char reber_symbols[] = "BTPSXVE";
inline constexpr int reber_kinds = 7;

/// A position in a string of the embedded Reber grammar, from before its first symbol until after its last.
///
///     B  T or P  [B  a path from 0 to 5  E]  the same T or P  E
///
///     0: T to 1, P to 2     1: S to 1, X to 3     2: T to 2, V to 4     3: X to 2, S to 5     4: P to 3, V to 5
///
/// Where there is a choice, both edges have probability 1/2. A string has 12 symbols in the mean, at least 9, and 7
/// choices in the mean; the last T or P can be predicted only from the second symbol.
///
/// Source    Reber 1967; Cleeremans, Servan-Schreiber & McClelland 1989, doi:10.1162/neco.1989.1.3.372; Hochreiter &
///           Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735, figures 3 and 4
class EmbeddedReber {
 public:
  /// The symbols that can be next, in the order of `reber_symbols`; none after the last.
  std::vector<int> next() const;
  /// Errors    ValueError if the symbol cannot be next
  void read(int symbol);
  bool ended() const { return place_ == Place::end; }

 private:
  enum class Place { begin, outer, inner_begin, inner, inner_end, outer_again, last, end };
  Place place_ = Place::begin;
  int node_ = 0;    // of the inner grammar
  int outer_ = -1;  // the second symbol
};

/// A random string of at most `most` symbols (at least 9): longer ones are drawn again.
std::vector<int> embedded_reber_string(const Key&, int most);

/// The strings of one length, with their probabilities among all strings of that length.
///
///     P(edge) is proportional to p_k(the edge's end),  p_k(node) = (p_{k-1}(end of one edge) + p_{k-1}(of the other)) / 2
///
/// where p_k is the probability that k more symbols lead to the last node, and p_0 is 1 there and 0 elsewhere.
///
/// Numerics  p_k is divided by its greatest value, as it decays with k and its ratios alone matter
/// Cost      48 bytes for each symbol
class EmbeddedReberOfLength {
 public:
  static constexpr int least = 9;
  /// Errors    ValueError for fewer than `least` symbols
  explicit EmbeddedReberOfLength(int symbols);
  std::vector<int> draw(const Key&) const;

 private:
  std::vector<std::array<double, 6>> to_the_end_;  // p_k of each node, by k
};

/// The share of steps in which two symbols are possible; if the second symbol of a string is not remembered, those are
/// possible before the end, too. The loss in nats per step of the best prediction is ln 2 times this.
///
///     embedded: 7 of 11 steps, 8 without memory; continual: 7 and 8 of 12
double reber_choices(bool continual, bool remembered);

}  // namespace ebb::app
