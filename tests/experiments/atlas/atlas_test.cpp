#include <cmath>
#include <ebb/experiments/atlas/cell_page.hpp>
#include <ebb/nn/cell_doc.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/registry.hpp>
#include <fstream>

#include "catch.hpp"
#include "ebb_process.hpp"

namespace atlas_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

TEST_CASE("every cell of the library has the docstring of its source") {
  int cells = 0;
  for (const CellInfo& c : cell_list()) {
    if (c.file.find("nn/cells/") == std::string::npos) continue;
    ++cells;
    INFO(c.name);
    const std::string doc = atlas::docstring_of(c.name + ":option=1");
    CHECK_THAT(doc, Contains("\n    ") && Contains("\nShapes    ") && Contains("\nSource    "));
    std::string first = doc.substr(0, doc.find('\n'));
    CHECK_THAT(first, !Contains("///"));
  }
  CHECK(cells >= 30);
  CHECK_THAT(atlas::docstring_of("gru"), Contains("    h' = (1 - z) * n + z * h\n"));
  CHECK_THAT(atlas::docstring_of("gru-course"), Contains("Source"));
  CHECK(atlas::docstring_of("no-such-cell").empty());
}

TEST_CASE("the measures of a linear cell are its known exponents, rate and fixed point") {
  atlas::Sizes s = atlas::Sizes::quick();
  s.hidden = 4;
  s.exponents = 4;
  s.lags = 100;
  const atlas::CellMeasures m = atlas::measure_cell("diagonal:low=.5,high=.9", s);
  CHECK(m.missing.empty());
  CHECK(m.state == 4);
  CHECK(m.weights == 4 * 4);
  CHECK(m.wide_weights == 8 * 8);
  REQUIRE(m.exponents.size() == 4);
  for (int i = 0; i < 4; ++i)
    CHECK(m.exponents[static_cast<std::size_t>(i)] == Approx(std::log(.9 * std::pow(.5 / .9, i / 3.))).margin(1e-4));
  CHECK(m.stable == 1);
  CHECK(m.saddles + m.slow + m.manifolds == 0);
  CHECK(m.curve[0] == 0);
  const std::size_t late = m.curve.size() - 1, early = m.curve.size() / 2;  // the slowest direction is left
  CHECK((m.curve[late] - m.curve[early]) / (double(late - early) * m.lag_step) == Approx(std::log(.9)).margin(2e-3));
  CHECK(m.update > 0);
}

TEST_CASE("what cannot be measured has its reason, and the rest is measured") {
  atlas::Sizes s = atlas::Sizes::quick();
  s.most_state = 2;
  const atlas::CellMeasures m = atlas::measure_cell("gru", s);
  CHECK(m.missing.at("fixed points") == "the state has 6 numbers, more than 2");
  CHECK(m.has("gradient"));
  const std::string page = atlas::cell_page(m, {});
  CHECK_THAT(page, Contains("Not measured: fixed points (the state has 6 numbers, more than 2)."));
  CHECK_THAT(page, !Contains("In comparisons"));
  const auto read = from_json<atlas::CellMeasures>(json_of(m), "m.json");
  CHECK(json_of(read) == json_of(m));
}

TEST_CASE("ebb atlas writes a page for each cell, and records them beside the others") {
  const TempFolder f;
  std::filesystem::create_directories(f / "docs");
  std::ofstream(f / "docs/papers.json") << R"({"papers": {"bai2018": {"title": "T", "short_title": "Bai et al. 2018",
    "source": "s", "runs": {"standard": {"date": "d", "version": "v", "machine": "m", "first_seed": 1, "rows":
    [{"experiment": "adding-600", "quantity": "loss", "label": "GRU", "paper": "5.3e-5", "ours": "0.002",
    "each_seed": "", "difference": "", "verdict": "as expected", "note": "", "seconds": 1.0, "wall": 1.0}]}}}}})";
  std::ofstream(f / "docs/lengths.json") << R"({"tasks": {"parity": {"measure": "accuracy", "unit": "%", "rises": true,
    "trained": 10, "seeds": 1, "lengths": [10, 20], "baselines": [50.0, 50.0], "command": "c", "cells": {"gru":
    {"means": [100.0, 51.5], "deviations": ["nan", "nan"], "date": "d", "version": "v", "machine": "m"}}}}})";
  const Outcome o =
      ebb_command({"atlas", "--cells", "gru,rnn", "--quick", "--page", f / "docs/cells.md", "--out", f / "a"});
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  const std::string gru = read_all(f / "a/cells/gru.md"), all = read_all(f / "a/cells.md");
  CHECK_THAT(gru, Contains("    h' = (1 - z) * n + z * h\n") && Contains("| weights, H = I = 6 | 240 |") &&
                      Contains("](gru.svg)") && Contains("nn/cells/gru.cpp"));
  CHECK_THAT(gru, Contains("| [Bai et al. 2018](../papers.md) | adding-600, GRU, reduced: loss | 0.002 | "
                           "paper: 5.3e-5; as expected |"));
  CHECK_THAT(gru, Contains("accuracy, % at length 10, 20 | 100, 51.5 | baseline: 50, 50 |"));
  CHECK_THAT(all, Contains("| [gru](cells/gru.md) |") && Contains("| [rnn](cells/rnn.md) |"));
  CHECK_THAT(read_all(f / "a/cells/gru.svg"), Contains("<svg xmlns=") && Contains(">rnn</text>"));
  CHECK(summary_of(f / "a")["cells"]["gru"]["weights"] == 6 * 6 * 6 + 4 * 6);
  CHECK_THAT(read_all(f / "a/report.html"), Contains("Gradient against the lag"));

  SECTION("a job that is resumed takes the measures that are there") {
    const std::string before = read_all(f / "a/measures/gru.json");
    std::filesystem::remove(f / "a/measures/rnn.json");
    CHECK(ebb_command({"atlas", "--resume", f / "a"}).code == 0);
    CHECK(read_all(f / "a/measures/gru.json") == before);
    CHECK(f.has("a/measures/rnn.json"));
  }
}

TEST_CASE("what ebb atlas cannot measure is found before a folder is made") {
  const TempFolder f;
  const auto rejected = [](const std::vector<std::string>& words, const std::string& message) {
    check_rejected("atlas", words, message);
  };
  rejected({"--cells", "lstn"}, "did you mean 'lstm'?");
  rejected({"--cells", "gru,gru"}, "--cells names 'gru' twice");
  rejected({"--cells", "rnn:activation=sine"}, "activation");
  rejected({"--quick", "--record"}, "--record stores results, and toy measures with --quick are none");
  rejected({"--record", "--page", f / "all.md"}, "the page of all cells is named cells.md");
  std::ofstream(f / "cells.md") << "# Cells\n";
  rejected({"--record", "--page", f / "cells.md"}, "cells.md' has no data: there is no '");
}

}  // namespace atlas_test
