#include <cmath>
#include <ebb/experiments/studies/observe/measure.hpp>
#include <ebb/experiments/studies/observe/values.hpp>

#include "catch.hpp"

namespace observe_sentences_test {

using Catch::Matchers::Contains;
using ebb::app::observe::Values;

namespace {

std::string sentence(const char* measure, const char* subject, const Values& v) {
  ebb::app::observe::Subject s;
  s.name = subject;
  return ebb::Registry<ebb::app::observe::MeasureEntry>::get(measure).make()->sentence({s, v});
}

}  // namespace

TEST_CASE("the sentence about attribution counts the readout apart from the last steps") {
  const auto of = [](const Values& v) { return sentence("attribution", "gru", v); };
  Values v;
  v["steps"] = {100};
  v["times"] = {-1, 0, 50, 90};
  v["share U"] = {0, .1, .1, .2};
  v["share out/W"] = {.5, 0, 0, .1};
  CHECK(of(v) ==
        "gru: 30 % of the gradient comes from the last tenth of the steps, 50 % from parameters used outside the "
        "steps, such as those of the readout.");
  v["share out/W"] = {0, 0, .5, .1};
  CHECK(of(v) == "gru: 30 % of the gradient comes from the last tenth of the steps.");
  v["share U"][3] = NAN;
  CHECK(of(v) == "gru: the gradient is infinite or NaN, so that no step has a share of it.");
  v = {};
  v["steps"] = {2};  // the last step, if a tenth is less than one
  v["times"] = {0, 1};
  v["share U"] = {.25, .75};
  CHECK(of(v) == "gru: 75 % of the gradient comes from the last tenth of the steps.");
}

TEST_CASE("the sentence about fixed points has the dimensions of manifolds") {
  Values v;
  v["starts"] = {20};
  v["ends.fixed"] = {20};
  v["ends.slow"] = v["ends.unfinished"] = v["ends.not_finite"] = {0};
  v["manifolds.dimension"] = {16, 1};
  CHECK_THAT(sentence("fixed_points", "integrator", v),
             Contains("0 isolated fixed points, 2 manifolds of fixed points, of dimension 16, 1, from"));
}

TEST_CASE("the sentence about exponents states what their error allows") {
  const auto of = [](double value, double error) {
    Values v;
    v["exponents"] = {value};
    v["errors"] = {error};
    v["state_size"] = {8};
    v["lost"] = {0};
    return sentence("lyapunov", "gru", v);
  };
  CHECK_THAT(of(-.022, .0273), Contains("between -0.0766 and 0.0326") && Contains("10⁻³·³ to 10¹·⁴"));
  CHECK_THAT(of(1e-16, 1e-16), Contains("neither vanish nor explode"));
  CHECK_THAT(of(-.1, .001), Contains("a gradient halves every 6.931 steps"));
}

}  // namespace observe_sentences_test
