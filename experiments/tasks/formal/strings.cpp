#include <ebb/experiments/tasks/formal/transduction.hpp>

namespace ebb::app {
namespace {

std::vector<int> bits_of(int n, const Key& key) {
  std::vector<int> bits;
  for (int t = 0; t < n; ++t) bits.push_back(key.below(2, static_cast<std::uint64_t>(t)));
  return bits;
}

Translation translated(std::vector<int> word, std::vector<int> output) { return {std::move(word), std::move(output)}; }

/// A string backwards: a stack's order.
///
///     o = wn ... w1
///
/// Shapes    x [2 n, B, 3]; y [2 n, B], of 2 classes, at the last n steps
/// Numerics  any answer is right with probability 1/2; answering 1/2 has a loss of ln 2
/// Source    as Transduction
/// Differs   as Transduction
class Reverse final : public Transduction {
 public:
  static constexpr TaskOption options[] = {shortest_option};
  explicit Reverse(Inputs& in) : Transduction(in, {.name = "reverse", .symbols = 2, .classes = 2}) {}
  double chance(int) const override { return 50; }

 private:
  int output_length(int n) const override { return n; }
  Translation draw(int n, const Key& key) const override {
    const std::vector<int> word = bits_of(n, key);
    return translated(word, {word.rbegin(), word.rend()});
  }
};
EBB_TASK(reverse, Reverse, "output a string backwards (Deletang 2023)");

/// A string twice: a queue's order, read twice.
///
///     o = w1 ... wn w1 ... wn
///
/// Shapes    x [3 n, B, 3]; y [3 n, B], of 2 classes, at the last 2 n steps
/// Numerics  as Reverse; the second half repeats the first, so a string is guessed with probability 2^-n
/// Source    as Transduction
/// Differs   as Transduction
class Duplicate final : public Transduction {
 public:
  static constexpr TaskOption options[] = {shortest_option};
  explicit Duplicate(Inputs& in)
      : Transduction(in, {.name = "duplicate", .symbols = 2, .classes = 2, .sequences = false}) {}
  double chance(int) const override { return 50; }

 private:
  int output_length(int n) const override { return 2 * n; }
  Translation draw(int n, const Key& key) const override {
    const std::vector<int> word = bits_of(n, key);
    std::vector<int> twice = word;
    twice.insert(twice.end(), word.begin(), word.end());
    return translated(word, twice);
  }
};
EBB_TASK(duplicate, Duplicate, "output a string twice (Deletang 2023)");

/// The symbols at odd places of a string, then those at even ones.
///
///     o = w1 w3 w5 ... w2 w4 w6 ...
///
/// Shapes    as Reverse
/// Numerics  as Reverse
/// Source    as Transduction
/// Differs   as Transduction; the authors' code outputs w2 w4 ... first, against its documentation and the paper
class OddsFirst final : public Transduction {
 public:
  static constexpr TaskOption options[] = {shortest_option};
  explicit OddsFirst(Inputs& in) : Transduction(in, {.name = "odds-first", .symbols = 2, .classes = 2}) {}
  double chance(int) const override { return 50; }

 private:
  int output_length(int n) const override { return n; }
  Translation draw(int n, const Key& key) const override {
    const std::vector<int> word = bits_of(n, key);
    std::vector<int> output;
    for (const std::size_t first : {0U, 1U})
      for (std::size_t t = first; t < word.size(); t += 2) output.push_back(word[t]);
    return translated(word, output);
  }
};
EBB_TASK_NAMED(odds_first, "odds-first", OddsFirst,
               "output the odd places of a string, then the even ones (Deletang 2023)");

}  // namespace
}  // namespace ebb::app
