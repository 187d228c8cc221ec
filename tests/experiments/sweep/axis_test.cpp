#include <ebb/experiments/sweep/space.hpp>
#include <ebb/ops/error.hpp>

#include "catch.hpp"
#include "message_of.hpp"

namespace axis_test {

using namespace ebb::app::sweep;
using Words = std::vector<std::string>;

namespace {

Words values(const std::string& text, bool whole = false) {
  Axis axis = parse_axes(text).at(0);
  axis.whole = whole;
  return grid_values(axis);
}

std::string rejected(const std::string& text) {
  return test::message_of<ebb::ValueError>([&] { parse_axes(text); });
}

}  // namespace

TEST_CASE("an axis is a list of words, in which a cell keeps its options, or a range") {
  const auto axes = parse_axes("cell=rnn,lstm:forget_bias=2,bias=1 ; --lr=1e-4:1e-2:log:5;clip=0:5");
  REQUIRE(axes.size() == 3);
  CHECK(axes[0].option == "cell");
  CHECK(axes[0].words == Words{"rnn", "lstm:forget_bias=2,bias=1"});
  CHECK(!axes[0].is_number());
  CHECK(axes[1].option == "lr");
  REQUIRE(axes[1].range);
  CHECK(axes[1].range->low == 1e-4);
  CHECK(axes[1].range->high == 1e-2);
  CHECK(axes[1].range->log);
  CHECK(axes[1].range->count == 5);
  CHECK(axes[2].range->count == 0);
  CHECK(!axes[2].range->log);
  CHECK(parse_axes("").empty());
}

TEST_CASE("a range in a grid has equal distances, of logarithms if it is logarithmic, and keeps its ends") {
  CHECK(values("lr=1e-4:1e-2:log:5") == Words{"0.0001", "0.0003162", "0.001", "0.003162", "0.01"});
  CHECK(values("lr=0.123456:1:2") == Words{"0.123456", "1"});
  CHECK(values("dropout=0:.5:6") == Words{"0", "0.1", "0.2", "0.3", "0.4", "0.5"});
  CHECK(values("hidden=16:256:log:5", true) == Words{"16", "32", "64", "128", "256"});
  CHECK(values("hidden=16:256:log:4", true) == Words{"16", "40", "102", "256"});
  CHECK(values("layers=1:4:log:8", true) == Words{"1", "2", "3", "4"});  // 1, 1.2, 1.5, 1.8, 2.2, 2.7, 3.3, 4
  CHECK(values("hidden=8,64,32") == Words{"8", "64", "32"});
}

TEST_CASE("numbers that grow by factors are drawn on a logarithmic axis") {
  const auto is_log = [](const char* text) { return parse_axes(text)[0].is_log(); };
  CHECK(is_log("lr=1e-4,1e-3,1e-2"));
  CHECK(is_log("hidden=16,64,256"));
  CHECK(is_log("lr=1e-4:1e-2:log:3"));
  CHECK(!is_log("lr=1e-4:1e-2:3"));
  CHECK(!is_log("layers=1,2,3"));
  CHECK(!is_log("dropout=0,.1,.5"));
  CHECK(!is_log("cell=rnn,lstm,gru"));
}

TEST_CASE("an axis that cannot be meant is rejected with the reason") {
  using test::contains;
  CHECK(contains(rejected("cell"), "--grid cell: expected NAME=VALUES"));
  CHECK(contains(rejected("=3"), "expected NAME=VALUES"));
  CHECK(contains(rejected("cell=rnn,,gru"), "has an empty entry"));
  CHECK(contains(rejected("cell=rnn,gru,rnn"), "the value rnn occurs twice"));
  CHECK(contains(rejected("lr=1e-3,.001"), "occurs twice"));
  CHECK(contains(rejected("lr=1e-2:1e-4"), "0.01 is not below 0.0001"));
  CHECK(contains(rejected("lr=0:1:log"), "must begin above 0"));
  CHECK(contains(rejected("lr=1:2:1"), "COUNT must be from 2"));
  CHECK(contains(rejected("lr=1:2:ln:3"), "a range is LOW:HIGH"));
  CHECK(contains(rejected("lr=1:2:log:3:4"), "a range is LOW:HIGH"));
  CHECK(contains(rejected("lr=1:2:-3"), "a range is LOW:HIGH"));
  CHECK(contains(rejected("lr=1,2;cell=rnn;lr=3"), "lr is given twice"));
  CHECK(contains(test::message_of<ebb::ValueError>([] { values("lr=1e-4:1e-2:log"); }),
                 "--grid lr=0.0001:0.01:log: a grid needs the number of values, such as lr=0.0001:0.01:log:5"));
}

TEST_CASE("a value that is drawn lies in its range, whatever the share") {
  Axis lr = parse_axes("lr=1e-4:1e-2:log")[0], hidden = parse_axes("hidden=3:5")[0];
  hidden.whole = true;
  CHECK(value_at(lr, 0) == "0.0001");
  CHECK(value_at(lr, .5) == "0.001");
  CHECK(value_at(lr, 1 - 1e-16) == "0.01");
  CHECK(value_at(hidden, 0) == "3");
  CHECK(value_at(hidden, .333) == "3");
  CHECK(value_at(hidden, .334) == "4");
  CHECK(value_at(hidden, .999) == "5");
  CHECK(value_at(parse_axes("cell=rnn,lstm,gru")[0], .5) == "lstm");
  CHECK(value_at(parse_axes("lr=1e-4:1e-2:log:3")[0], .25) == "0.0003162");  // between the values of the grid
}

}  // namespace axis_test
