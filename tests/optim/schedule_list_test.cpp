#include <ebb/ops/error.hpp>
#include <ebb/optim/schedule_list.hpp>

#include "catch.hpp"
#include "message_of.hpp"

namespace schedule_list_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

Schedule halving(GivenOptions& o, const ScheduleSpan& s) {
  return step_decay(s.lr, .5, o.whole("every", 10, 1, 1'000'000, "updates from one halving to the next"));
}
EBB_SCHEDULE_NAMED(test_halving, "test-halving", halving, "halves the rate periodically");

std::string rejection(const std::string& text) {
  return message_of<ValueError>([&] { make_schedule(text, .5, 100); });
}

void same_rates(const std::string& text, const Schedule& wanted) {
  CAPTURE(text);
  const Schedule rate = make_schedule(text, .5, 100);
  for (int u = 0; u < 120; ++u) {
    CAPTURE(u);
    CHECK(rate(u) == wanted(u));  // bitwise equal
  }
}

}  // namespace

TEST_CASE("A schedule created by name equals the function of that name over the run") {
  same_rates("constant", [](std::int64_t) { return .5; });
  same_rates("cosine", cosine_decay(.5, 100));
  same_rates("cosine:least=.125", cosine_decay(.5, 100, .125));
  same_rates("cosine:60,least=1e-1", cosine_decay(.5, 60, .1));
  same_rates("one-cycle", one_cycle(.5, 100));
  same_rates("one-cycle:rising=.5,start_divisor=10", one_cycle(.5, 100, {.rising = .5, .start_divisor = 10}));
  same_rates("step:factor=.25,every=30", step_decay(.5, .25, 30));
  same_rates("exponential:factor=.9", exponential_decay(.5, .9));
  same_rates("linear", linear_decay(.5, 100));
  same_rates("test-halving:every=7", step_decay(.5, .5, 7));
}

TEST_CASE("Schedules joined by + run one after another, each from its own first update") {
  same_rates("warmup:20+cosine", warm_up(20, cosine_decay(.5, 80)));
  same_rates("warmup:updates=20+cosine:50,least=1e-2", warm_up(20, cosine_decay(.5, 50, .01)));
  same_rates("warmup:20", warm_up(20, step_decay(.5, 1, 1)));
  const Schedule down = cosine_decay(.5, 30), rest = cosine_decay(.5, 70);
  same_rates("cosine:30+cosine", [=](std::int64_t u) { return u < 30 ? down(u) : rest(u - 30); });
  const Schedule end = linear_decay(.5, 50, 1e+0);
  same_rates("warmup:20+constant:30+linear:least=1e+0", [=](std::int64_t u) {
    return u < 20 ? static_cast<double>(u + 1) / 20 * .5 : u < 50 ? .5 : end(u - 50);
  });
}

TEST_CASE("With noam the rate rises linearly to its maximum and falls with the inverse square root, for any width") {
  const Schedule rate = make_schedule("noam:warm=25", .5, 100);
  CHECK(rate(24) == Approx(.5));
  CHECK(rate(11) == Approx(.5 * 12 / 25));
  CHECK(rate(99) == Approx(.25));
}

TEST_CASE("Every schedule is listed with its options, and its rates are finite and not negative") {
  const std::vector<std::string> names = Registry<ScheduleEntry>::names();
  for (const char* wanted : {"constant", "cosine", "linear", "noam", "one-cycle", "step", "warmup"})
    CHECK(std::count(names.begin(), names.end(), wanted) == 1);
  for (const std::string& name : names) {
    CAPTURE(name);
    REQUIRE_FALSE(schedule_options(name).empty());
    CHECK(schedule_options(name)[0].name == "updates");
    for (const int updates : {1, 2, 50})
      for (int u = 0; u < 60; ++u) {
        const double rate = make_schedule(name, .5, updates)(u);
        CHECK((std::isfinite(rate) && rate >= 0));
      }
  }
}

TEST_CASE("An invalid schedule is rejected by name") {
  CHECK(contains(rejection("cosin"),
                 "there is no schedule 'cosin'; did you mean 'cosine'?; the schedules are constant, cosine,"));
  CHECK(contains(rejection("cosine:lest=1"), "cosine: there is no option 'lest'; did you mean 'least'?"));
  CHECK(contains(rejection("cosine:least=-1"), "cosine_decay: the minimum rate must be finite and not negative"));
  CHECK(contains(rejection("warmup+cosine"), "warmup: the number of updates is required"));
  CHECK(contains(rejection("warmup:2.5+cosine"), "warmup: option updates: '2.5' is not an integer"));
  CHECK(contains(rejection("cosine:50+"), "there is no schedule ''"));
  CHECK(contains(rejection("+cosine"), "there is no schedule ''"));
}

}  // namespace schedule_list_test
