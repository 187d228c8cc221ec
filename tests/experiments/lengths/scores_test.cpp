#include <ebb/experiments/lengths/page.hpp>
#include <ebb/experiments/lengths/record.hpp>
#include <ebb/ops/error.hpp>

#include "catch.hpp"

namespace lengths_scores_test {

using namespace ebb::app;
using namespace ebb::app::lengths;
using Catch::Matchers::Contains;

namespace {

CellScores cell_of(const std::string& name, const std::vector<std::vector<double>>& seeds) {
  CellScores c{.cell = name};
  for (const std::vector<double>& values : seeds)
    c.seeds.push_back({.seed = c.seeds.size() + 1, .state = "ended", .seconds = 1, .values = values});
  return c;
}

TaskScores parity() {
  return {.task = "parity",
          .measure = "accuracy",
          .unit = "%",
          .rises = true,
          .trained = 10,
          .lengths = {10, 20, 40},
          .baselines = {50, 50, 50},
          .cells = {cell_of("forgets", {{100, 50, 50}, {100, 60, 50}}),
                    cell_of("counts", {{100, 100, 100}, {99, 98, 90}})}};
}

}  // namespace

TEST_CASE("the colour of a score is its share of the way from the baseline to a perfect model") {
  TaskScores t = parity();
  CHECK(t.perfect() == 100);
  CHECK(t.cells[0].spread(1).mean == 55);
  CHECK(t.share(t.cells[0], 0) == 1);
  CHECK(t.share(t.cells[0], 1) == Approx(.1));
  CHECK(t.share(t.cells[1], 2) == Approx(.9));
  t.cells.push_back(cell_of("worse", {{20, NAN, NAN}}));
  CHECK(t.share(t.cells[2], 0) == 0);
  CHECK(std::isnan(t.share(t.cells[2], 1)));

  SECTION("of a loss, zero is perfect; of a measure that rises without bound, the best") {
    t.rises = false;
    t.unit = "nats";
    CHECK(t.perfect() == 0);
    CHECK(t.share(cell_of("half", {{25, 50, 0}}), 0) == Approx(.5));
    t.rises = true;
    t.cells.erase(t.cells.begin());
    CHECK(t.perfect() == 99.5);
  }
}

TEST_CASE("cells are in the order of their scores beyond the length of training") {
  std::vector<TaskScores> all{parity()};
  CHECK(ranked_cells(all) == std::vector<std::string>{"counts", "forgets"});
  all.push_back(parity());
  all[1].task = "other";
  all[1].cells = {cell_of("forgets", {{50, 100, 100}}), cell_of("counts", {{100, 50, 50}}),
                  cell_of("none", {{NAN, NAN, NAN}})};
  CHECK(ranked_cells(all) == std::vector<std::string>{"forgets", "counts", "none"});  // .525 and .485
}

TEST_CASE("a map has a cell for each score, in letters that stand out from its colour") {
  const TaskScores t = parity();
  const ValueMap map = map_of(t, ranked_cells({t}));
  CHECK(map.rows == std::vector<std::string>{"counts", "forgets", "baseline"});
  CHECK(map.columns == std::vector<std::string>{"10", "20", "40"});
  CHECK(map.texts == std::vector<std::string>{"99.5", "99", "95", "100", "55", "50", "50", "50", "50"});
  const std::string svg = value_map_svg(map);
  CHECK_THAT(svg, Contains("parity: accuracy, % by length") && Contains("fill='#440154'/><text"));
  CHECK_THAT(svg, Contains("fill='#fff'>50</text>") && Contains("fill='#000'>100</text>"));
  CHECK_THAT(value_map_svg(map, true), Contains("xmlns=") && Contains("fill='#fdfdfb'"));
  ValueMap wrong = map;
  wrong.texts.pop_back();
  CHECK_THROWS_WITH(value_map_svg(wrong), Contains("8 texts and 9 colours for 3 x 3 cells"));
}

TEST_CASE("the table of a terminal and the CSV have every score") {
  TaskScores t = parity();
  t.cells[0].seeds[1] = {.seed = 2, .state = "diverged", .seconds = 1, .values = {NAN, NAN, NAN}};
  const std::string lines = table_lines(t, {"forgets", "counts"});
  CHECK_THAT(lines, Contains("parity: accuracy, % by length, trained up to 10") && Contains("1 of 2 seeds diverged"));
  CHECK_THAT(lines, Contains("forgets      100      50      50") && Contains("baseline      50      50      50"));
  const std::string csv = csv_of({t});
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 1 + 2 * 2 * 3);
  CHECK_THAT(csv, Contains("parity,\"forgets\",2,diverged,20,10,accuracy,%,nan,50\n"));
  CHECK_THAT(csv, Contains("parity,\"counts\",2,ended,40,10,accuracy,%,90,50\n"));
}

TEST_CASE("recorded scores are kept, and cells of a later run are added to those measured alike") {
  KeptTasks kept;
  TaskScores t = parity();
  keep(kept, {t}, {{"parity", "ebb train parity"}}, 2);
  CHECK(kept.at("parity").cells.at("counts").means == std::vector<double>{99.5, 99, 95});
  t.cells = {cell_of("mine", {{100, 80, 70}, {100, 80, 70}})};
  keep(kept, {t}, {{"parity", "ebb train parity"}}, 2);
  CHECK(kept.at("parity").cells.size() == 3);

  const std::string page = lengths_page(kept, "images");
  CHECK_THAT(page, Contains("](images/lengths-parity.svg)") && Contains("| mine | 100 | 80 | 70 |") &&
                       Contains("| baseline | 50 | 50 | 50 |"));
  const std::vector<TaskScores> again = scores_of(kept);
  REQUIRE(again.size() == 1);
  CHECK(again[0].cells.size() == 3);
  CHECK(again[0].share(again[0].cells[0], 2) == Approx(.9));

  SECTION("those of other settings are replaced") {
    keep(kept, {t}, {{"parity", "ebb train parity --steps 5"}}, 2);
    CHECK(kept.at("parity").cells.size() == 1);
  }
}

}  // namespace lengths_scores_test
