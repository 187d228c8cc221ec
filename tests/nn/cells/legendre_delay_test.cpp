#include <ebb/nn/cells/legendre_delay.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/matmul.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace legendre_delay_test {

using namespace ebb;

TEST_CASE("The matrices of the Legendre memory are PyTorch's") {
  const nlohmann::json parameters = test::golden("lmu.json")["cases"][0]["parameters"];
  const detail::LegendreDelay d = detail::legendre_delay(5, 7.5);
  CHECK(test::error_of(d.A, test::array_of(parameters["A"])) < 1e-13);
  CHECK(test::error_of(d.B, test::array_of(parameters["B"])) < 1e-13);
}

TEST_CASE("A constant signal is the first Legendre polynomial") {
  for (const int order : {1, 2, 16, 256}) {
    CAPTURE(order);
    const detail::LegendreDelay d = detail::legendre_delay(order, 784);
    Array m = Array::zeros({1, order}, f64);
    m.set_flat(0, 1);
    CHECK(test::error_of(matmul(m, d.A) + d.B, m) < 1e-10);
  }
}

TEST_CASE("The memory holds the signal of the last theta steps") {
  constexpr int order = 12, theta = 50;
  const detail::LegendreDelay d = detail::legendre_delay(order, theta);
  Array m = Array::zeros({1, order}, f64);
  const auto signal = [](double t) { return std::sin(t / 9) + .5 * std::cos(t / 17); };
  for (int t = 0; t < 400; ++t) m = matmul(m, d.A) + d.B * signal(t);
  for (const double back : {0., .2, .5, .9, 1.}) {
    double sum = 0, before = 0, p = 1;  // shifted Legendre polynomials by their recurrence
    for (int k = 0; k < order; ++k) {
      sum += m.at({0, k}) * p;
      const double next = ((2 * k + 1) * (2 * back - 1) * p - k * before) / (k + 1);
      before = p;
      p = next;
    }
    CAPTURE(back);
    CHECK(std::abs(sum - signal(399.5 - back * theta)) < .05);  // held constant during a step: half a step late
  }
}

TEST_CASE("An order or a window below one is rejected") {
  CHECK_THROWS_AS(detail::legendre_delay(0, 10), ValueError);
  CHECK_THROWS_AS(detail::legendre_delay(4, .5), ValueError);
  CHECK_THROWS_AS(detail::legendre_delay(4, NAN), ValueError);
}

}  // namespace legendre_delay_test
