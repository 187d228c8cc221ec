#include <cmath>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/observe/memory_gates.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>
#include <map>
#include <string>

#include "catch.hpp"

namespace memory_gates_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

constexpr int T = 40, B = 3, I = 2, H = 16;

Array inputs() { return normal({T, B, I}, Key{1}.named("x"), 0, 1, f64); }

std::vector<MemoryGate> memories(const std::string& cell) {
  Params w{{.dtype = f64}};
  return memory_gates(*make_cell(cell, w / "cell", {I, H}), inputs());
}

/// Of units that keep these rates.
MemoryGate with_rates(const std::vector<double>& rates) {
  Array a = Array::empty({static_cast<int>(rates.size())}, f64);
  for (std::size_t k = 0; k < rates.size(); ++k) a.set_flat(static_cast<std::int64_t>(k), rates[k]);
  return {.name = "f", .field = "c", .rate_of_units = a, .time_scales = {}};
}

}  // namespace

TEST_CASE("The memory gate of an LSTM is f, exactly, with any forget bias") {
  for (const char* cell : {"lstm", "lstm:forget_bias=-3", "lstm:forget_bias=4"}) {
    INFO(cell);
    const auto all = memories(cell);
    REQUIRE(all.size() == 1);  // o does not multiply h, although both are small where f is
    CHECK(all[0].name == "f");
    CHECK(all[0].field == "c");
    CHECK_FALSE(all[0].complement);
    CHECK(all[0].misfit < 1e-12);
  }
}

TEST_CASE("The memory gate of a GRU is z, that of a minimal GRU is 1 - z, and cells without gates have none") {
  const auto gru = memories("gru");
  REQUIRE(gru.size() == 1);
  CHECK(gru[0].name == "z");
  CHECK_FALSE(gru[0].complement);
  CHECK(gru[0].misfit > 0);
  const auto course = memories("gru-course");
  REQUIRE(course.size() == 1);
  CHECK(course[0].name == "z");
  CHECK(course[0].complement);
  const auto minimal = memories("mingru");
  REQUIRE(minimal.size() == 1);
  CHECK(minimal[0].name == "z");
  CHECK(minimal[0].complement);
  CHECK(minimal[0].misfit < 1e-12);
  CHECK(memories("rnn").empty());
}

TEST_CASE("Each layer of a stack has its own memory gate") {
  Params w{{.dtype = f64}};
  const auto all = memory_gates(*make_stack("lstm", w / "stack", {I, H}, 2), inputs());
  REQUIRE(all.size() == 2);
  for (const MemoryGate& g : all) CHECK(g.name.substr(0, g.name.size() - 1) == g.field.substr(0, g.field.size() - 1));
}

TEST_CASE("Each head has its own memory gate, which the first step does not close, and no input gate is one") {
  std::map<std::string, int> of_field;
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("slstm:heads=4", w / "cell", {I, H});
  const Array x = normal({T, 4, I}, Key{1}.named("x"), 0, 1, f64);  // as many rows as a head has units
  for (const MemoryGate& g : memory_gates(*cell, x)) {
    INFO(g.name << " of " << g.field);
    ++of_field[g.field];
    CHECK(g.name == "head" + std::to_string(g.from / 4 + 1) + "/f");
    if (g.field == "m") continue;  // the maximum of two, of which f is nearly the derivative where it is open
    CHECK(g.misfit < 1e-12);
    CHECK(g.time_scales.most > 10);  // F is zero in the first step, before anything is written
    CHECK(std::isfinite(g.time_scales.most));
  }
  CHECK(of_field["c"] == 4);
  CHECK(of_field["n"] == 4);
  CHECK(of_field["h"] == 0);
}

TEST_CASE("All values that fit a field are given on request, each with its better reading, the nearest first") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("janet", w / "cell", {I, H});
  const auto all = memory_gates(*cell, inputs(), {}, {.best = false});
  REQUIRE(all.size() == 2);
  CHECK(all[0].misfit <= all[1].misfit);
  for (const MemoryGate& g : all) CHECK(g.complement == (g.name == "i"));  // f, and 1 - i, which is like it
  const auto best = memory_gates(*cell, inputs());
  REQUIRE(best.size() == 1);
  CHECK(best[0].name == all[0].name);
}

TEST_CASE("The rates of a memory gate are means of its logarithm, and its time scales follow") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("mingru", w / "cell", {I, H});
  const MemoryGate g = memory_gates(*cell, inputs())[0];
  for (const GateSummary& z : gates(*cell, inputs()))
    if (z.name == "z") CHECK(g.rate_of_units.size() == z.units);
  CHECK(g.time_scales.least <= g.time_scales.median);
  double longest = 0;
  for (int i = 0; i < H; ++i) longest = std::max(longest, -1 / g.rate_of_units.at({i}));
  CHECK(g.time_scales.most == Approx(longest).epsilon(1e-14));
}

TEST_CASE("The rate of a gate alone is that of its units, and over long lags that of the slowest") {
  CHECK(with_rates({-.1, -.1, -.1}).alone(10, 100) == Approx(-.1).epsilon(1e-12));
  const double both = with_rates({-.01, -2}).alone(10, 100);
  CHECK(both == Approx(-.01).epsilon(1e-6));
  const double early = with_rates({-.1, -.2}).alone(0, 10);  // the slope of ln sqrt((e^-.2l + e^-.4l) / 2)
  CHECK(early < -.1);
  CHECK(early > -.15);
  CHECK(with_rates({-INFINITY, -.3}).alone(0, 10) > -.4);
  CHECK(with_rates({-INFINITY}).alone(0, 10) == -INFINITY);
  CHECK_THROWS_WITH(with_rates({-.1}).alone(5, 5), Contains("lags 5 to 5"));
}

TEST_CASE("Options of memory gates are checked") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("lstm", w / "cell", {I, H});
  CHECK_THROWS_WITH(memory_gates(*cell, inputs(), {}, {.probes = 0}), Contains("at least one step"));
  CHECK_THROWS_WITH(memory_gates(*cell, inputs(), {}, {.misfit = -1}), Contains("at least 0"));
  CHECK(memory_gates(*make_cell("gru", w / "gru", {I, H}), inputs(), {}, {.misfit = 0}).empty());
}

}  // namespace memory_gates_test
