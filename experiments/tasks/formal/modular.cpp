#include <cmath>
#include <ebb/experiments/tasks/formal/transduction.hpp>

namespace ebb::app {
namespace {

constexpr int modulus = 5, plus = modulus, times = modulus + 2;  // minus is between them

/// The value of an expression in the usual order of operations, in 0, ..., modulus - 1.
int value_of(const std::vector<int>& word) {
  int sum = 0, product = word[0];
  for (std::size_t t = 1; t + 1 < word.size(); t += 2) {
    const int next = word[t + 1];
    if (word[t] == times) {
      product = product * next % modulus;
      continue;
    }
    sum += product;
    product = word[t] == plus ? next : modulus - next;
  }
  return (sum + product) % modulus;
}

/// Modular arithmetic without brackets: the value of an expression modulo 5.
///
///     w = d1 op d2 op ... d;   d in 0, ..., 4, op in +, -, *, all uniform;   y = value of w mod 5, * before + and -
///
/// The number of symbols is odd: an even length is reduced by one.
///
/// Shapes    x [n + 1, B, 9]; y [n + 1, B], of 5 classes, with one target, at the last step
/// Numerics  the value 0 has the probability 1/5 + 4/5 A(m) for m numbers, the others have equal ones. A(m) is the
///           mean over expressions of the product over their terms of 1 - (4/5)^(k - 1), for a term of k factors:
///           A(m) = sum over k of P(k factors in the first term) (1 - (4/5)^(k - 1)) A(m - k), A(0) = 1
/// Source    as Transduction
/// Differs   as Transduction; the authors' one-hot symbols also have a place for blanks, which never occur
class Modular final : public Transduction {
 public:
  static constexpr TaskOption options[] = {shortest_option};
  explicit Modular(Inputs& in)
      : Transduction(in, {.name = "modular", .symbols = modulus + 3, .classes = modulus, .chance_about = "always 0"}) {}

  // A term of k factors is 0 with probability 1 - (4/5)^k and otherwise uniform over the other values. So the Fourier
  // coefficients of its distribution are all 1 - (4/5)^(k - 1), and those of independent terms multiply.
  double chance(int n) const override {
    const int numbers = (n + 1) / 2;
    std::vector<double> mean(static_cast<std::size_t>(numbers) + 1, 0);
    mean[0] = 1;
    for (int m = 1; m <= numbers; ++m) {
      double probability = 1;  // that the first k - 1 operators are *
      for (int k = 1; k <= m; ++k, probability /= 3) {
        const double ends = k < m ? 2.0 / 3 : 1;
        mean[static_cast<std::size_t>(m)] +=
            probability * ends * (1 - std::pow(.8, k - 1)) * mean[static_cast<std::size_t>(m - k)];
      }
    }
    return 100 * (1 + (modulus - 1) * mean.back()) / modulus;
  }

 private:
  int word_length(int length) const override { return length - 1 + length % 2; }
  int output_length(int) const override { return 1; }
  Translation draw(int n, const Key& key) const override {
    Translation all;
    for (int t = 0; t < n; ++t) {
      const auto at = static_cast<std::uint64_t>(t);
      all.word.push_back(t % 2 == 0 ? key.below(modulus, at) : modulus + key.below(3, at));
    }
    all.output = {value_of(all.word)};
    return all;
  }
};
EBB_TASK(modular, Modular, "the value of an expression modulo 5 (Deletang 2023)");

}  // namespace
}  // namespace ebb::app
