#include <ebb/experiments/papers/papers.hpp>
#include <ebb/experiments/papers/record.hpp>

#include "catch.hpp"
#include "temp_folder.hpp"

namespace record_test {

using namespace ebb::app;
using namespace ebb::app::papers;
using Catch::Matchers::Contains;

namespace {

const Protocol toy = protocol_of("toy", "toy.toml",
                                 "title = \"Toy\"\nauthors = \"Roe\"\nyear = 2020\nsource = \"nowhere\"\n"
                                 "[add]\nquestion = \"?\"\ntrain = \"adding\"\n"
                                 "[add.gru]\npaper = 0.2\nagrees = \"within 10 %\"\nagrees-reduced = \"<= 1\"\n"
                                 "[best]\nquestion = \"?\"\ntrain = \"adding\"\nnumber = \"highest\"\n"
                                 "rates = [1e-3, 1e-2]\n[best.gru]\npaper = 100\nagrees = \">= 99\"\n"
                                 "[share]\nquestion = \"?\"\ntrain = \"adding\"\nsolved = \"<= 0.25\"\n"
                                 "[share.gru]\npaper = 100\nagrees = \">= 60\"\n");

RowResult result_of(std::size_t experiment, std::vector<double> values, int diverged = 0) {
  const Experiment& e = toy.experiments[experiment];
  RowResult r{.experiment = &e, .row = &e.rows[0]};
  for (const double x : values) r.seeds.push_back({.state = "ended", .value = x, .seconds = 4});
  for (int k = 0; k < diverged; ++k) r.seeds.push_back({.state = "diverged", .seconds = 1});
  return r;
}

}  // namespace

TEST_CASE("the verdict compares the mean over seeds with the paper by the row's rule") {
  const RowResult near = result_of(0, {.18, .2, .22});
  CHECK(near.number() == Approx(.2));
  CHECK(near.deviation() == Approx(.02));
  CHECK(near.ours() == "0.2000 ± 0.0200");
  CHECK(near.verdict(Size::full) == "agrees: within 10 %");
  CHECK(near.verdict(Size::standard) == "as expected: <= 1");
  CHECK(near.verdict(Size::quick) == "no verdict on a toy run");
  const RowResult far = result_of(0, {.3, .3});
  CHECK(far.verdict(Size::full) == "differs: not within 10 %");
  CHECK(far.difference() == "+0.1000 (+50.00 %)");
  CHECK(far.each_seed() == "0.3000, 0.3000");
  CHECK(result_of(0, {.2}, 1).verdict(Size::full) == "differs: 1 of 2 seeds diverged");
  RowResult begun = result_of(0, {.2});
  begun.seeds.push_back({.state = "interrupted"});
  CHECK(begun.verdict(Size::full) == "incomplete: 1 of 2 seeds");
}

TEST_CASE("with `solved`, the number is the share of seeds, and one that diverged has not solved it") {
  const RowResult r = result_of(2, {.1, .25}, 1);
  CHECK(r.number() == Approx(200. / 3));
  CHECK(r.ours() == "67 % (2 of 3)");
  CHECK(r.verdict(Size::full) == "agrees: >= 60");
  CHECK(r.verdict(Size::standard) == "no verdict on a reduced run");
  CHECK(result_of(2, {}, 2).number() == 0);
}

TEST_CASE("the highest number of all seeds and rates is that of the row, whichever runs diverged") {
  RowResult r = result_of(1, {40, 99.5, 60}, 1);
  for (std::size_t k = 0; k < 4; ++k) r.seeds[k].rate = k < 2 ? "1e-3" : "1e-2";
  CHECK(r.number() == 99.5);
  CHECK(std::isnan(r.deviation()));
  CHECK(r.ours() == "99.50");
  CHECK(r.each_seed() == "lr 1e-3: 40.00, 99.50; lr 1e-2: 60.00, diverged");
  CHECK(r.verdict(Size::full) == "agrees: >= 99");
  r.seeds[3].state = "interrupted";
  CHECK(r.verdict(Size::full) == "incomplete: 3 of 4 runs");
  CHECK(result_of(1, {}, 2).verdict(Size::full) == "differs: not >= 99");
}

TEST_CASE("a recorded run is kept, beside that of the other size, and rows that were not run have their cost") {
  const TempFolder f;
  KeptPapers all;
  keep(all, toy, Size::standard, {result_of(0, {.5, .7}), result_of(2, {.1, .1})}, 101, 2);
  RowResult long_one = result_of(2, {});
  long_one.run = false;
  long_one.wall = 36'000;
  keep(all, toy, Size::full, {result_of(0, {.2}), long_one}, 1, 2);
  all = read_papers(f.file("papers.json", papers_json(all)));
  const std::string page = papers_page(all);
  CHECK_THAT(page, Contains("## Roe 2020") && Contains("    ebb paper toy.toml") && Contains("Reduced: 20"));
  CHECK_THAT(page, Contains("| add | gru | loss | 0.2 | **0.2000**; agrees: within 10 % | 4.000 | **0.6000** (0.5000, "
                            "0.7000); as expected: <= 1 | 4.000 |"));
  CHECK_THAT(page, Contains("| 100 | not run: about 10 h |  | **100 % (2 of 2)** (0.1000, 0.1000); no verdict"));

  const std::size_t reduced = page.find("\nReduced: 20");
  REQUIRE(reduced != std::string::npos);
  CHECK_THAT(page.substr(reduced), Contains(", `--seed 101`.\n"));
  CHECK(page.find("--seed") > reduced);  // the other run began with seed 1

  SECTION("text of a protocol is one cell of the table, and no HTML") {
    KeptRow& row = all.at("toy").runs.at("full").rows[0];
    row.label = "a|b <img>\nc";
    row.paper = "<= 3";
    CHECK_THAT(papers_page(all), Contains("| add | a\\|b &lt;img> c | loss | <= 3 |"));
  }
  SECTION("without a row that was run, the line of the machine is that of the estimates") {
    for (KeptRow& r : all.at("toy").runs.at("full").rows) r.ours.clear();
    CHECK_THAT(papers_page(all), Contains("\nEstimates: 20") && !Contains("As published: "));
  }
  SECTION("a trial that failed does not replace a result, and one that diverged does") {
    RowResult failed = result_of(0, {.3}, 1);
    failed.seeds[1].state = "failed";
    keep(all, toy, Size::full, {failed, long_one}, 1, 2);
    CHECK(all.at("toy").runs.at("full").rows[0].ours == "0.2000");
    keep(all, toy, Size::full, {result_of(0, {.3}, 1), long_one}, 1, 2);
    CHECK_THAT(all.at("toy").runs.at("full").rows[0].each_seed, Contains("0.3000, diverged"));
  }
  SECTION("costs that are recorded later do not replace results") {
    RowResult unrun = result_of(0, {});
    unrun.run = false;
    unrun.wall = 7;
    keep(all, toy, Size::full, {unrun, long_one}, 7, 2);
    CHECK_THAT(papers_page(all), Contains("**0.2000**; agrees: within 10 %"));
    CHECK(all.at("toy").runs.at("full").rows[0].wall == 7);
    CHECK(all.at("toy").runs.at("full").first_seed == 1);
  }
}

}  // namespace record_test
