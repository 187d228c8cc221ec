#include <algorithm>
#include <ebb/experiments/tasks/formal/transduction.hpp>

namespace ebb::app {
namespace {

constexpr int stack_pop = 2, stack_push = 3;  // push 0, then push 1
constexpr int stack_end = 2;                  // in the output, after the last symbol of the stack

/// Stack manipulation: a stack of bits, bottom first, and then instructions; the output is the stack that they leave,
/// top first, an end symbol and zeros.
///
///     in    s1 ... sk  instructions (n - k)  empty (n + 1 times)
///     out                                    top ... bottom  end  0 ... 0
///
/// k is uniform in 1, ..., n - 1, and 1 if n is 1; an instruction is pop, push 0 or push 1 with equal probability; a
/// pop does nothing to an empty stack. The loss is over all n + 1 outputs, the accuracy over those up to the end.
///
/// Shapes    x [2 n + 1, B, 6]; y [2 n + 1, B], of 3 classes, at the last n + 1 steps
/// Numerics  without reading the word, at output j the best answer is a bit, right with probability P(H > j) / 2, or
///           the end symbol, P(H = j), where H is the height of the stack
/// Source    as Transduction
/// Differs   as Transduction
class Stack final : public Transduction {
 public:
  static constexpr TaskOption options[] = {shortest_option};
  explicit Stack(Inputs& in)
      : Transduction(in, {.name = "stack",
                          .symbols = 5,
                          .classes = 3,
                          .chance_about = "a bit, or the end",
                          .end = stack_end,
                          .sequences = false}) {}

  double chance(int n) const override {
    const std::vector<double> height = heights(n);
    double right = 0, counted = 0, above = 1;  // above: P(H > j)
    for (const double here : height) {
      counted += above;
      above = std::max(0.0, above - here);
      right += std::max(above / 2, here);
    }
    return 100 * right / counted;
  }

 private:
  int output_length(int n) const override { return n + 1; }

  /// The probability of each height 0, ..., n of the final stack.
  static std::vector<double> heights(int n) {
    const auto top = static_cast<std::size_t>(n);
    if (n == 1) return {0, 1};
    std::vector<double> p(top + 1, 0), next;
    for (int read = 1; read <= n; ++read) {  // of the symbols: `read` are in the stack, or one more instruction is done
      next.assign(top + 1, 0);
      if (read > 1) {
        next[0] += p[0] / 3;
        for (std::size_t h = 0; h <= top; ++h) {
          if (h + 1 <= top) next[h + 1] += p[h] * 2 / 3;
          if (h > 0) next[h - 1] += p[h] / 3;
        }
      }
      if (read < n) next[static_cast<std::size_t>(read)] += 1.0 / (n - 1);  // instructions begin after this symbol
      p = next;
    }
    return p;
  }

  Translation draw(int n, const Key& key) const override {
    Translation all;
    const Key symbols = key.named("symbols");
    const int initial = n == 1 ? 1 : 1 + key.named("initial").below(n - 1, 0);
    std::vector<int> stack;
    for (int t = 0; t < n; ++t) {
      const auto at = static_cast<std::uint64_t>(t);
      const int symbol = t < initial ? symbols.below(2, at) : stack_pop + symbols.below(3, at);
      all.word.push_back(symbol);
      if (t < initial) stack.push_back(symbol);
      else if (symbol >= stack_push) stack.push_back(symbol - stack_push);
      else if (!stack.empty()) stack.pop_back();
    }
    all.output.assign(stack.rbegin(), stack.rend());
    all.output.push_back(stack_end);
    all.output.resize(static_cast<std::size_t>(n) + 1, 0);
    return all;
  }
};
EBB_TASK(stack, Stack, "the stack that is left by pushes and pops (Deletang 2023)");

}  // namespace
}  // namespace ebb::app
