#include <stdlib.h>

#include <fmt/format.h>
#include <cerrno>
#include <cstring>
#include <ebb/experiments/cli/command_line.hpp>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/commands/runs/runs_place.hpp>
#include <ebb/experiments/runs/comparison.hpp>
#include <filesystem>

namespace ebb::app::runs {
namespace {

namespace fs = std::filesystem;

/// A folder that is removed at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = (fs::temp_directory_path() / "ebb-plot-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
      throw FileError(fmt::format("cannot create a folder such as '{}': {}", pattern, std::strerror(errno)));
    path_ = pattern;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// The learning curves of several runs as one figure, drawn by `ebb plot`.
class RunsPlotCommand final : public Command {
 public:
  void options(Options& o) override {
    choice_.declare(o, "draw");
    o.add("--figure", figure_,
          "training-loss, validation or norm-of-the-gradient, or what only its name begins with; "
          "of a single run, any of its figures")
        .type("NAME");
    o.add("--out", out_, "output file: .pdf, .svg, .png or .csv").type("FILE").required();
    for (Forwarded& f : forwarded_) o.add(f.option, f.value, f.help).type(f.type);
    o.add("--no-legend", no_legend_, "without a legend");
    place_.declare(o);
    o.example("ebb runs plot --where \"task = 'chars'\" --figure validation --out validation.pdf");
    o.example("ebb runs plot runs/gru runs/lstm --figure training-loss --width 84mm --out loss.svg");
  }

  int run() override {
    choice_.require("draw");
    RunIndex index = place_.open("plot");
    const std::vector<RunRecord> chosen = choice_.of(index);
    if (chosen.empty()) throw ValueError("no run meets the condition");
    std::error_code none;
    if (chosen.size() == 1 && fs::exists(chosen[0].folder + "/figures.json", none)) return draw(chosen[0].folder);
    Report report{"ebb runs plot"};
    const std::vector<Plot> plots = Comparison{chosen}.plots();
    if (plots.empty()) throw ValueError("these runs have no learning curves");
    report.plots(plots);
    const ScratchFolder scratch;
    RunFolder folder{scratch.path(), true};
    folder.write("figures.json", report.figures_json());
    folder.make_parents("figures/");
    for (const Figure& f : report.figures()) folder.write("figures/" + f.id + ".csv", f.csv);
    return draw(scratch.path());
  }

 private:
  struct Forwarded {
    const char *option, *help, *type;
    std::string value{};
  };

  int draw(const std::string& folder) const {
    std::vector<std::string> words{"plot", folder, "--out", out_};
    if (!figure_.empty()) words.insert(words.end(), {"--figure", figure_});
    for (const Forwarded& f : forwarded_)
      if (!f.value.empty()) words.insert(words.end(), {f.option, f.value});
    if (no_legend_) words.emplace_back("--no-legend");
    return run_command(words);
  }

  RunsPlace place_;
  RunsChoice choice_;
  std::string figure_, out_;
  std::vector<Forwarded> forwarded_{{"--width", "width in inches, or with a unit: in, cm, mm or pt", "LENGTH"},
                                    {"--height", "height, as --width", "LENGTH"},
                                    {"--font", "font", "NAME"},
                                    {"--font-size", "size of all text in points", "X"},
                                    {"--title", "title above the figure", "TEXT"}};
  bool no_legend_ = false;
};
EBB_SUBCOMMAND(runs_plot, "runs plot", RunsPlotCommand, "draw the learning curves of runs as one figure for a paper");

}  // namespace
}  // namespace ebb::app::runs
