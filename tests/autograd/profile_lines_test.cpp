#include "catch.hpp"

#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/profile.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/ops/random.hpp>
#include <map>

namespace profile_lines_test {

using namespace ebb;

namespace {

unsigned here(std::source_location where = std::source_location::current()) { return where.line(); }

std::map<unsigned, std::int64_t> calls_by_line(const Profile& p) {
  std::map<unsigned, std::int64_t> calls;
  for (const ProfileRow& r : p.by_line().rows) {
    if (r.calls == 0) continue;
    INFO(r.place());
    CHECK(r.place() == "profile_lines_test.cpp:" + std::to_string(r.line));
    calls[r.line] += r.calls;
  }
  return calls;
}

}  // namespace

TEST_CASE("what a shard and a step's context compute has the line of the loss function that called them") {
  LeafSet set{f64};
  const Leaf W = set.add("W", normal({3, 3}, Key{1}, 0, .3, f64));
  const Array x = normal({2, 5, 3}, Key{2}, 0, 1, f64), first = normal({5, 3}, Key{3}, 0, 1, f64);
  const StateArrays carried{{"h"}, {first}};
  unsigned line = 0;
  Profile p;
  {
    const Profile::Scope on(p);
    backward(set, {.rows = 5, .dtype = f64, .shards = 1}, [&](Shard& s) {
      line = here();
      const Sequence in = s.sequence(x);
      const Var h = s.take(carried)["h"];
      const Var step = in[1];
      const Var mask = s.context().bernoulli("mask", step, .5);
      const Var noise = s.context().normal("noise", step) + s.context().uniform("more", step);
      const Var y = matmul((h + step) * mask + noise + s.rows(first), W);
      const PartialLoss rows = s.mean_rows(sum(y, {1}));
      const PartialLoss all = s.sum(y);
      return 2 * rows + all;
    });
  }
  const auto calls = calls_by_line(p);
  CHECK(calls == std::map<unsigned, std::int64_t>{{line + 1, 1},
                                                  {line + 2, 1},
                                                  {line + 3, 1},
                                                  {line + 4, 1},
                                                  {line + 5, 3},
                                                  {line + 6, 6},
                                                  {line + 7, 3 + 2},  // the mean over rows, and what is added to it
                                                  {line + 8, 1}});
}

}  // namespace profile_lines_test
