#include <cmath>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/optim/sgd.hpp>
#include <limits>

#include "../nn/arrays.hpp"
#include "catch.hpp"

namespace bounds_test {

using namespace ebb;

TEST_CASE("Bounds of a parameter are enforced after each update, and parameters without bounds are not clamped") {
  Params w{{.dtype = f64}};
  const Param bounded = (w / "").vector("bounded", 4, zero_init).within(-1, .5),
              free = (w / "").vector("free", 4, zero_init);
  Sgd sgd(w, {.lr = 1});
  const Array pull = Array::from({4}, {3, -3, .25, std::numeric_limits<double>::quiet_NaN()}, f64);
  Tape tape{{.dtype = f64}};
  sgd.step(tape.backward(sum((bounded + free) * constant(pull))));
  CHECK(bounded.value().at_flat(0) == -1);
  CHECK(bounded.value().at_flat(1) == .5);
  CHECK(bounded.value().at_flat(2) == -.25);
  CHECK(bounded.value().at_flat(3) != bounded.value().at_flat(3));
  CHECK(free.value().at_flat(0) == -3);
  CHECK_THROWS_AS(free.within(1, -1), ValueError);
}

TEST_CASE("The recurrent weights of IndRNN stay within the bound given by its memory") {
  Params w{{.seed = 2}};
  make_cell("indrnn:steps=10,layer=last", w / "rnn", {2, 50});
  const Leaf u = w.find("rnn/u");
  CHECK(u.high() == Approx(std::pow(2, .1)));
  CHECK(u.low() == -u.high());
  for (int k = 0; k < 50; ++k) {
    CHECK(u.value().at_flat(k) >= Approx(1 / u.high()));
    CHECK(u.value().at_flat(k) <= Approx(u.high()));
  }
}

}  // namespace bounds_test
