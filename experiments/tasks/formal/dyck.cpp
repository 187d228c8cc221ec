#include <algorithm>
#include <cmath>
#include <ebb/experiments/tasks/formal/symbol_sets.hpp>

namespace ebb::app {
namespace {

/// Draws balanced strings of brackets uniformly among those of one length and depth: the probability that the next
/// bracket opens, with `left` brackets to come at depth h.
///
///     N(left - 1, h + 1) / (N(left - 1, h + 1) + N(left - 1, h - 1)),   N: the number of ways to end at depth 0
///
/// Source    Arnold & Sleep 1980, doi:10.1145/357084.357091 (without a limit: (h + 2) (left - h) / (2 left (h + 1)))
class DyckWalk {
 public:
  /// `most`: the greatest depth; 0 for no limit
  DyckWalk(int T, int most) : most_(most) {
    if (most == 0) return;
    std::vector<double> ways(static_cast<std::size_t>(most) + 1, 0);  // of a row, by depth, up to a common factor
    ways[0] = 1;
    ways_.push_back(ways);
    for (int left = 1; left < T; ++left) {
      std::vector<double> next(ways.size(), 0);
      for (std::size_t h = 0; h < ways.size(); ++h) {
        if (h + 1 < ways.size()) next[h] += ways[h + 1];
        if (h > 0) next[h] += ways[h - 1];
      }
      const double largest = *std::max_element(next.begin(), next.end());
      for (double& n : next) n /= largest;  // the factor cancels, and the numbers grow like 2^left
      ways = std::move(next);
      ways_.push_back(ways);
    }
  }

  double opens(int left, int h) const {
    if (most_ == 0) return (h + 2.0) * (left - h) / (2.0 * left * (h + 1));
    if (h == 0) return 1;
    const std::vector<double>& after = ways_[static_cast<std::size_t>(left) - 1];
    const double up = h < most_ ? after[static_cast<std::size_t>(h) + 1] : 0;
    return up / (up + after[static_cast<std::size_t>(h) - 1]);
  }

 private:
  int most_;
  std::vector<std::vector<double>> ways_;
};

/// Balanced brackets of one kind (Dyck-1, which takes a counter) or several (Dyck-k, which takes a stack).
///
///     after each bracket: every opening one, unless the depth is --depth; the closing one of the last that is open
///
/// Words are drawn uniformly among the balanced ones of --length brackets with at most the depth --depth; the length is
/// even: an odd one is reduced by one.
///
/// Shapes    x, y [T, B, 2 kinds]: opening brackets, then closing ones
/// Numerics  predicting from the last bracket alone is right only for ()() ... (): one of C(T/2) shapes, a Catalan
///           number, or of those within the depth
/// Source    as SymbolSets: Suzgun et al. 2019, arXiv:1906.03648 and arXiv:1911.03329: lengths from 2 to 50, tests from
///           52 to 100, 8 units; a limit of the depth: Hewitt et al. 2020, arXiv:2010.07515
/// Differs   as SymbolSets; uniform words of one length, where Suzgun draws from a grammar and without repetition
class Dyck final : public SymbolSets {
 public:
  static constexpr TaskOption options[] = {
      shortest_option,
      {.name = "kinds", .help = "kinds of brackets (default: 1)", .takes = WholeNumber{1, 64}},
      {.name = "depth",
       .help = "greatest depth of brackets; 0 for no limit (default: 0)",
       .takes = WholeNumber{0, 1000}}};
  explicit Dyck(Inputs& in) : Dyck(in, in.own.choose_whole("kinds", 1)) {}

  TaskSettings settings(Size size) const override {
    switch (size) {
      case Size::quick: return {.hidden = 8, .length = 12, .batch = 32, .steps = 600, .lr = 2e-2};
      case Size::full: return {.hidden = 8, .length = 50, .batch = 1, .steps = 100'000, .lr = 1e-2};
      default: return {.hidden = 8, .length = 50, .batch = 32, .steps = 5000, .lr = 1e-2};
    }
  }

  double chance(int T) const override {
    const DyckWalk walk(T, depth_);
    double ln = 0;
    for (int left = T - 1; left > 0; left -= 2) ln += std::log1p(-walk.opens(left, 1));
    return 100 * std::exp(ln);
  }

 private:
  Dyck(Inputs& in, int kinds)
      : SymbolSets(in, {.name = "dyck", .symbols = 2 * kinds, .outputs = 2 * kinds, .least = 2}), kinds_(kinds),
        depth_(in.own.choose_whole("depth", 0)) {}

  int word_steps(int length) const override { return length - length % 2; }

  WordWithSets draw(int T, const Key& key) const override {
    const DyckWalk walk(T, depth_);
    const Key shape = key.named("shape"), kind = key.named("kind");
    WordWithSets all;
    std::vector<int> open;
    for (int t = 0; t < T; ++t) {
      const auto at = static_cast<std::uint64_t>(t);
      const bool opens = shape.uniform(at) < walk.opens(T - t, static_cast<int>(open.size()));
      if (opens) open.push_back(kind.below(kinds_, at));
      all.word.push_back(opens ? open.back() : kinds_ + open.back());
      if (!opens) open.pop_back();
      all.next.emplace_back();
      if (depth_ == 0 || static_cast<int>(open.size()) < depth_)
        for (int k = 0; k < kinds_; ++k) all.next.back().push_back(k);
      if (!open.empty()) all.next.back().push_back(kinds_ + open.back());
    }
    return all;
  }

  int kinds_, depth_;
};
EBB_TASK(dyck, Dyck, "balanced brackets, by those that may come next (Suzgun 2019)");

}  // namespace
}  // namespace ebb::app
