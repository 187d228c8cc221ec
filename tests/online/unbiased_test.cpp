#include <cmath>
#include <ebb/nn/cell_list.hpp>
#include <ebb/ops/error.hpp>

#include "catch.hpp"
#include "online_run.hpp"

/// Unbiased estimates of the gradient: 20 fixed projections of the mean over many draws. The long form, with 10,000
/// draws: test_online "[long]".
namespace unbiased_test {

using namespace ebb;
using test::OnlineRun;

namespace {

constexpr int projections = 20;

/// The largest distance of a mean from the exact projection, in standard errors.
double largest_distance(const std::string& cell, const std::string& method, int draws) {
  const OnlineRun run(cell);
  const StepMap map(*run.cell, run.w, run.x[0]);
  const auto influence = make_influence(method, map, OnlineRun::B);
  const Array directions = normal({map.count(), projections}, Key{5}.named("projections"), 0, 1, f64);
  const Array exact = matmul(run.vector_of("rtrl").reshape({1, map.count()}), directions);
  std::vector<double> sum(projections), squares(projections);
  for (int draw = 0; draw < draws; ++draw) {
    influence->reset();  // the signs go on
    const Array g = run.vector_along(
        map, [&](const StepPoint& at) { return influence->advance(at); },
        [&](const Array& v) { return influence->gradient(v); });
    const Array p = matmul(g.reshape({1, map.count()}), directions) - exact;
    for (std::size_t k = 0; k < projections; ++k) {
      const double x = p.at_flat(static_cast<std::int64_t>(k));
      sum[k] += x;
      squares[k] += x * x;
    }
  }
  double largest = 0;
  for (std::size_t k = 0; k < projections; ++k) {
    const double mean = sum[k] / draws, error = std::sqrt((squares[k] / draws - mean * mean) / (draws - 1));
    largest = std::max(largest, std::abs(mean) / error);
  }
  return largest;
}

}  // namespace

TEST_CASE("UORO and KF-RTRL are unbiased") {
  for (const char* method : {"uoro", "kf-rtrl"})
    for (const char* cell : {"rnn", "gru"}) {
      INFO(method << ", " << cell);
      CHECK(largest_distance(cell, method, 200) < 4);
    }
}

TEST_CASE("UORO and KF-RTRL are unbiased over 10,000 draws", "[.][long][slow][science]") {
  for (const char* method : {"uoro", "kf-rtrl"})
    for (const char* cell : {"rnn", "gru", "lstm"}) {
      INFO(method << ", " << cell);
      CHECK(largest_distance(cell, method, 10'000) < 4);
    }
}

TEST_CASE("Draws of UORO and KF-RTRL depend on the seed") {
  const OnlineRun run("rnn");
  for (const char* method : {"uoro", "kf-rtrl"}) {
    CHECK(run.error_of(run.vector_of(method, 1), run.vector_of(method, 2)) > 1e-3);
    CHECK(run.error_of(run.vector_of(method, 1), run.vector_of(method, 1)) == 0);
  }
}

}  // namespace unbiased_test
