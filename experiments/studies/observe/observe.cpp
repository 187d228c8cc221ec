#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/data/text_file.hpp>
#include <ebb/experiments/cli/config.hpp>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/experiments/studies/observe/observation.hpp>
#include <ebb/experiments/train/task_options.hpp>
#include <ebb/experiments/train/try_out.hpp>
#include <ebb/ops/number.hpp>
#include <filesystem>

namespace ebb::app::observe {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_of(const std::vector<const MeasureEntry*>& entries) {
  std::vector<std::string> names;
  for (const MeasureEntry* e : entries) names.emplace_back(e->name);
  return names;
}

std::string measures_help() {
  std::string text = "measures, from";
  for (const MeasureEntry* e : measure_list()) text += fmt::format(" {}: {};", e->name, e->about);
  text.back() = ' ';
  return text + "(default: all that the cell and its task allow)";
}

/// Where the gradient of a cell goes, and why.
struct Observe {
  std::vector<std::string> runs, weights, cells, measures, widths;
  std::string task, resume, varied;
  Amount amount;
  TaskOptions sizes;

  void options(Options& o) {
    o.add("RUN", runs, "folders of ebb train, whose trained weights are observed").type("RUN").reads();
    o.add("--weights", weights, "weights files of ebb train").type("FILE").reads();
    o.add("--cell", cells, "cells with initial weights, one for each seed; `ebb cells` lists them").type("CELL");
    o.add("--task", task, "task that the cells read; `ebb tasks` lists them (default: adding)").type("TASK");
    o.add("--measure", measures, measures_help()).type("NAME").one_of(names_of(measure_list()));
    o.add("--length", amount.steps, "T, steps along which a measure follows the state")
        .at_least(2)
        .at_most(10'000'000)
        .quick(200);
    o.add("--rows", amount.rows, "number of sequences").at_least(1).at_most(10'000).quick(2);
    o.add("--lags", amount.lags, "largest lag T - t of gradient norms").at_least(1).at_most(100'000).quick(100);
    o.add("--free", amount.free, "zero inputs instead of the task's data");
    o.add("--resume", resume, "resume in this folder; measures that were completed are not repeated")
        .type("DIR")
        .unrecorded();
    o.add("--hidden", widths, "widths of the cells' states; each is observed (default: chosen by the task)")
        .type("H")
        .check([](const auto& all) { return std::all_of(all.begin(), all.end(), width_of); },
               "whole numbers of at least 1");
    o.add("--spread", amount.spread,
          "deviation of normal noise in the states from which the sequences of lyapunov and jacobians start, so that "
          "those of --free differ")
        .at_least(0);
    o.add("--vary", varied, "option of the cells that varies, for the measure bifurcations: b=-3:-2")
        .type("O=LOW:HIGH");
    o.add("--export", amount.exported,
          "steps whose Jacobians, with their spectra, the measure jacobians writes to jacobians-N.safetensors, for "
          "numpy (0: none)")
        .at_least(0)
        .at_most(100'000);
    sizes.inputs.declare(o);
    o.example("ebb observe runs/train-20260101-120000          everything that the cell and its task allow");
    o.example("ebb observe runs/lstm runs/gru                  several models in one page");
    o.example("ebb observe --weights weights.safetensors --measure lyapunov");
    o.example("ebb observe --cell lstm,gru --task chars --measure lyapunov,norms");
    o.example("ebb observe --cell tanhmap:g=2 --free --length 5000 --hidden 256 --measure lyapunov");
    o.example("ebb observe --cell tanhmap:g=2 --free --length 400 --rows 1 --hidden 128,256,512 --measure lyapunov");
    o.example("ebb observe --cell saddle --hidden 1 --free --vary b=-3:-2 --measure bifurcations");
    o.example("ebb observe --resume runs/observe-20260101-120000");
  }

  void prepare(SharedOptions& shared, Options& o) {
    if (resume.empty()) return;
    const std::string config = resume + "/config.toml";
    restore_config(o, "observe", config, read_text(config), {});
    if (!shared.out.empty() && shared.out != resume)
      throw ValueError(fmt::format("--resume continues in the folder '{}'; --out '{}' is another", resume, shared.out));
    shared.out = resume;
    shared.again = true;
  }

  void run(Job& job) {
    for (const std::string& run : runs) job.recall_palette(run);
    if (!varied.empty()) {
      amount.variation = Variation::of(varied);
      if (!measures.empty() && std::find(measures.begin(), measures.end(), "bifurcations") == measures.end())
        throw ValueError("--vary is for the measure bifurcations, which --measure does not name");
    }
    amount.stops = true;
    const std::vector<Subject> subjects = subjects_of(job);
    std::vector<Observation> all;
    for (const MeasureEntry* entry : chosen()) all.push_back(Observation{entry, entry->make(), {}, {}});
    for (Observation& m : all) fit(m, subjects);
    if (std::none_of(all.begin(), all.end(), [](const Observation& m) { return m.fits(); }))
      throw ValueError(all.front().unfit_text(subjects));

    job.start(double(all.size() * subjects.size()));
    job.report.title("Observed: " + title(subjects));
    job.report.lead("Where the gradient goes, and why: measures over the whole state, in float64.");
    const auto fill = [&] { add_to_page(job, subjects, all, amount); };
    job.parallel(static_cast<int>(all.size() * subjects.size()), [&](int k) {
      const auto m = static_cast<std::size_t>(k) / subjects.size(), s = static_cast<std::size_t>(k) % subjects.size();
      if (job.interrupted() || !all[m].unfit[s].empty()) return job.progress().skip(1);
      one(job, all[m], subjects[s], s, fill);
    });
    fill();
    if (job.interrupted()) job.print(fmt::format("to resume: ebb observe --resume {}\n", job.folder()));
  }

 private:
  std::vector<const MeasureEntry*> chosen() const {
    std::vector<const MeasureEntry*> entries;
    for (const MeasureEntry* e : measure_list())
      if (measures.empty() ? amount.variation.has_value() || std::string(e->name) != "bifurcations"
                           : std::find(measures.begin(), measures.end(), e->name) != measures.end())
        entries.push_back(e);
    return entries;
  }

  std::vector<Subject> subjects_of(const Job& job) {
    std::vector<Subject> subjects;
    for (const std::string& run : runs) {
      const std::string file = weights_in(run);
      subjects.push_back(Subject::of_weights(file, sizes.inputs.data));
      subjects.back().name += fmt::format(" ({})", fs::path(run).lexically_normal().filename().string());
    }
    for (const std::string& file : weights) subjects.push_back(Subject::of_weights(file, sizes.inputs.data));
    if (!task.empty() && !subjects.empty() && cells.empty())
      throw ValueError("--task applies to --cell; trained weights name their own task");
    if (subjects.empty() && cells.empty()) throw ValueError("name what to observe: RUN, --weights FILE or --cell CELL");
    if (!cells.empty()) add_initial(job, subjects);
    for (auto s = subjects.begin(); s != subjects.end(); ++s) {  // results are filed under the name
      const std::string name = s->name;
      const auto same = [&](const Subject& other) { return other.name == s->name; };
      for (int k = 2; std::any_of(subjects.begin(), s, same); ++k) s->name = fmt::format("{} [{}]", name, k);
    }
    return subjects;
  }

  void add_initial(const Job& job, std::vector<Subject>& subjects) {
    if (task.empty()) task = "adding";
    check_task_names({task});
    check_cell_names(cells);
    sizes.check_names({task});
    sizes.inputs.quick = job.size() == Size::quick;
    const std::shared_ptr<const Task> made = sizes.make(task);
    if (widths.empty())
      widths.push_back(std::to_string(static_cast<int>(sizes.settings(task, *made, job.size()).hidden)));
    if (!made->as<SimpleTask>())
      throw ValueError(fmt::format(
          "the task '{}' has its own network, without a single state between its inputs and its loss", task));
    for (const std::string& cell : cells)
      for (const std::string& width : widths) {
        sizes.hidden.given = {{"", width_of(width)}};
        const TaskSettings s = sizes.settings(task, *made, job.size());
        for (const std::uint64_t seed : job.seeds()) {
          subjects.push_back(Subject::initial(made, cell, s, seed));
          if (widths.size() > 1) subjects.back().name += ", " + count_text(s.hidden, "unit");
          if (job.seeds().size() > 1) subjects.back().name += fmt::format(", seed {}", seed);
        }
      }
  }

  /// A whole number from 1 to 1e6; 0 for other texts.
  static int width_of(const std::string& text) {
    double x = 0;
    const bool finite = ebb::detail::parse_number(text, x) == ebb::detail::Parsed::finite;
    return finite && x >= 1 && x <= 1e6 && x == std::floor(x) ? static_cast<int>(x) : 0;
  }

  /// The weights in the folder of a run.
  static std::string weights_in(const std::string& run) {
    if (!fs::is_directory(run)) throw FileError(fmt::format("'{}' is not the folder of a run", run));
    std::vector<std::string> found;
    for (const auto& file : fs::directory_iterator(run))
      if (file.path().extension() == ".safetensors") found.push_back(file.path().string());
    if (found.size() == 1) return found.front();
    throw FileError(fmt::format("'{}' has {} weights files: name {} with --weights", run, found.size(),
                                found.empty() ? "one" : "those to observe"));
  }

  void fit(Observation& m, const std::vector<Subject>& subjects) const {
    for (const Subject& s : subjects) m.unfit.push_back(m.measure->unfit(s, amount));
    m.values.resize(subjects.size());
  }

  void one(Job& job, Observation& m, const Subject& s, std::size_t at, const std::function<void()>& fill) const {
    const std::string file = fmt::format("observed-{}-{}.json", m.entry->name, at + 1);
    const std::string path = job.folder() + "/" + file;
    Values v;
    if (job.again() && fs::exists(path)) v = Values::read(path);
    else {
      try {
        v = m.measure->measure(s, amount);
      } catch (const Stopped&) { return; } catch (const Error& e) {
        const auto take = [&] {
          m.unfit[at] = e.what();
          job.fail(fmt::format("{}, {}: {}", m.entry->name, s.name, e.what()));
        };
        return job.run_ended(take, fill);
      }
      m.measure->keep(job, s, amount, fmt::format("{}-{}", m.entry->name, at + 1));
      job.write(file, v.json());  // last: a run that is resumed takes the measurement for complete
    }
    job.progress().advance(1, fmt::format("{} {}", m.entry->name, s.name));
    job.run_ended([&] { m.values[at] = std::move(v); }, fill);
  }

  static std::string title(const std::vector<Subject>& subjects) {
    std::vector<std::string> names;
    for (const Subject& s : subjects)
      if (std::find(names.begin(), names.end(), s.cell_name) == names.end()) names.push_back(s.cell_name);
    return fmt::format("{}", fmt::join(names, ", "));
  }
};
EBB_EXPERIMENT(observe, Observe, "where the gradient of a cell goes, and why: exponents, Jacobians, norms");

}  // namespace
}  // namespace ebb::app::observe
