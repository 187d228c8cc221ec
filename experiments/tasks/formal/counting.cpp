#include <ebb/experiments/tasks/formal/symbol_sets.hpp>

namespace ebb::app {
namespace {

/// Languages of blocks: n times the first symbol, n times the second, ...; --length is n. A word determines its end
/// only if its first block was counted.
///
///     after each a: {a, b};  after each b but the last: {b};  then c, if there is one;  at the end: {end}
///
/// Shapes    x [S n, B, S]; y [S n, B, S + 1], for S symbols
/// Numerics  predicting from the last symbol alone is right only for n = 1. The best such MSE after a symbol but the
///           first is (n - 1) / n^2 for two of the S + 1 outputs: 2 (S - 1) (n - 1) / (S (S + 1) n^2) in the mean
/// Source    as SymbolSets: Gers & Schmidhuber train n up to 10 and test to 1,000 and beyond; Weiss et al. 2018,
///           arXiv:1805.04908, n up to 100; Suzgun et al. n from 1 to 50, LSTM of as many units as symbols
/// Differs   as SymbolSets; no start symbol, as Suzgun
template <int S> class Blocks : public SymbolSets {
 public:
  Blocks(Inputs& in, const char* name) : SymbolSets(in, {.name = name, .symbols = S, .outputs = S + 1, .least = 1}) {}

  TaskSettings settings(Size size) const override {
    switch (size) {
      case Size::quick: return {.hidden = 6, .length = 8, .batch = 16, .steps = 600, .lr = 2e-2};
      case Size::full: return {.hidden = 10, .length = 100, .batch = 1, .steps = 150'000, .lr = 1e-3};
      default: return {.hidden = 8, .length = 20, .batch = 1, .steps = 10'000, .lr = 1e-2};
    }
  }

  int sequences_at(int) const override { return 1; }  // all words of one length are the same
  double chance(int T) const override { return T == S ? 100 : 0; }

 private:
  int word_steps(int length) const override { return S * length; }
  WordWithSets draw(int T, const Key&) const override {
    WordWithSets all;
    const int n = T / S;
    for (int t = 0; t < T; ++t) {
      const int symbol = t / n, next = (t + 1) / n;
      all.word.push_back(symbol);
      if (symbol == 0) all.next.push_back({0, 1});
      else all.next.push_back({next});
    }
    return all;
  }
};

struct TwoBlocks final : Blocks<2> {
  static constexpr TaskOption options[] = {shortest_option};
  explicit TwoBlocks(Inputs& in) : Blocks(in, "anbn") {}
};
EBB_TASK_NAMED(anbn, "anbn", TwoBlocks, "count: a^n b^n, by the symbols that may come next (Gers 2001)");

struct ThreeBlocks final : Blocks<3> {
  static constexpr TaskOption options[] = {shortest_option};
  explicit ThreeBlocks(Inputs& in) : Blocks(in, "anbncn") {}
};
EBB_TASK_NAMED(anbncn, "anbncn", ThreeBlocks,
               "count twice: a^n b^n c^n, by the symbols that may come next (Gers 2001)");

}  // namespace
}  // namespace ebb::app
