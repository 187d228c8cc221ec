#include <cmath>
#include <ebb/experiments/report/figure.hpp>
#include <ebb/experiments/report/gnuplot.hpp>
#include <nlohmann/json.hpp>

#include "catch.hpp"

namespace labels_test {

using namespace ebb::app;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

/// A line of each seed of one cell.
Plot seeds(const std::vector<std::vector<double>>& lines) {
  Plot p{.title = "seeds"};
  for (std::size_t k = 0; k < lines.size(); ++k) {
    const std::string label = "seed " + std::to_string(k + 1);
    Series s{.name = "lstm, " + label, .y = lines[k], .group = "lstm", .label = label};
    for (std::size_t i = 0; i < lines[k].size(); ++i) s.x.push_back(static_cast<double>(i + 1));
    p.series.push_back(std::move(s));
  }
  return p;
}

json spec_of(const Plot& p) {
  Palette palette;
  return json::parse(figure_of(p, "f", palette).json);
}
std::string gnuplot_of(const Plot& p) {
  Palette palette;
  return gnuplot_program(figure_of(p, "f", palette).json, {});
}

}  // namespace

TEST_CASE("lines that fall and end together have their labels at their ends, not where they start") {
  const Plot p = seeds({{1, .5, .1, .01}, {2, .6, .1, .011}});
  CHECK(spec_of(p)["labels"] == "ends");
  CHECK_THAT(gnuplot_of(p), Contains("set label 'seed 1' at graph 1.02,") && Contains("set rmargin 9"));
  Plot rising = seeds({{0, 1, 2}, {0, 1, 2}});
  CHECK(spec_of(rising)["labels"] == "ends");
}

TEST_CASE("histograms, which all end at zero, have their labels at their peaks, in both drawings") {
  const Plot p = seeds({{0, .5, .1, 0}, {0, .1, .9, 0}});
  CHECK(spec_of(p)["labels"] == "peaks");
  const std::string program = gnuplot_of(p);
  CHECK_THAT(program,
             Contains("set label 'seed 1' at graph 0.3433,") && Contains("set label 'seed 2' at graph 0.6767,"));
  CHECK_THAT(program, !Contains("set rmargin"));
  Plot logarithmic = seeds({{1e-3, 1, 1e-3}, {1e-3, 2, 1e-3}});
  logarithmic.log_x = logarithmic.log_y = true;
  CHECK(spec_of(logarithmic)["labels"] == "peaks");
  CHECK_THAT(gnuplot_of(logarithmic), Contains("at graph 0.6409,"));  // log 2 / log 3
}

TEST_CASE("lines too many for the height of a figure have no labels") {
  std::vector<std::vector<double>> lines;
  for (int k = 0; k < 16; ++k) lines.push_back({0, static_cast<double>(k)});
  CHECK(spec_of(seeds(lines))["labels"] == "ends");
  lines.push_back({0, 16});
  CHECK(spec_of(seeds(lines))["labels"] == "none");
  CHECK_THAT(gnuplot_of(seeds(lines)), !Contains("set label"));
}

TEST_CASE("a line with a marker at each point has small ones only, of its style where there are several") {
  Plot p{.title = "loss"};
  p.series = {{.name = "gru", .x = {1, 2}, .y = {2, 1}},
              {.name = "validation", .x = {1, 2}, .y = {2, 1}, .beads = true}};
  CHECK_THAT(gnuplot_of(p), Contains("ps .25 title 'validation'") && Contains("ps .45 pn 5 title 'gru'"));
  p.series.erase(p.series.begin());
  CHECK_THAT(gnuplot_of(p), Contains("pt 7 ps .25 title 'validation'"));
}

TEST_CASE("where no value is finite, a sentence that says so stands in place of the axes") {
  Plot p{.title = "exponents"};
  p.series = {{.name = "rnn", .x = {1, 2}, .y = {-INFINITY, -INFINITY}}, {.name = "gru", .x = {1}, .y = {NAN}}};
  p.marks = {{.name = "zero", .x = {1, 2}, .y = {0, 0}}};
  CHECK(spec_of(p)["nothing"] == "Nothing to draw: 2 values are -∞, 1 is not a number.");
  CHECK_THAT(gnuplot_of(p), Contains("set label 'Nothing to draw: 2 values are -∞, 1 is not a number.'") &&
                                Contains("unset tics") && !Contains("set xrange"));
  p.series[1].y = {-1};
  CHECK(spec_of(p)["nothing"] == "");
  CHECK_THAT(gnuplot_of(p), Contains("set xrange"));
  p.log_y = true;
  CHECK_THAT(gnuplot_of(p), Contains("Nothing to draw: no value is above zero."));
  p.series[0].y = p.series[1].y = {};
  p.series[0].x = p.series[1].x = {};
  CHECK(spec_of(p)["nothing"] == "Nothing to draw: there are no values.");
}

TEST_CASE("a heat map says what blank cells are, or that all are") {
  HeatMap m{.title = "map", .caption = "Norms.", .x = {0, 1}, .y = {0}, .values = {1, 2}};
  CHECK(caption_of(m) == "Norms.");
  m.values = {1, NAN};
  CHECK(caption_of(m) == "Norms. Blank: not a number.");
  m.values = {1, -INFINITY};
  CHECK(caption_of(m) == "Norms. Blank: infinite.");
  m.caption = "Norms. Blank: zero.";
  CHECK(json::parse(figure_of(m, "map").json)["caption"] == "Norms. Blank: zero.");
  m.values = {-INFINITY, NAN};
  const std::string spec = figure_of(m, "map").json;
  CHECK(json::parse(spec)["nothing"] == "Nothing to draw: 1 value is -∞, 1 is not a number.");
  CHECK_THAT(gnuplot_program(spec, {}), Contains("Nothing to draw") && !Contains("set palette"));
  Report r("test");
  m.values = {1, NAN};
  m.caption = "Norms.";
  r.heat_map(m);
  CHECK_THAT(r.html(), Contains("<figcaption>Norms. Blank: not a number.</figcaption>"));
}

}  // namespace labels_test
