#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/atlas/cell_page.hpp>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/out_file.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/cli/stored_page.hpp>
#include <ebb/experiments/commands/cell_comparisons.hpp>
#include <ebb/experiments/lengths/length_run.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/nn/given_options.hpp>
#include <filesystem>

namespace ebb::app {
namespace {

namespace fs = std::filesystem;

/// Measures cells with initial weights, and writes a page about each.
struct AtlasCommand {
  static constexpr bool resumes = true;
  static constexpr int seeds = 1;
  std::vector<std::string> cells{"all"};
  std::string page = "docs/cells.md";
  bool record = false;

  void options(Options& o) {
    std::vector<std::string> names = Registry<CellEntry>::names();
    names.insert(names.begin(), "all");
    o.add("--cells", cells, "cells; all: every cell that this program has; `ebb cells` lists them")
        .type("NAME,...")
        .completes(names);
    o.add("--record", record, "store the measures and write the pages of all cells").unrecorded();
    o.add("--page", page,
          "page of all cells: its folder has results.json, papers.json and lengths.json, from which the pages take the "
          "cells' comparisons; with --record it is written, with a page for each cell in the folder cells beside it")
        .type("FILE")
        .not_kept();
    o.example("ebb atlas                         every cell: pages in runs/atlas-TIME");
    o.example("ebb atlas --cells mgu,lstm --quick");
    o.example("ebb atlas --cells mgu --record    adds one cell to docs/cells.md");
  }

  void run(Job& job) {
    job.without_seeds();
    check(job);
    const std::vector<std::string> names = cells == std::vector<std::string>{"all"} ? lengths::all_cells() : cells;
    const fs::path docs = folder_of_page();
    const atlas::Comparisons comparisons = stored_comparisons(docs.string());
    atlas::AllMeasures stored;
    if (record) {
      StoredPage(page).check();
      stored = atlas::read_cells(StoredPage(page).data());
      fs::create_directories(docs / "cells");
    }
    job.start(static_cast<double>(names.size()));
    for (const char* const folder : {"/measures", "/cells"}) fs::create_directories(job.folder() + folder);
    atlas::AllMeasures measured;
    for (const std::string& name : names) {
      if (job.interrupted()) break;
      measured[name] = measures_of(job, name);
      const atlas::CellMeasures& m = measured[name];
      job.progress().advance(1, name);
      job.print(fmt::format("  {} {:>9} weights, {} times an lstm's update\n", fit(name, 16), count_text(m.weights),
                            m.has("time") ? number_text(m.relative) : "–"));
      for (const auto& [what, why] : m.missing) job.print(fmt::format("  {} {}: {}\n", fit("", 16), what, why));
    }
    write_pages(measured, comparisons, job.folder());
    report(job, measured, comparisons);
    if (record && !job.interrupted()) store(job, std::move(stored), measured, comparisons);
  }

 private:
  fs::path folder_of_page() const {
    const fs::path folder = fs::path(page).parent_path();
    return folder.empty() ? "." : folder;
  }

  void check(const Job& job) const {
    if (record && job.size() == Size::quick)
      throw ValueError("--record stores results, and toy measures with --quick are none");
    if (record && fs::path(page).filename() != "cells.md")
      throw ValueError(
          fmt::format("--page '{}': the page of all cells is named cells.md, because the others link to it", page));
    if (cells == std::vector<std::string>{"all"}) return;
    check_once("--cells", cells);
    check_cell_names(cells);
    for (const std::string& name : cells)
      (void)accepted_sizes(name, {1, 1});  // rejects unknown options before the work
  }

  /// Those of an earlier process of a job that is resumed.
  static atlas::CellMeasures measures_of(Job& job, const std::string& name) {
    const std::string path = job.folder() + "/measures/" + atlas::file_of_cell(name, ".json");
    if (job.again() && fs::exists(path)) return app::from_json<atlas::CellMeasures>(read_file(path), path);
    atlas::CellMeasures m =
        atlas::measure_cell(name, job.size() == Size::quick ? atlas::Sizes::quick() : atlas::Sizes{});
    OutFile(path).write(json_of(m));
    return m;
  }

  static void write_pages(const atlas::AllMeasures& cells, const atlas::Comparisons& comparisons,
                          const fs::path& folder) {
    static const std::vector<atlas::Comparison> none;
    const auto write = [&](const std::string& name, const std::string& text) {
      OutFile((folder / name).string()).write(text);
    };
    for (const auto& [name, m] : cells) {
      const auto rows = comparisons.find(name_before_options(name));
      write("cells/" + atlas::file_of_cell(name, ".md"),
            atlas::cell_page(m, rows == comparisons.end() ? none : rows->second));
      write("cells/" + atlas::file_of_cell(name, ".svg"), atlas::cell_svg(m, cells));
    }
    write("cells.md", atlas::cells_page(cells, comparisons));
  }

  void store(Job& job, atlas::AllMeasures stored, const atlas::AllMeasures& measured,
             const atlas::Comparisons& comparisons) const {
    for (const auto& [name, m] : measured) stored[name] = m;
    const fs::path docs = folder_of_page();
    OutFile(StoredPage(page).data()).write(atlas::cells_json(stored));
    write_pages(stored, comparisons, docs);
    job.print(page + "\n");
  }

  static void report(Job& job, const atlas::AllMeasures& all, const atlas::Comparisons& comparisons) {
    job.report.title("Cells");
    job.report.lead("With initial weights: where training begins.");
    Plot gradients{.title = "Gradient against the lag",
                   .x_label = "lag T - t",
                   .y_label = "norm of dL_T/ds_t, at lag 0 = 1",
                   .caption = "Geometric mean over sequences of normal inputs, of a random linear readout.",
                   .log_y = true};
    Plot exponents{.title = "Lyapunov exponents", .x_label = "number", .y_label = "nats per step"};
    Table table{
        .head = {"cell", "weights", "time, lstm = 1", "rate of the gradient", "λ₁", "fixed points", "comparisons"}};
    for (const auto& [name, m] : all) {
      Series curve{.name = name}, spectrum{.name = name, .beads = true};
      for (std::size_t k = 0; k < m.curve.size(); ++k) {
        curve.x.push_back(static_cast<double>(k) * m.lag_step);
        curve.y.push_back(std::exp(m.curve[k]));
      }
      for (std::size_t k = 0; k < m.exponents.size(); ++k) {
        spectrum.x.push_back(static_cast<double>(k) + 1);
        spectrum.y.push_back(m.exponents[k]);
      }
      gradients.series.push_back(std::move(curve));
      exponents.series.push_back(std::move(spectrum));
      const auto rows = comparisons.find(name_before_options(name));
      table.rows.push_back({name, count_text(m.weights), m.has("time") ? number_text(m.relative) : "–",
                            m.has("gradient") ? number_text(m.rate) : "–",
                            m.exponents.empty() ? "–" : number_text(m.exponents.front()),
                            m.has("fixed points") ? count_text(m.stable + m.saddles) : "–",
                            count_text(rows == comparisons.end() ? 0 : static_cast<double>(rows->second.size()))});
      summarise(job, name, m);
    }
    job.report.table(table);
    job.report.plots({gradients, exponents});
    for (const auto& [name, m] : all) {
      job.report.section(name, m.about + ".");
      if (const std::string doc = atlas::docstring_of(name); !doc.empty()) job.report.verbatim(doc);
      for (const auto& [what, why] : m.missing) job.report.note(fmt::format("Not measured: {} ({}).", what, why));
    }
    job.report.note("cells.md and the folder cells beside this page have the same as Markdown.");
  }

  static void summarise(Job& job, const std::string& name, const atlas::CellMeasures& m) {
    const auto s = job.summary.under({"cells", name});
    s.set({"weights"}, m.weights);
    if (m.has("time")) s.set({"relative_time"}, m.relative);
    if (m.has("gradient")) s.set({"gradient_rate"}, m.rate);
    if (!m.exponents.empty()) s.set({"lyapunov"}, m.exponents.front());
    if (!m.has("fixed points")) return;
    s.set({"stable_points"}, m.stable);
    s.set({"unstable_points"}, m.saddles);
    s.set({"slow_points"}, m.slow);
  }
};
EBB_EXPERIMENT(atlas, AtlasCommand, "a page for each cell: equation, weights, time, gradient, exponents, comparisons");

}  // namespace
}  // namespace ebb::app
