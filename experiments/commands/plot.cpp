#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/inputs.hpp>
#include <ebb/experiments/cli/out_file.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/report/font.hpp>
#include <ebb/experiments/report/gnuplot.hpp>
#include <ebb/nn/nearest.hpp>
#include <ebb/ops/printable.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace ebb::app {
namespace {

namespace fs = std::filesystem;
using ebb::detail::printable;
using nlohmann::json;

/// Inches of "3.3in", "8.4cm", "84mm", "238pt" or "3.3", which is in inches as in matplotlib and gnuplot.
double inches_of(const char* option, const std::string& text) {
  std::size_t end = 0;
  double x = 0;
  try {
    x = std::stod(text, &end);
  } catch (const std::exception&) { end = 0; }
  const std::string unit = text.substr(end);
  const double inch = unit == "in" || unit.empty() ? 1
                      : unit == "cm"               ? 2.54
                      : unit == "mm"               ? 25.4
                      : unit == "pt"               ? 72
                                                   : 0;
  if (end == 0 || inch == 0 || !(x / inch >= .5 && x / inch <= 60))
    throw ValueError(fmt::format(
        "{}: '{}' is not a length from 0.5in to 60in, such as 3.3 (inches), 3.3in, 84mm or 238pt", option, text));
  return x / inch;
}

/// A figure of a run as a file for a paper.
class PlotCommand final : public Command {
 public:
  void options(Options& o) override {
    o.add("RUN", run_, "folder of a run, or its figures.json").type("RUN").required().reads();
    o.add("--figure", figure_,
          "figure to draw, or what only its name begins with; --list shows the names (default: all, each into its "
          "own file)")
        .type("NAME");
    o.add("--list", list_, "print the names and titles of the run's figures");
    o.add("--width", width_, "width in inches, or with a unit: in, cm, mm or pt").type("LENGTH");
    o.add("--height", height_, "height, as --width (default: 0.7 of the width)").type("LENGTH");
    o.add("--out", out_, "output file: .pdf, .svg, .png or .csv (default: RUN/figures/NAME.pdf)").type("FILE");
    o.add("--font", paper_.font, "font, or what fontconfig has in its place; PDF files embed it").type("NAME");
    o.add("--font-size", paper_.font_size, "size of all text in points").at_least(3).at_most(72);
    o.add("--title", paper_.title, "title above the figure (default: none, for a caption below it)");
    o.add("--no-legend", no_legend_, "without a legend");
    o.example("ebb plot runs/vanish-20260101-120000 --list");
    o.example("ebb plot runs/vanish-20260101-120000 --figure decay --width 3.3in --out decay.pdf");
    o.example("ebb plot runs/shakespeare --width 84mm --font 'Times New Roman' --font-size 9");
    o.example("ebb plot runs/shakespeare                          every figure, as PDF beside its CSV");
  }

  int run() override {
    paper_.width = inches_of("--width", width_);
    paper_.height = height_.empty() ? .7 * paper_.width : inches_of("--height", height_);
    paper_.legend = !no_legend_;
    const json figures = read();
    if (list_) return show(figures);
    if (figure_.empty() && !out_.empty() && figures.size() > 1)
      throw ValueError(fmt::format("--out is one file, but the run has {} figures: choose one with --figure, from {}",
                                   figures.size(), names(figures)));
    std::vector<json> chosen(figures.begin(), figures.end());
    if (!figure_.empty()) chosen = {named(figures)};
    for (const json& f : chosen) draw(f);
    return 0;
  }

 private:
  fs::path folder() const { return fs::is_directory(run_) ? fs::path(run_) : fs::path(run_).parent_path(); }

  json read() const {
    if (!fs::exists(run_)) throw FileError(fmt::format("'{}' does not exist", run_));
    const fs::path file = fs::is_directory(run_) ? fs::path(run_) / "figures.json" : fs::path(run_);
    if (!fs::exists(file))
      throw FileError(
          fmt::format("'{}' has no figures.json: it is not the folder of a run, or an earlier version wrote "
                      "it; run the command in its config.toml again",
                      run_));
    const json all = json::parse(read_file(file.string()), nullptr, false);
    const bool valid = all.is_object() && all.contains("figures") && all["figures"].is_array() &&
                       std::all_of(all["figures"].begin(), all["figures"].end(), [](const json& f) {
                         return f.is_object() && f.contains("id") && f["id"].is_string() && f.contains("title") &&
                                f["title"].is_string();
                       });
    if (!valid) throw FileError(fmt::format("'{}' is not a figures.json of ebb", file.string()));
    if (all["figures"].empty())
      throw FileError(fmt::format("'{}' has no figures: the page of this run has none", run_));
    return all["figures"];
  }

  static std::string names(const json& figures) {
    std::string text;
    for (const json& f : figures) text += (text.empty() ? "" : ", ") + f["id"].get<std::string>();
    return text;
  }

  static int show(const json& figures) {
    std::size_t wide = 0;
    for (const json& f : figures) wide = std::max(wide, f["id"].get_ref<const std::string&>().size());
    std::string text;
    for (const json& f : figures)
      text += fmt::format("{:<{}}  {}\n", printable(f["id"].get<std::string>()), wide,
                          printable(f["title"].get<std::string>()));
    put(text);
    return 0;
  }

  json named(const json& figures) const {
    std::vector<json> begin;
    for (const json& f : figures) {
      if (f["id"] == figure_) return f;
      if (f["id"].get_ref<const std::string&>().starts_with(figure_)) begin.push_back(f);
    }
    if (begin.size() == 1) return begin[0];
    if (begin.empty())
      throw ValueError(fmt::format("'{}' has no figure '{}'; it has {}", run_, figure_, names(figures)));
    throw ValueError(
        fmt::format("'{}' has several figures whose names begin with '{}': {}", run_, figure_, names(begin)));
  }

  void draw(const json& f) {
    const std::string id = f["id"];
    // An id of a file that others wrote is not a path.
    if (id.empty() || id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
      throw FileError(fmt::format("'{}': '{}' is not the name of a figure", run_, id));
    fs::path out = out_;
    if (out_.empty()) {
      out = folder() / "figures" / (id + ".pdf");
      fs::create_directories(out.parent_path());
    }
    const OutFile file(out.string());
    const std::string kind = out.extension().string();
    if (kind != ".pdf" && kind != ".svg" && kind != ".png" && kind != ".csv")
      throw ValueError(fmt::format("--out '{}' must end in .pdf, .svg, .png or .csv", out_));
    if (kind == ".csv") file.write(read_file((folder() / "figures" / (id + ".csv")).string()));
    else {
      paper_.format = kind.substr(1);
      warn_of_other_font();
      file.write(run_gnuplot(gnuplot_program(f.dump(), paper_)));
    }
    put(fmt::format("{}\n", printable(out.string())));
  }

  // An SVG file names the font, and whoever shows it chooses another.
  void warn_of_other_font() {
    if (paper_.font == Paper().font || paper_.format == "svg" || warned_) return;
    warned_ = true;
    if (const std::string other = font_instead_of(paper_.font); !other.empty())
      std::fputs(fmt::format("ebb plot: warning: --font '{}' is not installed; the figure uses {}\n",
                             printable(paper_.font), printable(other))
                     .c_str(),
                 stderr);
  }

  std::string run_, figure_, out_, width_ = "3.3in", height_;
  bool list_ = false, no_legend_ = false, warned_ = false;
  Paper paper_;
};
EBB_SUBCOMMAND(plot, "plot", PlotCommand, "draw a figure of a run for a paper: PDF, SVG, PNG");

}  // namespace
}  // namespace ebb::app
