#include "catch.hpp"

#include <chrono>
#include <ebb/autograd/profile.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/random.hpp>
#include <optional>

namespace profile_scopes_test {

using namespace ebb;

namespace {

using Clock = std::chrono::steady_clock;

/// An update in four shards.
struct Sharded {
  LeafSet set{f64};
  Leaf W = set.add("W", normal({8, 8}, Key{1}, 0, .3, f64));
  Array x = normal({64, 8}, Key{2}, 0, 1, f64);
  Result run() const {
    return backward(set, {.rows = 64, .dtype = f64, .shards = 4},
                    [&](Shard& s) { return s.sum(square(matmul(s.rows(x), W))); });
  }
};

}  // namespace

TEST_CASE("on one thread no more time is measured than passes, however scopes of two profiles are nested") {
  const Sharded m;
  const int before = threads();
  set_threads(1);
  for (const bool between : {false, true}) {
    Profile p, q;
    const auto began = Clock::now();
    {
      const Profile::Scope outer(p);
      std::optional<Profile::Scope> other, inner;
      if (between) {
        other.emplace(q);
        inner.emplace(p);
      }
      m.run();
      inner.reset();
      other.reset();
    }
    const double passed = std::chrono::duration<double>(Clock::now() - began).count();
    INFO("with another between: " << between);
    CHECK(p.seconds() <= passed);
    CHECK(p.seconds() >= p.by_op().sum().seconds());
    CHECK(p.by_op().sum().calls == 4 * 4);  // rows, matmul, square, sum in each shard
    CHECK(q.by_op().sum().calls == 0);
  }
  set_threads(before);
}

}  // namespace profile_scopes_test
