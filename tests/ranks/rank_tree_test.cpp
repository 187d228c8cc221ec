#include "catch.hpp"

#include <algorithm>
#include <ebb/ops/error.hpp>
#include <ebb/ranks/rank_tree.hpp>
#include <ebb/ranks/text.hpp>
#include <ebb/ranks/thread_ranks.hpp>
#include <string>
#include <vector>

namespace rank_tree_test {

using namespace ebb;
using Catch::Matchers::Contains;
using detail::RankTree;

namespace {

/// A sum as its expression, so that another order is another text; a + b and b + a are one, as in floating point.
std::string plus(const std::string& a, const std::string& b) {
  return "(" + std::min(a, b) + "+" + std::max(a, b) + ")";
}

/// Pairwise, in order: as sum_grads.
std::string sum_of(int first, int end) {
  std::vector<std::string> all;
  for (int k = first; k < end; ++k) all.push_back(std::to_string(k));
  for (std::size_t stride = 1; stride < all.size(); stride *= 2)
    for (std::size_t k = 0; k + stride < all.size(); k += 2 * stride) all[k] = plus(all[k], all[k + stride]);
  return all[0];
}

using Pieces = std::vector<std::string>;

/// The sum over ranks, piece by piece, as rank_sum.cpp sends it.
Pieces summed(Ranks& ranks, const RankTree& tree) {
  const auto [first, end] = tree.shards_of(ranks.rank());
  Pieces mine(static_cast<std::size_t>(tree.pieces()), sum_of(first, end));
  const auto pass = [&](const std::vector<RankTree::Message>& level, bool back) {
    for (const auto& m : level)
      for (int p = m.first; p < m.end; ++p)
        if (m.sends != back) send_text(ranks, m.peer, mine[static_cast<std::size_t>(p)]);
    for (const auto& m : level)
      for (int p = m.first; p < m.end; ++p)
        if (m.sends == back) {
          std::string& piece = mine[static_cast<std::size_t>(p)];
          const std::string came = receive_text(ranks, m.peer);
          piece = back ? came : plus(piece, came);
        }
  };
  const auto levels = tree.levels(ranks.rank());
  for (const auto& level : levels) pass(level, false);
  for (auto level = levels.rbegin(); level != levels.rend(); ++level) pass(*level, true);
  return mine;
}

}  // namespace

TEST_CASE("Every rank ends with the sum of all shards in their pairwise order") {
  for (const int shards : {1, 2, 3, 4, 5, 6, 7, 8, 13, 16, 32, 33})
    for (int size = 1; size <= 9; ++size) {
      CAPTURE(shards, size);
      const RankTree tree(shards, size);
      CHECK(tree.active() == std::min(shards, size));
      std::vector<Pieces> all(static_cast<std::size_t>(size));
      run_as_ranks(size, [&](Ranks& ranks) {
        if (ranks.rank() < tree.active()) all[static_cast<std::size_t>(ranks.rank())] = summed(ranks, tree);
      });
      for (int r = 0; r < tree.active(); ++r)
        for (const std::string& piece : all[static_cast<std::size_t>(r)]) CHECK(piece == sum_of(0, shards));
    }
}

TEST_CASE("Ranks own contiguous shards, all of them") {
  for (int shards = 1; shards <= 40; ++shards)
    for (int size = 1; size <= 17; ++size) {
      CAPTURE(shards, size);
      const RankTree tree(shards, size);
      int next = 0, most = 0;
      for (int r = 0; r < size; ++r) {
        const auto [first, end] = tree.shards_of(r);
        CHECK((end > first) == (r < tree.active()));
        if (r >= tree.active()) continue;
        CHECK(first == next);
        next = end;
        most = std::max(most, end - first);
      }
      CHECK(next == shards);
      const auto is_power = [](int n) { return (n & (n - 1)) == 0; };
      if (is_power(shards) && is_power(size)) CHECK(most == std::max(1, shards / size));
    }
}

TEST_CASE("With a power of two ranks, each sends and receives one range of pieces per level") {
  const RankTree tree(64, 16);
  for (int r = 0; r < 16; ++r) {
    const auto levels = tree.levels(r);
    REQUIRE(levels.size() == 4);
    int half = tree.pieces() / 2;
    for (const auto& level : levels) {
      REQUIRE(level.size() == 2);
      CHECK(level[0].sends != level[1].sends);
      for (const auto& m : level) CHECK(m.end - m.first == half);
      half /= 2;
    }
  }
}

TEST_CASE("No shards, or no ranks, is an error") {
  CHECK_THROWS_WITH(RankTree(0, 1), Contains("0 shards cannot be divided among 1 ranks"));
  CHECK_THROWS_AS(RankTree(1, 0), ValueError);
}

}  // namespace rank_tree_test
