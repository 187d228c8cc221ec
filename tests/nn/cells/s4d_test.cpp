#include <cmath>
#include <complex>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <numbers>

#include "arrays.hpp"
#include "catch.hpp"

namespace s4d_test {

using namespace ebb;

TEST_CASE("S4D answers an impulse with the kernel that its authors convolve with") {
  constexpr int T = 200, H = 2, modes = 32;
  Params w{{.seed = 5, .dtype = f64}};
  const CellPtr cell = make_cell("s4d", w / "", {H, H});
  test::set(w, "Wo", Array::from({H, 2 * H}, {1, 0, 0, 0, 0, 1, 0, 0}, f64));  // v = gelu(y)
  test::set(w, "bo", Array::from({2 * H}, {0, 0, 1000, 1000}, f64));           // sigmoid(g) = 1
  Array impulse = Array::zeros({T, 1, H}, f64);
  impulse.set_flat(0, 1);
  impulse.set_flat(1, 1);
  const Tape tape{{.dtype = f64}};
  const Array h = unroll(*cell, Sequence(constant(impulse)), StepContext{}).all().value();

  const Array log_dt = w.find("log_dt").value(), re = w.find("C_re").value(), im = w.find("C_im").value();
  for (int channel = 0; channel < H; ++channel) {
    const double dt = std::exp(log_dt.at({channel, 0}));
    CHECK((dt >= .001 && dt <= .1));
    for (int t = 0; t < T; ++t) {
      double y = t == 0 ? w.find("D").value().at({channel}) : 0;
      for (int n = 0; n < modes; ++n) {
        const std::complex<double> A(-.5, std::numbers::pi * n), C(re.at({channel, n}), im.at({channel, n}));
        y += 2 * (C * (std::exp(dt * A) - 1.) / A * std::exp(dt * A * static_cast<double>(t))).real();
      }
      CAPTURE(channel, t);
      CHECK(h.at({t, 0, channel}) == Approx(.5 * y * std::erfc(-y / std::numbers::sqrt2)).margin(1e-13));
    }
  }
}

TEST_CASE("S4D rejects an odd state and an empty range of time steps") {
  Params w;
  CHECK_THROWS_AS(make_cell("s4d:states=7", w / "", {2, 2}), ValueError);
  CHECK_THROWS_AS(make_cell("s4d:dt_min=.2", w / "", {2, 2}), ValueError);
}

}  // namespace s4d_test
