#include <cmath>
#include <ebb/nn/params.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/optim/average.hpp>
#include <ebb/optim/early_stopping.hpp>

#include "catch.hpp"

namespace early_stopping_test {

using namespace ebb;

TEST_CASE("Early stopping stops after its patience and restores the best parameters") {
  Params w;
  const Param p = (w / "").vector("p", 3, zero_init);
  EarlyStopping stop{w, {.patience = 2}};
  const double losses[] = {5, 3, 4, NAN, 3.5};
  int seen = 0;
  for (; !stop && seen < 5; ++seen) {
    w.edit()[p].fill(seen);
    stop.update(losses[seen]);
  }
  CHECK(seen == 5);  // the third evaluation without improvement stops it
  CHECK(bool(stop));
  CHECK(stop.best() == 3);
  CHECK(stop.best_at() == 1);
  stop.restore();
  CHECK(p.value().at({2}) == 1);
}

TEST_CASE("An improvement that is too small does not count") {
  Params w;
  (w / "").vector("p", 3);
  EarlyStopping stop{w, {.patience = 0, .least = .5}};
  stop.update(2);
  CHECK_FALSE(bool(stop));
  stop.update(1.6);
  CHECK(bool(stop));
  CHECK(stop.best() == 2);
  EarlyStopping never{w};
  never.restore();
  CHECK(std::isinf(never.best()));
  CHECK_THROWS_AS(EarlyStopping(w, {.patience = -1}), ValueError);
}

TEST_CASE("Losses below zero improve by falling by at least the minimum") {
  Params w;
  const Param p = (w / "").vector("p", 1, zero_init);
  EarlyStopping stop{w, {.patience = 1, .least = .1}};
  double losses[] = {-1, -.95, -1.2, -1.25, -1.29};
  for (int k = 0; k < 5; ++k) {
    CHECK_FALSE(bool(stop));
    w.edit()[p].fill(k);
    stop.update(losses[k]);
  }
  CHECK(bool(stop));
  CHECK(stop.best() == -1.2);
  stop.restore();
  CHECK(p.value().item() == 2);
}

TEST_CASE("Averaged weights are the mean over the updates so far, and are swapped in and out") {
  Params w{{.dtype = f64}};
  const Param p = (w / "").vector("p", 1, zero_init);
  AverageWeights all{w, 1}, recent{w, .5};
  CHECK_THROWS_AS(all.swap(), ValueError);
  const auto next = [&](double x) {
    w.edit()[p].fill(x);
    all.update();
    recent.update();
  };
  next(1);
  next(3);
  next(8);
  CHECK(all.flat().at_flat(0) == Approx(4));
  CHECK(recent.flat().at_flat(0) == Approx(.5 * 2 + .5 * 8));
  all.swap();
  CHECK(p.value().item() == Approx(4));
  all.swap();
  CHECK(p.value().item() == 8);
  CHECK_THROWS_AS(AverageWeights(w, 1.5), ValueError);
}

}  // namespace early_stopping_test
