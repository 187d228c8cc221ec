#include <algorithm>
#include <cmath>
#include <ebb/experiments/studies/observe/plane.hpp>
#include <ebb/experiments/studies/observe/values.hpp>
#include <ebb/ops/random.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace plane_test {

using namespace ebb;
using ebb::app::observe::leading_direction;
using ebb::app::observe::Plane;
using ebb::app::observe::Values;

TEST_CASE("states along a line are kept by the plane, with their distances") {
  constexpr int N = 20, S = 5;
  Array states = Array::zeros({N, S}, f64);
  for (int n = 0; n < N; ++n)
    for (int k = 0; k < 2; ++k) states.set_flat(std::int64_t{n} * S + k, 3 + n * (k == 0 ? 3. : 4.));
  const Plane plane(states);
  CHECK(plane.share() == Approx(1).epsilon(1e-9));
  const auto [x0, y0] = plane.of_state(states[0]);
  const auto [x1, y1] = plane.of_state(states[1]);
  CHECK(std::hypot(x1 - x0, y1 - y0) == Approx(5));
  CHECK(std::abs(y1 - y0) < 1e-6);  // the first component is along the line
  Array across = Array::zeros({S}, f64);
  across.set_flat(0, 4);
  across.set_flat(1, -3);
  CHECK(std::abs(plane.of_direction(across).first) < 1e-6);
}

TEST_CASE("the share of the plane is that of its two components") {
  Array states = normal({4000, 3}, Key{1}, 0, 1, f64);
  const double deviation[] = {3, 2, 1};
  for (int k = 0; k < 12000; ++k) states.set_flat(k, states.at_flat(k) * deviation[k % 3]);
  CHECK(Plane(states).share() == Approx(13. / 14).margin(.01));
  CHECK(Plane(Array::full({3, 2}, 7, f64)).share() == 1);
  const Array one = Array::from({3, 1}, {1, 2, 4}, f64);
  CHECK(std::abs(Plane(one).of_state(one[2]).first - Plane(one).of_state(one[0]).first) == Approx(3));
}

TEST_CASE("the leading direction of a matrix is found if its eigenvalue is real") {
  const Array J = Array::from({2, 2}, {.5, 0, 1, 2}, f64);  // eigenvalue 2 along (0, 1)
  const Array v = leading_direction(J);
  REQUIRE(v);
  CHECK(std::abs(v.at({0})) < 1e-5);
  CHECK(std::abs(v.at({1})) == Approx(1));
  const double c = std::cos(.5), s = std::sin(.5);
  CHECK_FALSE(leading_direction(Array::from({2, 2}, {c, -s, s, c}, f64)));
  CHECK_FALSE(leading_direction(Array::zeros({2, 2}, f64)));
}

TEST_CASE("ebb observe draws fixed points among the states, and maps over pairs of steps with and without a loss") {
  TempFolder folder;
  const Outcome o =
      ebb_command({"observe", "--quick", "--seeds", "1", "--cell", "rnn", "--hidden", "4", "--task", "adding",
                   "--length", "40", "--measure", "fixed_points,map,jacobians", "--out", folder / "out"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  const Values points = Values::read(folder / "out/observed-fixed_points-1.json");
  const std::size_t n = points.at("plane.states.x").size();
  CHECK(n == 2 * 41);
  CHECK(points.at("plane.stable.x").size() ==
        static_cast<std::size_t>(
            std::count(points.at("points.unstable").begin(), points.at("points.unstable").end(), 0)));
  const Values map = Values::read(folder / "out/observed-map-1.json");
  CHECK(map.number("of_loss") == 0);  // the task has a target at the last step only
  const std::vector<double>&times = map.at("times"), &norms = map.at("log_norms");
  REQUIRE(norms.size() == times.size() * times.size());
  CHECK(std::abs(norms[0]) < 1e-12);  // ds_0/ds_0
  CHECK(std::isnan(norms[1]));        // of a later step
  for (const char* title : {"Fixed points of rnn", "Over pairs of steps", "Eigenvalues of one step"}) {
    INFO(title);
    CHECK(read_all(folder / "out/report.html").find(title) != std::string::npos);
  }

  const Outcome p = ebb_command({"observe", "--quick", "--seeds", "1", "--cell", "gru", "--hidden", "4", "--task",
                                 "chars", "--length", "30", "--measure", "map", "--out", folder / "chars"});
  INFO(p.err);
  REQUIRE(p.code == 0);
  const Values of_loss = Values::read(folder / "chars/observed-map-1.json");
  CHECK(of_loss.number("of_loss") == 1);
  CHECK(of_loss.at("times").front() == 1);
  CHECK(std::isfinite(of_loss.at("log_norms")[0]));
}

}  // namespace plane_test
