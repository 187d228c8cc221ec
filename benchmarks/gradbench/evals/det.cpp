#include <ebb/autograd/tape.hpp>
#include <ebb/ops/error.hpp>
#include <numeric>

#include "../arrays.hpp"
#include "../function.hpp"

namespace {

using namespace ebb;
using gradbench::Json, gradbench::Problem, gradbench::problem, gradbench::json_of;

constexpr int det_at_once = 8;  // the largest minor on one tape: its 8! products fit into the cache

/// The expansion of an M x M determinant by minors along the rows, for all ways to choose columns at once.
///
/// After j rows there are M! / (M - j)! ways, and level j holds for each of them the places of row j's elements in the
/// columns left, [M - j, ways]. Places count in [B, -B], so that the signs alternate. The way that takes the c-th
/// column left is number c * ways + w of the next level.
class Expansion {
 public:
  explicit Expansion(int M) {
    std::vector<std::vector<int>> ways(1, std::vector<int>(static_cast<std::size_t>(M)));  // the columns left
    std::iota(ways[0].begin(), ways[0].end(), 0);
    for (int j = 0; j < M; ++j) ways = add_level(M, j, ways);
  }

  /// The determinant of b, [M * M]. Equal minors are computed again for each way, as the recursion does.
  Var of(const Var& b) const {
    const Var signed_b = concat({b, -b}, 0);
    Var minors;
    for (std::size_t j = levels_.size(); j-- > 0;) {
      const Var row = gather(signed_b, levels_[j]);
      minors = sum(minors ? row * reshape(minors, levels_[j].shape()) : row, {0});
    }
    return sum(minors);
  }

 private:
  std::vector<std::vector<int>> add_level(int M, int j, const std::vector<std::vector<int>>& ways) {
    Tokens places({M - j, static_cast<int>(ways.size())});
    std::vector<std::vector<int>> next;
    int* place = places.data();
    for (int c = 0; c < M - j; ++c)
      for (const std::vector<int>& left : ways) {
        *place++ = left[static_cast<std::size_t>(c)] + M * j + (c % 2 == 0 ? 0 : M * M);
        next.push_back(left);
        next.back().erase(next.back().begin() + c);
      }
    levels_.push_back(places);
    return next;
  }

  std::vector<Tokens> levels_;
};

/// Expands the first rows by a loop over the ways to choose their columns, and the rest by Expansion, on a tape of its
/// own for each way.
class Determinant {
 public:
  explicit Determinant(const Json& input)
      : a_(gradbench::vector_in(input, "A")), M_(input.at("ell").get<int>()), rest_(std::min(M_, det_at_once)) {
    if (M_ < 1 || a_.size() != std::int64_t{M_} * M_) throw ValueError("A must have ell * ell numbers");
  }

  double value() const {
    double total = 0;
    for_terms([&](Tape&, const Var&, const Var& term) { total += term.item(); });
    return total;
  }
  Array gradient() const {
    Array total = Array::zeros(a_.shape(), f64);
    for_terms([&](Tape& tape, const Var& a, const Var& term) {
      const Array g = tape.backward(term)[a];
      for (std::int64_t i = 0; i < g.size(); ++i) total.data<double>()[i] += g.data<double>()[i];
    });
    return total;
  }

 private:
  template <class F> void for_terms(F f) const {
    std::vector<int> left(static_cast<std::size_t>(M_)), factors;
    std::iota(left.begin(), left.end(), 0);
    choose(left, factors, 1, f);
  }

  /// factors: places in A of the elements chosen so far, one for each row.
  template <class F> void choose(std::vector<int> left, std::vector<int>& factors, double sign, F& f) const {
    const int row = static_cast<int>(factors.size());
    if (M_ - row <= det_at_once) return term(left, factors, sign, f);
    for (std::size_t c = 0; c < left.size(); ++c) {
      std::vector<int> others = left;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(c));
      factors.push_back(row * M_ + left[c]);
      choose(others, factors, c % 2 == 0 ? sign : -sign, f);
      factors.pop_back();
    }
  }
  template <class F> void term(const std::vector<int>& left, const std::vector<int>& factors, double sign, F& f) const {
    Tokens block({static_cast<int>(left.size() * left.size())});
    int* place = block.data();
    for (int row = static_cast<int>(factors.size()); row < M_; ++row)
      for (int column : left) *place++ = row * M_ + column;
    Tape tape{{.dtype = f64}};
    const Var a = variable(a_);
    Var y = sign * rest_.of(gather(a, block));
    for (int at : factors) y = y * a[at];
    f(tape, a, y);
  }

  Array a_;
  int M_;
  Expansion rest_;
};

Problem det_primal(const Json& input) {
  return problem([d = Determinant(input)] { return d.value(); }, [](double y) { return Json(y); });
}

Problem det_gradient(const Json& input) {
  return problem([d = Determinant(input)] { return d.gradient(); }, json_of);
}

const gradbench::Function det_functions[] = {{"det::primal", det_primal}, {"det::gradient", det_gradient}};

}  // namespace
