#include <cstdlib>
#include <ebb/experiments/report/font.hpp>
#include <ebb/experiments/report/gnuplot.hpp>
#include <filesystem>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace plot_test {

using Catch::Matchers::Contains;
using ebb::app::font_instead_of;
using nlohmann::json;

namespace {

bool gnuplot_here() { return std::system("gnuplot --version >/dev/null 2>&1") == 0; }

std::string trained(const TempFolder& folder) {
  const Outcome o = ebb_command({"vanish", "--tasks", "adding", "--cells", "rnn,rnn:recurrent=xavier", "--quick",
                                 "--steps", "0", "--hidden", "4", "--out", folder / "run"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  return folder / "run";
}

}  // namespace

TEST_CASE("a run leaves its figures beside the page: JSON for all, a CSV each") {
  const TempFolder folder;
  const std::string run = trained(folder);
  const json figures = json::parse(read_all(run + "/figures.json"))["figures"];
  REQUIRE(figures.size() == 1);
  CHECK(figures[0]["id"] == "decay");
  CHECK_THAT(figures[0]["finding"].get<std::string>(), Contains("The gradient halves every "));
  CHECK(figures == json(plots_of(read_all(run + "/report.html"))));
  CHECK_THAT(read_all(run + "/figures/decay.csv"), Contains("series,x,y,low,high\nrnn,1,"));
  const json palette = summary_of(run)["palette"];
  CHECK(palette.size() == 1);
  CHECK(palette["rnn:recurrent=xavier"]["hue"] == figures[0]["series"][1]["colour"]);

  const Outcome list = ebb_command({"plot", run, "--list"});
  CHECK(list.out == "decay  At initialisation\n");
  const Outcome csv = ebb_command({"plot", run, "--figure", "decay", "--out", folder / "d.csv"});
  INFO(csv.err);
  CHECK(csv.code == 0);
  CHECK(read_all(folder / "d.csv") == read_all(run + "/figures/decay.csv"));
}

TEST_CASE("ebb plot --figure takes the beginning of a name, unless several begin so") {
  const TempFolder folder;
  const std::string run = folder.file("figures.json", R"({"figures": [
      {"id": "decay-of-the-gradient", "title": "t"},
      {"id": "gates", "title": "t"},
      {"id": "gates-over-time", "title": "t"}]})");
  std::filesystem::create_directories(folder / "figures");
  folder.file("figures/decay-of-the-gradient.csv", "series,x,y\n");
  folder.file("figures/gates.csv", "gates\n");
  const auto drawn = [&](const char* name) {
    const Outcome o = ebb_command({"plot", run, "--figure", name, "--out", folder / "f.csv"});
    return o.code == 0 ? read_all(folder / "f.csv") : o.err;
  };
  CHECK(drawn("decay") == "series,x,y\n");
  CHECK(drawn("gates") == "gates\n");
  CHECK_THAT(drawn("gate"), Contains("several figures whose names begin with 'gate': gates, gates-over-time"));
  CHECK_THAT(drawn("slow"), Contains("has no figure 'slow'"));
}

TEST_CASE("ebb plot says what it cannot draw, and what there is instead") {
  const TempFolder folder;
  const std::string run = trained(folder);
  const auto fails = [](const std::vector<std::string>& words) {
    const Outcome o = ebb_command(words);
    CHECK(o.code == 2);
    return o.err;
  };
  CHECK_THAT(fails({"plot", run, "--figure", "los"}), Contains("has no figure 'los'; it has decay"));
  CHECK_THAT(fails({"plot", folder.path()}), Contains("has no figures.json: it is not the folder of a run"));
  CHECK_THAT(fails({"plot", folder / "none"}), Contains("does not exist"));
  CHECK_THAT(fails({"plot", folder.file("figures.json", "[]")}), Contains("is not a figures.json of ebb"));
  CHECK_THAT(fails({"plot", folder.file("figures.json", R"({"figures": []})")}), Contains("has no figures"));
  for (const char* id : {"../up", ""}) {
    const std::string other =
        folder.file("figures.json", std::string(R"({"figures": [{"id": ")") + id + R"(", "title": "t"}]})");
    CHECK_THAT(fails({"plot", other}), Contains(std::string("'") + id + "' is not the name of a figure"));
    CHECK_THAT(fails({"plot", other, "--out", folder / "o.csv"}), Contains("is not the name of a figure"));
  }
  CHECK_THAT(fails({"plot", folder.file("figures.json", R"({"figures": [{"id": "a", "title": "t"}]})")}),
             Contains("this is not a figure of a report"));
  CHECK_THAT(fails({"plot", run, "--width", "3ft"}),
             Contains("--width: '3ft' is not a length from 0.5in to 60in, such as 3.3 (inches)"));
  CHECK_THAT(fails({"plot", run, "--width", "1e9in"}), Contains("is not a length from 0.5in to 60in"));
  CHECK_THAT(fails({"plot", run, "--out", folder / "d.gif"}), Contains("must end in .pdf, .svg, .png or .csv"));
}

TEST_CASE("a width without a unit is in inches, as the help says") {
  CHECK_THAT(ebb_command({"plot", "--help"}).out, Contains("width in inches, or with a unit"));
  if (!gnuplot_here()) {
    WARN("skipped: gnuplot is not installed");
    return;
  }
  const TempFolder folder;
  const std::string run = trained(folder);
  const auto drawn = [&](const std::string& width) {
    const Outcome o = ebb_command({"plot", run, "--figure", "decay", "--width", width, "--out", folder / "d.svg"});
    INFO(o.err);
    CHECK(o.code == 0);
    return read_all(folder / "d.svg");
  };
  const std::string svg = drawn("3.3");
  CHECK_THAT(svg, Contains("width=\"317\" height=\"222\""));
  CHECK(drawn("3.3in") == svg);
  CHECK(drawn("3.3cm") != svg);
}

TEST_CASE("a run whose path has both kinds of quotes is drawn") {
  if (!gnuplot_here()) {
    WARN("skipped: gnuplot is not installed");
    return;
  }
  const TempFolder folder;
  const std::string quoted = folder / "it's \"a\" run";
  std::filesystem::rename(trained(folder), quoted);
  const Outcome o = ebb_command({"plot", quoted});
  INFO(o.err);
  CHECK(o.code == 0);
  CHECK(read_all(quoted + "/figures/decay.pdf").substr(0, 5) == "%PDF-");
}

TEST_CASE("ebb plot warns of a font that is not installed, and names the one that it uses") {
  if (!gnuplot_here() || std::system("fc-match sans >/dev/null 2>&1") != 0) {
    WARN("skipped: gnuplot or fc-match is not installed");
    return;
  }
  const TempFolder folder;
  const std::string run = trained(folder);
  const auto messages = [&](const std::string& font, const std::string& file) {
    const Outcome o = ebb_command({"plot", run, "--figure", "decay", "--font", font, "--out", folder / file});
    CHECK(o.code == 0);
    return o.err;
  };
  const std::string used = font_instead_of("No such-font, \\");
  REQUIRE(!used.empty());
  const std::string sentence =
      "ebb plot: warning: --font 'No such-font, \\' is not installed; the figure uses " + used + "\n";
  CHECK_THAT(messages("No such-font, \\", "d.pdf"), Contains(sentence));
  CHECK_THAT(messages("No such-font, \\", "d.svg"), !Contains("warning"));  // its viewer chooses
  CHECK_THAT(messages(used, "d.pdf"), !Contains("warning"));
  CHECK_THAT(messages(used + ":Bold", "d.png"), !Contains("warning"));
  CHECK(font_instead_of("serif").empty());
}

TEST_CASE("ebb plot draws a figure as PDF at any path, and names gnuplot if it is missing") {
  const TempFolder folder;
  const std::string run = trained(folder), out = folder / "|a 'b' $(c).pdf";
  if (gnuplot_here()) {
    const Outcome o = ebb_command({"plot", run, "--figure", "decay", "--width", "84mm", "--out", out});
    INFO(o.err);
    CHECK(o.code == 0);
    CHECK(read_all(out).substr(0, 5) == "%PDF-");
    CHECK(ebb_command({"plot", run}).code == 0);
    CHECK(read_all(run + "/figures/decay.pdf").substr(0, 5) == "%PDF-");
  } else {
    WARN("drawing is skipped: gnuplot is not installed");
  }
  const char* path = std::getenv("PATH");
  const std::string kept = path ? path : "";
  setenv("PATH", folder.path().c_str(), 1);
  const Outcome o = ebb_command({"plot", run, "--out", folder / "n.pdf"});
  setenv("PATH", kept.c_str(), 1);
  CHECK(o.code == 2);
  CHECK_THAT(o.err, Contains("gnuplot, which was not found: sudo apt-get install gnuplot-nox"));
  CHECK(!folder.has("n.pdf"));
}

}  // namespace plot_test
