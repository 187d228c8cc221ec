#include <algorithm>
#include <cmath>
#include <ebb/experiments/studies/observe/measure.hpp>
#include <ebb/experiments/studies/observe/values.hpp>

#include "catch.hpp"

namespace observe_sentences_test {

TEST_CASE("the sentence about attribution counts the readout apart from the last steps") {
  using namespace ebb::app::observe;
  const std::vector<const MeasureEntry*> all = measure_list();
  const auto entry =
      std::find_if(all.begin(), all.end(), [](const auto* e) { return std::string(e->name) == "attribution"; });
  REQUIRE(entry != all.end());
  Subject s;
  s.name = "gru";
  Values v;
  v["steps"] = {100};
  v["times"] = {-1, 0, 50, 90};
  v["share U"] = {0, .1, .1, .2};
  v["share out/W"] = {.5, 0, 0, .1};
  const auto measure = (*entry)->make();
  CHECK(
      measure->sentence({s, v}) ==
      "gru: 30 % of the gradient comes from the last tenth of the steps, 50 % from parameters used outside the steps, "
      "such as those of the readout.");
  v["share out/W"] = {0, 0, .5, .1};
  CHECK(measure->sentence({s, v}) == "gru: 30 % of the gradient comes from the last tenth of the steps.");
  v["share U"][3] = NAN;
  CHECK(measure->sentence({s, v}) == "gru: the gradient is infinite or NaN, so that no step has a share of it.");
  v = {};
  v["steps"] = {2};  // the last step, if a tenth is less than one
  v["times"] = {0, 1};
  v["share U"] = {.25, .75};
  CHECK(measure->sentence({s, v}) == "gru: 75 % of the gradient comes from the last tenth of the steps.");
}

TEST_CASE("the sentence about fixed points has the dimensions of manifolds") {
  using namespace ebb::app::observe;
  const std::vector<const MeasureEntry*> all = measure_list();
  const auto entry =
      std::find_if(all.begin(), all.end(), [](const auto* e) { return std::string(e->name) == "fixed_points"; });
  REQUIRE(entry != all.end());
  Subject s;
  s.name = "integrator";
  Values v;
  v["starts"] = {20};
  v["ends.fixed"] = {20};
  v["ends.slow"] = v["ends.unfinished"] = v["ends.not_finite"] = {0};
  v["manifolds.dimension"] = {16, 1};
  CHECK_THAT(
      (*entry)->make()->sentence({s, v}),
      Catch::Matchers::Contains("0 isolated fixed points, 2 manifolds of fixed points, of dimension 16, 1, from"));
}

TEST_CASE("the sentence about exponents states what their error allows") {
  ebb::app::observe::Subject s;
  s.name = "gru";
  const auto sentence = [&](double value, double error) {
    ebb::app::observe::Values v;
    v["exponents"] = {value};
    v["errors"] = {error};
    v["state_size"] = {8};
    v["lost"] = {0};
    return ebb::Registry<ebb::app::observe::MeasureEntry>::get("lyapunov").make()->sentence({s, v});
  };
  using Catch::Matchers::Contains;
  CHECK_THAT(sentence(-.022, .0273), Contains("between -0.0766 and 0.0326") && Contains("10⁻³·³ to 10¹·⁴"));
  CHECK_THAT(sentence(1e-16, 1e-16), Contains("neither vanish nor explode"));
  CHECK_THAT(sentence(-.1, .001), Contains("a gradient halves every 6.931 steps"));
}

}  // namespace observe_sentences_test
