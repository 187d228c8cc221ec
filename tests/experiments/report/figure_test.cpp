#include <cmath>
#include <cstdlib>
#include <ebb/experiments/report/figure.hpp>
#include <ebb/experiments/report/gnuplot.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/ops/error.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "temp_folder.hpp"

namespace figure_test {

using namespace ebb::app;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

Plot curves() {
  Plot p{.title = "A \"loss\", </script>", .x_label = "it's x", .y_label = "y_{1} $(id) `id`", .finding = "It falls."};
  p.series = {{.name = "lstm", .x = {1, 2, 3}, .y = {1, NAN, 3}, .low = {0, 1, 2}, .high = {2, 3, 4}, .group = "lstm"},
              {.name = "a, 'b'\n!id", .x = {1, 2}, .y = {2, 1}, .thin = true, .outside = true}};
  p.marks = {{.name = "baseline", .x = {1, 3}, .y = {2, 2}}};
  return p;
}

HeatMap grid() {
  return {.title = "Grid", .value_label = "ln", .x = {0, 1, 3}, .y = {0, 2}, .values = {1, 2, NAN, -4, 5, 6}};
}

bool has_gnuplot() { return std::system("gnuplot --version >/dev/null 2>&1") == 0; }

}  // namespace

TEST_CASE("a figure has its numbers, its styles and its gaps in JSON, and its numbers in CSV") {
  Palette palette;
  const Figure f = figure_of(curves(), "loss", palette);
  const json j = json::parse(f.json);
  CHECK(j["id"] == "loss");
  CHECK(j["finding"] == "It falls.");
  CHECK(j["rows"].size() == 3);
  CHECK(j["rows"][0] == json::parse("[1, [0, 1, 2], [2, 2, 2], [2, 2, 2]]"));
  CHECK(j["rows"][1][1] == json::parse(R"([null, null, null, "nan"])"));
  CHECK(j["rows"][2][2] == json::parse("[null, null, null]"));
  CHECK(j["series"][0]["colour"] == fixed_style("lstm")->hue);
  CHECK(j["series"][1]["outside"] == true);
  CHECK(j["series"][2]["mark"] == true);
  CHECK(f.csv ==
        "series,x,y,low,high\nlstm,1,1,0,2\nlstm,2,nan,1,3\nlstm,3,3,2,4\n\"a, 'b'\n!id\",1,2,,\n"
        "\"a, 'b'\n!id\",2,1,,\nbaseline,1,2,,\nbaseline,3,2,,\n");
}

TEST_CASE("the numbers of a figure on its page are those of its CSV file") {
  const double x = 1. / 3, low = -1.23456789e-7, high = 98765.4321, bad = NAN;
  Plot p{.title = "loss"};
  p.series = {{.name = "band", .x = {x, 2 * x}, .y = {x, bad}, .low = {low, bad}, .high = {high, bad}},
              {.name = "flat", .x = {x}, .y = {x}, .low = {x}, .high = {x}},
              {.name = "line", .x = {2 * x}, .y = {high}}};
  Palette palette;
  const Figure f = figure_of(p, "loss", palette);
  CHECK(f.csv ==
        "series,x,y,low,high\nband,0.333333333,0.333333333,-1.23456789e-07,98765.4321\nband,0.666666667,nan,nan,nan\n"
        "flat,0.333333333,0.333333333,0.333333333,0.333333333\nline,0.666666667,98765.4321,,\n");
  const json j = json::parse(f.json);
  CHECK(j["rows"][0][0] == .333333333);
  CHECK(j["rows"][0][1] == json::parse("[-1.23456789e-07, 0.333333333, 98765.4321]"));
  CHECK(j["rows"][1][3][1] == 98765.4321);
  for (std::size_t k = 0; k < 3; ++k) CHECK(j["series"][k]["band"] == (k < 2));  // the page's CSV has low and high then
  const HeatMap m{.title = "heat", .x = {x}, .y = {2 * x}, .values = {low}};
  const Figure heat = figure_of(m, "heat");
  CHECK(heat.csv == "x,y,value\n0.333333333,0.666666667,-1.23456789e-07\n");
  CHECK(json::parse(heat.json)["values"][0] == -1.23456789e-07);
}

TEST_CASE("an infinity is not shown as a number that is missing") {
  CHECK(number_text(-INFINITY) == "-∞");
  CHECK(number_text(INFINITY) == "∞");
  CHECK(number_text(NAN) == "–");
  Plot p{.title = "exponents"};
  p.series = {{.name = "lstm", .x = {1, 2, 3}, .y = {-1, -INFINITY, NAN}}};
  Palette palette;
  const Figure f = figure_of(p, "exponents", palette);
  CHECK_THAT(f.csv, Contains("lstm,2,-inf,,\nlstm,3,nan,,\n"));
  const json rows = json::parse(f.json)["rows"];  // from which the page makes the same CSV
  CHECK(rows[1][1] == json::parse(R"([null, null, null, "-inf"])"));
  CHECK(rows[2][1] == json::parse(R"([null, null, null, "nan"])"));
  HeatMap m = grid();
  m.values = {1, 2, NAN, -INFINITY, 5, 6};
  const json heat = json::parse(figure_of(m, "grid").json);
  CHECK(heat["values"] == json::parse(R"([1, 2, null, "-inf", 5, 6])"));
  CHECK(heat["low"] == 1);
}

TEST_CASE("heat maps that are compared have one scale, unless one would be a single colour in it") {
  HeatMap a = grid(), b = grid(), c = grid();  // -4 to 6
  b.values = {1, 2, NAN, -8, 5, 6};
  c.values = {0, 1, 2, -100, 5, NAN};
  std::vector<HeatMap> near{a, b}, far{a, c}, one{a};
  share_scale(near);
  for (const HeatMap& m : near) {
    const json j = json::parse(figure_of(m, "grid").json);
    CHECK(j["low"] == -8);
    CHECK(j["high"] == 6);
    CHECK_THAT(m.caption, Contains("the same scale of colours"));
  }
  share_scale(far);
  CHECK(json::parse(figure_of(far[0], "grid").json)["low"] == -4);
  CHECK(json::parse(figure_of(far[1], "grid").json)["low"] == -100);
  CHECK_THAT(far[0].caption, Contains("a scale of colours of its own"));
  share_scale(one);
  CHECK(one[0].caption.empty());
}

TEST_CASE("lines that look alike have labels at their ends, in gnuplot moved apart") {
  Plot p{.title = "seeds"};
  p.series = {{.name = "lstm, seed 1", .x = {0, 1}, .y = {0, 10}, .group = "lstm", .label = "seed 1"},
              {.name = "lstm, seed 2", .x = {0, 1}, .y = {0, 10}, .group = "lstm", .label = "seed 2"}};
  Palette palette;
  const Figure f = figure_of(p, "seeds", palette);
  CHECK(json::parse(f.json)["series"][1]["label"] == "seed 2");
  const std::string program = gnuplot_program(f.json, {});
  CHECK_THAT(program, Contains("set label 'seed 1' at graph 1.02,0.940 left") &&
                          Contains("set label 'seed 2' at graph 1.02,1.000 left") && Contains("lw .9") &&
                          !Contains("lw 1.4"));
}

TEST_CASE("on narrow screens the names of a table's rows wrap and stay in view while its numbers scroll") {
  Report r("test");
  r.table({.head = {"", "value"}, .rows = {{"a long name", "1"}}});
  const std::string html = r.html();
  const auto narrow = html.find("(max-width: 700px)"), names = html.find("position: sticky; left: 0", narrow);
  REQUIRE(narrow != std::string::npos);
  REQUIRE(names != std::string::npos);
  CHECK(html.find("white-space: normal", names) < html.find("}", names));
  CHECK_THAT(html, Contains("<div class=scroll><table>"));
}

TEST_CASE("points of one line at one x are all in the figure, and in gnuplot's data in their order") {
  Plot p{.title = "branches"};
  p.series = {{.name = "stable", .x = {1, 1, 2}, .y = {-3, 3, 5}, .dots = true},
              {.name = "other", .x = {1, 2, 2}, .y = {0, 7, NAN}, .dots = true}};
  Palette palette;
  const Figure f = figure_of(p, "branches", palette);
  const json rows = json::parse(f.json)["rows"];
  REQUIRE(rows.size() == 4);
  CHECK(rows[0] == json::parse("[1, [-3, -3, -3], [0, 0, 0]]"));
  CHECK(rows[1] == json::parse("[1, [3, 3, 3], [null, null, null]]"));
  CHECK(rows[2] == json::parse("[2, [5, 5, 5], [7, 7, 7]]"));
  CHECK(rows[3] == json::parse(R"([2, [null, null, null], [null, null, null, "nan"]])"));
  const std::string program = gnuplot_program(f.json, {});
  CHECK_THAT(program, Contains("$d0 << EOD\n1 -3 -3 -3\n1 3 3 3\n2 5 5 5\nEOD\n"));
  CHECK_THAT(program, Contains("$d1 << EOD\n1 0 0 0\n2 7 7 7\n2 NaN NaN NaN\nEOD\n"));
}

TEST_CASE("marks of one name have one entry in gnuplot's legend") {
  Plot p{.title = "plane"};
  p.marks = {{.name = "direction", .x = {0, 1}, .y = {0, 1}}, {.name = "direction", .x = {2, 3}, .y = {0, 1}}};
  Palette palette;
  const std::string program = gnuplot_program(figure_of(p, "plane", palette).json, {});
  const auto first = program.find("title 'direction'");
  REQUIRE(first != std::string::npos);
  CHECK(program.find("title 'direction'", first + 1) == std::string::npos);
  CHECK_THAT(program, Contains("$d1 using 1:2 with lines lc rgb '#8b949a' lw .8 dt (3,3) notitle"));
}

TEST_CASE("a logarithmic axis of less than two decades has numbers in gnuplot, which knows powers of ten only") {
  Plot p{.title = "norm", .log_y = true, .series = {{.name = "lstm", .x = {0, 1}, .y = {1.22, 1.31}}}};
  Palette palette;
  const auto program = [&] { return gnuplot_program(figure_of(p, "norm", palette).json, {}); };
  CHECK_THAT(program(), Contains("set logscale y\nset format y '%g'\nset ytics (1.22, 1.24, 1.26, 1.28, 1.3)\n"));
  p.series[0].y = {.03, 1.5};
  CHECK_THAT(program(), Contains("set ytics (0.05, 0.1, 0.2, 0.5, 1)\n"));
  p.series[0].y = {.03, 3};
  CHECK_THAT(program(), Contains("set format y '10^{%T}'") && !Contains("set ytics"));
}

TEST_CASE("the y axis covers bands as far as they do not compress the lines, or whole if the plot asks for it") {
  Plot p{.title = "bands"};
  p.series = {{.name = "a", .x = {0, 1}, .y = {1, 2}, .low = {-7, 1}, .high = {9, 3}},
              {.name = "b", .x = {0, 1}, .y = {1, 1.5}}};
  Palette palette;
  const auto program = [&] { return gnuplot_program(figure_of(p, "bands", palette).json, {}); };
  CHECK_THAT(program(), Contains("set yrange [0.785:2.215]"));  // .15 of 1 on either side, and .05 of that
  p.whole_bands = true;
  CHECK_THAT(program(), Contains("set yrange [-7.8:9.8]"));
  p.log_y = true;
  p.series[0].low = {.01, 1};
  p.series[0].high = {100, 3};
  CHECK_THAT(program(), Contains("set yrange [0.00691830971:144.543977]"));  // four decades, and .04 of them
}

TEST_CASE("a plane has one scale in gnuplot, unless an axis is logarithmic") {
  Plot p{.title = "plane", .series = {{.name = "states", .x = {1, 2}, .y = {1, 5}, .dots = true}}, .equal = true};
  Palette palette;
  const auto program = [&] { return gnuplot_program(figure_of(p, "plane", palette).json, {}); };
  CHECK_THAT(program(), Contains("set size ratio -1"));
  p.log_y = true;
  CHECK_THAT(program(), !Contains("set size ratio"));
}

TEST_CASE("a table's rows have the styles of the figures below it, and its caption does not scroll with it") {
  Report r("test");
  r.table({.head = {"", "value"}, .rows = {{"my line", "1"}, {"none", "2"}}, .caption = "Two rows."});
  CHECK_THAT(r.html(), !Contains("class=swatch") && !Contains("<!--swatch"));
  r.plots({{.title = "loss", .series = {{.name = "my line", .x = {1}, .y = {1}}}}});
  const std::string html = r.html();
  CHECK_THAT(html, Contains("<th scope=row><svg class=swatch") && Contains("<th scope=row>none"));
  CHECK_THAT(html, Contains("</table></div>\n<p class=caption>Two rows.</p>"));
}

TEST_CASE("figures of a report have different names, and none ends the page's script") {
  Report r("test");
  r.section("adding");
  r.plots({curves(), curves()});
  r.section("chars");
  r.heat_map(grid());
  r.plots({curves()});
  const auto& all = r.figures();
  REQUIRE(all.size() == 4);
  CHECK(all[0].id == "a-loss-script");
  CHECK(all[1].id == "a-loss-script-adding");
  CHECK(all[2].id == "grid");
  CHECK(all[3].id == "a-loss-script-chars");
  CHECK(json::parse(r.figures_json())["figures"].size() == 4);
  const std::string html = r.html();
  CHECK_THAT(html, Contains("A \\\"loss\\\", \\u003c/script>"));
  CHECK(html.find("<p class=finding>It falls.</p>") < html.find("<figcaption>"));
  CHECK(id_of("λ₁ over time") == "over-time");
  CHECK(id_of("λ") == "figure");
}

TEST_CASE("a heat map that is not a grid is rejected, and one with two signs meets at zero if asked") {
  HeatMap m = grid();
  CHECK(json::parse(figure_of(m, "grid").json)["low"] == -4);
  m.diverging = true;
  const json j = json::parse(figure_of(m, "grid").json);
  CHECK(j["low"] == -6);
  CHECK(j["high"] == 6);
  CHECK(j["values"][2].is_null());
  CHECK_THAT(figure_of(m, "grid").csv, Contains("x,y,value\n0,0,1\n1,0,2\n3,0,nan\n0,2,-4\n"));
  m.values.pop_back();
  CHECK_THROWS_WITH(figure_of(m, "grid"), "heat map 'Grid': 5 values do not fill a grid of 2 x 3");
  m = grid();
  m.x[1] = 0;
  CHECK_THROWS_WITH(figure_of(m, "grid"), "heat map 'Grid': the values of its x axis do not increase");
}

TEST_CASE("gnuplot draws a range of hundreds of decades as log10, where no product of two values underflows") {
  Plot p{.title = "decay", .x_label = "lag", .y_label = "norm", .log_y = true};
  p.series = {
      {.name = "lstm", .x = {0, 1, 2}, .y = {1, 1e-100, 1e-200}, .low = {.1, 1e-101, 0}, .high = {10, 1e-99, 1e-199}}};
  Palette palette;
  const std::string program = gnuplot_program(figure_of(p, "decay", palette).json, {});
  CHECK_THAT(program, Contains("set format y '10^{%.0f}'") && !Contains("set logscale y"));
  CHECK_THAT(program, Contains("0 0 -1 1\n1 -100 -101 -99\n2 -200 NaN -199\n"));
  p.series[0].y = {1, 1e-20, 1e-40};
  p.series[0].low = {.1, 1e-21, 1e-41};
  p.series[0].high = {10, 1e-19, 1e-39};
  CHECK_THAT(gnuplot_program(figure_of(p, "decay", palette).json, {}), Contains("set logscale y"));
}

TEST_CASE("whatever a figure's texts contain, gnuplot's program has them in quotes on one line") {
  Palette palette;
  const std::string program = gnuplot_program(figure_of(curves(), "loss", palette).json, {.title = "a'\nb"});
  CHECK_THAT(program, Contains("set xlabel 'it''s x' noenhanced"));
  CHECK_THAT(program, Contains("set ylabel 'y_{1} $(id) `id`' noenhanced"));
  CHECK_THAT(program, Contains("set title 'a'' b' noenhanced"));
  CHECK_THROWS_WITH(gnuplot_program("{}", {}), Contains("this is not a figure of a report"));
  CHECK_THROWS_AS(gnuplot_program("[", {}), ebb::FileError);
  json j = json::parse(figure_of(curves(), "loss", palette).json);
  j["series"][0]["light"] = "red'; !id; '";
  CHECK_THROWS_WITH(gnuplot_program(j.dump(), {}), "a colour in figures.json is not of the form #rrggbb");
}

TEST_CASE("a figure without any one of its fields is rejected, and a heat map whose values do not fill its cells") {
  Palette palette;
  const json lines = json::parse(figure_of(curves(), "loss", palette).json),
             heat = json::parse(figure_of(grid(), "grid").json);
  const auto rejected = [](const json& f) {
    CHECK_THROWS_WITH(gnuplot_program(f.dump(), {}), Contains("this is not a figure of a report"));
  };
  for (const json* whole : {&lines, &heat})
    for (const auto& [name, value] : whole->items()) {
      if (name == "id" || name == "title" || name == "finding" || name == "caption") continue;  // not drawn
      if (name == "equal" || name == "wholeBands" || name == "labels" || name == "nothing")
        continue;  // which earlier versions did not write
      INFO(name);
      json part = *whole;
      part.erase(name);
      rejected(part);
    }
  for (const char* name : {"name", "light", "marker", "dash", "group"}) {
    INFO(name);
    json part = lines;
    part["series"][0].erase(name);
    rejected(part);
  }
  json part = lines;
  part["rows"][0][1] = json::array({1});
  rejected(part);
  part = heat;
  part["xs"] = json::array();
  CHECK_THROWS_WITH(gnuplot_program(part.dump(), {}), "a heat map in figures.json has no cells");
  part = heat;
  part["values"].erase(0);
  CHECK_THROWS_WITH(gnuplot_program(part.dump(), {}), "a heat map in figures.json has 5 values for 6 cells");
}

TEST_CASE("gnuplot draws lines and heat maps as PDF, SVG and PNG") {
  if (!has_gnuplot()) {
    WARN("skipped: gnuplot is not installed");
    return;
  }
  Palette palette;
  Plot logs = curves();
  logs.log_x = logs.log_y = true;
  for (const Figure& f : {figure_of(curves(), "loss", palette), figure_of(logs, "loss", palette),
                          figure_of(grid(), "grid"), figure_of(Plot{.title = "empty"}, "empty", palette)}) {
    INFO(f.title);
    CHECK(run_gnuplot(gnuplot_program(f.json, {})).substr(0, 5) == "%PDF-");
    CHECK_THAT(run_gnuplot(gnuplot_program(f.json, {.format = "svg"})), Contains("<svg") && Contains("</svg>"));
    CHECK(run_gnuplot(gnuplot_program(f.json, {.format = "png"})).substr(1, 3) == "PNG");
  }
  const std::string svg =
      run_gnuplot(gnuplot_program(figure_of(curves(), "loss", palette).json, {.format = "svg", .title = "<b"}));
  CHECK_THAT(svg, Contains("y_{1} $(id) `id`") && Contains("&lt;b"));
  CHECK_THROWS_WITH(run_gnuplot("set xrange [\n"), Contains("gnuplot failed"));
}

}  // namespace figure_test
