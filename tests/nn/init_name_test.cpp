#include <cmath>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/init_name.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/reduce.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace init_name_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

constexpr int I = 3, H = 40;

Array start_of(const char* cell, const char* parameter) {
  Params w{{.seed = 4, .dtype = f64}};
  make_cell(cell, w / "", {I, H});
  return w.find(parameter).value().copy();
}

}  // namespace

TEST_CASE("Any parameter of any cell is initialised as its option says") {
  const Array U = start_of("lstm:init.Wh=orthogonal-gates*2,init.Wx=xavier-uniform,init.b=constant*3", "Wh");
  for (int gate = 0; gate < 4; ++gate) {
    const Array block = U.column_block(gate * H, (gate + 1) * H).copy();
    Array four = matmul(block, block, Trans::no, Trans::yes);
    for (int k = 0; k < H; ++k) four.set_flat(k * (H + 1), four.at_flat(k * (H + 1)) - 4);
    CHECK(largest_magnitude(four) < 1e-12);
  }
  CHECK_FALSE(test::same_bits(U.column_block(0, H).copy(), U.column_block(H, 2 * H).copy()));
  CHECK(start_of("lstm:init.b=constant*3", "b").at_flat(77) == 3);
  CHECK(largest_magnitude(start_of("gru:init.Wx=xavier-uniform", "Wx")) <= std::sqrt(6. / (I + 3 * H)));
  const Array one = start_of("rnn:init.U=identity*.5", "U");
  CHECK(one.at({7, 7}) == .5);
  CHECK(one.at({7, 8}) == 0);
  CHECK(start_of("irnn:init.W=zeros", "W").at_flat(5) == 0);
  CHECK(largest_magnitude(start_of("lem:init.Wy=uniform*.01", "Wy")) <= .01);
  const Array drawn = start_of("cifg:init.Wh=normal*.1", "Wh");
  CHECK(std::abs(sum_of_squares(drawn) / static_cast<double>(drawn.size()) - .01) < .001);
}

TEST_CASE("Invalid initialisers are rejected by name") {
  CHECK(
      contains(message_of<ValueError>([] { start_of("lstm:init.Wh=ortogonal", "Wh"); }), "did you mean 'orthogonal'?"));
  CHECK(contains(message_of<ValueError>([] { start_of("lstm:init.Uh=zeros", "Wh"); }), "did you mean 'init.Wh'?"));
  CHECK(contains(message_of<ValueError>([] { start_of("lstm:init.Wh=normal*x", "Wh"); }), "'x' is not a number"));
  CHECK(contains(message_of<ValueError>([] { start_of("lstm:init.Wh=normal*1e400", "Wh"); }),
                 "'1e400' is not a finite number"));
  CHECK(contains(message_of<ShapeError>([] { start_of("lstm:init.b=orthogonal", "Wh"); }), "orthogonal"));
  CHECK(contains(message_of<ShapeError>([] { start_of("lstm:init.Wx=orthogonal-gates", "Wx"); }), "square blocks"));
}

TEST_CASE("Chrono biases: time scales up to the longest dependency, and the input gate their opposite") {
  const Array lstm = start_of("lstm:chrono=100", "b"), gru = start_of("gru:chrono=100", "b"),
              course = start_of("gru-course:chrono=100", "b");
  double shortest = 1e9, longest = 0;
  for (int k = 0; k < H; ++k) {
    const double forget = lstm.at_flat(H + k), scale = std::exp(forget);  // 1 / (1 - sigmoid(b)) - 1
    CHECK(lstm.at_flat(k) == -forget);
    shortest = std::min(shortest, scale);
    longest = std::max(longest, scale);
    CHECK(gru.at_flat(H + k) == forget);      // drawn with the same name
    CHECK(course.at_flat(H + k) == -forget);  // its z writes
  }
  CHECK(shortest >= 1);
  CHECK(shortest < 20);
  CHECK(longest <= 99);
  CHECK(longest > 80);
  CHECK(lstm.at_flat(2 * H) != 0);  // g and o are unaffected
  CHECK(contains(message_of<ValueError>([] { start_of("lstm:chrono=1", "b"); }), "more than 2 steps"));
}

}  // namespace init_name_test
