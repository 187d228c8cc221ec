#include <ebb/experiments/tasks/formal/transduction.hpp>

namespace ebb::app {
namespace {

/// Parity: after a random string of bits, whether it has an odd number of ones.
///
///     y = w1 + ... + wn mod 2
///
/// A recurrence without a nonlinearity from state to state needs a negative eigenvalue to change its state at every
/// one: with eigenvalues in [0, 1], as of minGRU and minLSTM, it cannot learn parity beyond the lengths of training.
///
/// Shapes    x [n + 1, B, 3]; y [n + 1, B], of 2 classes, with one target, at the last step
/// Numerics  any answer is right with probability 1/2; answering 1/2 has a loss of ln 2
/// Source    as Transduction; Grazzi et al. 2024, arXiv:2411.12537 (eigenvalues)
/// Differs   as Transduction
class Parity final : public Transduction {
 public:
  static constexpr TaskOption options[] = {shortest_option};
  explicit Parity(Inputs& in) : Transduction(in, {.name = "parity", .symbols = 2, .classes = 2}) {}
  double chance(int) const override { return 50; }

 private:
  int output_length(int) const override { return 1; }
  Translation draw(int n, const Key& key) const override {
    Translation all;
    int odd = 0;
    for (int t = 0; t < n; ++t) {
      all.word.push_back(key.below(2, static_cast<std::uint64_t>(t)));
      odd ^= all.word.back();
    }
    all.output = {odd};
    return all;
  }
};
EBB_TASK(parity, Parity, "whether a string has an odd number of ones (Deletang 2023)");

}  // namespace
}  // namespace ebb::app
