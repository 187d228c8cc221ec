#include <cmath>
#include <ebb/ops/error.hpp>
#include <ebb/optim/schedule.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace schedule_test {

using namespace ebb;
using nlohmann::json;

TEST_CASE("Schedules have PyTorch's rates at every update") {
  const json goldens = test::golden("schedules.json");
  const double lr = goldens["lr"];
  const std::pair<const char*, Schedule> optimizers[] = {{"step", step_decay(lr, .3, 7)},
                                                         {"exponential", exponential_decay(lr, .9)},
                                                         {"cosine", cosine_decay(lr, 39, .01)},
                                                         {"one_cycle", one_cycle(lr, 41)}};
  for (const auto& [name, rate] : optimizers)
    for (int u = 0; u < 40; ++u) {
      CAPTURE(name, u);
      CHECK(rate(u) == Approx(goldens[name][static_cast<std::size_t>(u)].get<double>()).epsilon(1e-12));
    }
}

TEST_CASE("Plateau reduces the rate where PyTorch's does") {
  const json goldens = test::golden("schedules.json");
  Plateau rate{goldens["lr"], {.factor = .5, .patience = 3, .least = .02}};
  for (std::size_t u = 0; u < 40; ++u) {
    CAPTURE(u);
    CHECK(rate.lr() == Approx(goldens["plateau"][u].get<double>()));
    rate.update(goldens["losses"][u]);
  }
  CHECK(rate.lr() < .5);
}

TEST_CASE("A warm-up rises to the next schedule's first rate, then that schedule follows") {
  const Schedule rate = warm_up(4, step_decay(.8, .5, 3));
  for (int u = 0; u < 4; ++u) CHECK(rate(u) == Approx(.2 * (u + 1)));
  CHECK(rate(4) == Approx(.8));
  CHECK(rate(7) == Approx(.4));
}

TEST_CASE(
    "Noam's rate rises linearly to its maximum at the end of the warm-up and falls with the inverse square root") {
  const Schedule rate = noam(64, 100, 2);
  CHECK(rate(0) == Approx(2. / 8 * std::pow(100., -1.5)));
  CHECK(rate(49) == Approx(50 * rate(0)));
  CHECK(rate(99) == Approx(2. / 8 / 10));
  CHECK(rate(399) == Approx(rate(99) / 2));
}

TEST_CASE("Schedules have the correct final rates") {
  CHECK(cosine_decay(1, 10, .1)(10) == Approx(.1));
  CHECK(cosine_decay(1, 10, .1)(1000) == Approx(.1));
  CHECK(one_cycle(1, 10)(1000) == Approx(1. / 25 / 1e4));
  CHECK(one_cycle(1, 1)(0) <= 1);
}

TEST_CASE("Schedules reject invalid arguments by name") {
  using test::contains;
  using test::message_of;
  CHECK(contains(message_of<ValueError>([] { step_decay(-1, .5, 3); }), "step_decay"));
  CHECK(contains(message_of<ValueError>([] { step_decay(1, .5, 0); }), "updates"));
  CHECK(contains(message_of<ValueError>([] { cosine_decay(1, 0); }), "cosine_decay"));
  CHECK(contains(message_of<ValueError>([] { exponential_decay(1, NAN); }), "factor"));
  CHECK(contains(message_of<ValueError>([] { one_cycle(1, 10, {.rising = 1}); }), "rising"));
  CHECK(contains(message_of<ValueError>([] { noam(0, 10); }), "width"));
  CHECK(contains(message_of<ValueError>([] { Plateau(1, {.factor = 1}); }), "factor"));
}

TEST_CASE("Losses below zero must improve by a fraction of their magnitude") {
  Plateau rate{1, {.factor = .5, .patience = 0, .threshold = .1}};
  rate.update(-1);
  CHECK(rate.update(-.95) == .5);    // worse, although below (1 - threshold) * best
  CHECK(rate.update(-1.05) == .25);  // better, but not by enough
  CHECK(rate.update(-1.11) == .25);
  CHECK(rate.update(-1.11) == .125);
  Plateau flat{1, {.factor = .5, .patience = 2}};
  for (int k = 0; k < 4; ++k) flat.update(-1);
  CHECK(flat.lr() == .5);
}

TEST_CASE("Any loss below zero improves on zero, and a first loss of any sign is the best") {
  Plateau rate{1, {.factor = .5, .patience = 0, .threshold = .1}};
  CHECK(rate.update(0) == 1);
  CHECK(rate.update(-1e-9) == 1);
  CHECK(rate.update(1e-9) == .5);
  Plateau large{1, {.factor = .5, .patience = 0, .threshold = 2}};
  CHECK(large.update(-5) == 1);
  CHECK(large.update(-14) == .5);
  CHECK(large.update(-16) == .5);
}

}  // namespace schedule_test
