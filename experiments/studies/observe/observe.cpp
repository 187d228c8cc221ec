#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/data/text_file.hpp>
#include <ebb/experiments/cli/config.hpp>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/experiments/studies/observe/observation.hpp>
#include <ebb/experiments/studies/observe/stop.hpp>
#include <ebb/experiments/studies/observe/unread.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/experiments/train/task_options.hpp>
#include <ebb/experiments/train/try_out.hpp>
#include <ebb/ops/number.hpp>
#include <filesystem>
#include <set>

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
  static constexpr bool resumes = true;
  std::vector<std::string> runs, weights, cells, measures, widths, remedies;
  std::string task, varied, leading;
  std::optional<int> determinants, length, rows;
  Amount amount;
  TaskOptions sizes;

  void options(Options& o) {
    o.add("RUN", runs, "folders of ebb train, whose trained weights are observed").type("RUN").reads();
    o.add("--weights", weights, "weights files of ebb train").type("FILE").reads();
    o.add("--cell", cells, "cells with initial weights, one for each seed; `ebb cells` lists them")
        .type("CELL")
        .completes(Registry<CellEntry>::names());
    o.add("--task", task, "task that the cells read; `ebb tasks` lists them (default: adding)")
        .type("TASK")
        .completes(Registry<TaskEntry>::names());
    o.add("--remedy", remedies,
          "remedies that act before the first update of training, such as flossing: each is observed besides the "
          "untreated --cell; + joins several; `ebb remedies` lists them")
        .type("REMEDY");
    o.add("--measure", measures, measures_help()).type("NAME").one_of(names_of(measure_list()));
    o.add("--length", length,
          "T, steps along which a measure follows the state (default: 1,000, with --quick 200; fewer where a measure "
          "takes longer)")
        .check([](const std::optional<int>& n) { return !n || (*n >= 2 && *n <= 10'000'000); }, "from 2 to 10,000,000");
    o.add("--rows", rows, "number of sequences (default: 4, with --quick 2)")
        .check([](const std::optional<int>& n) { return !n || (*n >= 1 && *n <= 10'000); }, "from 1 to 10,000");
    o.add("--lags", amount.lags, "largest lag T - t of gradient norms").at_least(1).at_most(100'000).quick(100);
    o.add("--free", amount.free, "zero inputs instead of the task's data");
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
    o.add("--directions", leading,
          "leading directions of the state that lyapunov follows, as a number or as a share of each state, 30%; the "
          "mean of all exponents then comes from determinants (default: all, or 32 of a state of more than 2,048)")
        .type("K");
    o.add("--determinants", determinants,
          "steps from one determinant to the next, with --directions (0: none, which costs least; default: 1)")
        .check([](const std::optional<int>& n) { return !n || *n >= 0; }, "at least 0");
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
    o.example("ebb observe --cell rnn --task xor --remedy flossing:50 --measure lyapunov,norms");
    o.example("ebb observe --cell tanhmap:g=2 --free --length 5000 --hidden 256 --measure lyapunov");
    o.example("ebb observe --cell tanhmap:g=2 --free --length 400 --rows 1 --hidden 128,256,512 --measure lyapunov");
    o.example("ebb observe --cell lstm --hidden 512 --directions 10% --measure lyapunov");
    o.example("ebb observe --cell saddle --hidden 1 --free --vary b=-3:-2 --measure bifurcations");
    o.example("ebb observe --resume runs/observe-20260101-120000");
  }

  void prepare(SharedOptions&, Options& o) const {
    if (cells.empty() && !(runs.empty() && weights.empty())) reject_unread_by_weights(o);
    if (!measures.empty()) reject_unread_by_measures(o, measures);
  }

  void run(Job& job) {
    for (const std::string& run : runs) job.recall_palette(run);
    if (cells.empty()) job.without_seeds();
    if (!varied.empty()) amount.variation = Variation::of(varied);
    if (!leading.empty()) amount.leading = Leading::of(leading);
    else if (determinants)
      throw ValueError("--determinants is for --directions: all directions give the mean of the exponents themselves");
    amount.determinants = determinants.value_or(amount.determinants);
    const bool quick = job.size() == Size::quick;
    amount.steps = length.value_or(quick ? 200 : amount.steps);
    amount.rows = rows.value_or(quick ? 2 : amount.rows);
    amount.steps_chosen = length.has_value();
    amount.rows_chosen = rows.has_value();
    std::vector<Subject> subjects = subjects_of(job);
    std::vector<Observation> all;
    for (const MeasureEntry* entry : chosen()) all.push_back(Observation{entry, entry->make(), {}, {}});
    for (const Subject& s : subjects) amounts_.push_back(within_data(s.with_weights(), amount));
    for (Observation& m : all) fit(m, subjects);
    for (const Observation& m : all)
      if (!varied.empty() && !m.fits() && std::string(m.entry->name) == "bifurcations")
        throw ValueError(fmt::format("--vary {}: {} cannot measure {}: {}", varied, m.entry->name,
                                     subjects.front().cell_name, m.unfit.front()));
    const auto fits = [](const Observation& m) { return m.fits(); };
    const auto unfit = measures.empty() && std::any_of(all.begin(), all.end(), fits)
                           ? all.end()
                           : std::find_if_not(all.begin(), all.end(), fits);
    if (unfit != all.end()) throw ValueError(unfit->unfit_text(subjects));

    for (const Observation& m : all) measurements_ += std::count(m.unfit.begin(), m.unfit.end(), "");
    job.start(double(all.size() * subjects.size()));
    Parts parts{job, origin_of(subjects)};
    parts.warn_of_beginner();
    job.report.title("Observed: " + title(subjects));
    job.report.lead("Where the gradient goes, and why: measures over the whole state, in float64.");
    const auto fill = [&] { add_to_page(job, subjects, all, amount); };
    treat(job, subjects, all);
    job.parallel(static_cast<int>(all.size() * subjects.size()), [&](int k) {
      const auto m = static_cast<std::size_t>(k) / subjects.size(), s = static_cast<std::size_t>(k) % subjects.size();
      if (job.interrupted() || !all[m].unfit[s].empty()) return job.progress().skip(1);
      one(job, all[m], subjects[s], s, fill);
    });
    fill();
  }

 private:
  // What must agree with the job that is resumed besides its options.
  static std::map<std::string, std::string> origin_of(const std::vector<Subject>& subjects) {
    std::map<std::string, std::string> all;
    for (const Subject& s : subjects) {
      for (const auto& [name, value] : study::data_of(s.task(), s.task().inputs()))
        all[fmt::format("{} of {}", name, s.task().name())] = value;
      if (!s.weights.empty()) all[fmt::format("CRC-32C of '{}'", s.weights)] = sum_of_text(s.weights);
    }
    return all;
  }

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
    if (!remedies.empty() && cells.empty())
      throw ValueError(
          "--remedy applies to --cell: the remedy of trained weights belongs to their training, as in `ebb train TASK "
          "--cell CELL --remedy REMEDY`");
    std::set<fs::path> seen;
    const auto once = [&](const std::string& given, const std::string& file) {
      if (!seen.insert(fs::weakly_canonical(file)).second)
        throw ValueError(fmt::format("'{}' names weights that are named already", given));
    };
    for (const std::string& run : runs) {
      const std::string file = weights_in(run);
      once(run, file);
      subjects.push_back(Subject::of_weights(file, sizes.inputs.data));
      subjects.back().name += fmt::format(" ({})", fs::path(run).lexically_normal().filename().string());
    }
    for (const std::string& file : weights) {
      once(file, file);
      subjects.push_back(Subject::of_weights(file, sizes.inputs.data));
    }
    for (const Subject& s : subjects) try_cell(s);
    if (!task.empty() && !subjects.empty() && cells.empty())
      throw ValueError("--task applies to --cell; trained weights name their own task");
    if (subjects.empty() && cells.empty()) throw ValueError("name what to observe: RUN, --weights FILE or --cell CELL");
    if (!cells.empty()) add_initial(job, subjects);
    for (auto s = subjects.begin(); s != subjects.end(); ++s) {  // results are filed under the name
      const std::string name = s->name;
      const auto same = [&](const Subject& other) { return other.name == s->name; };
      for (int k = 2; std::any_of(subjects.begin(), s, same); ++k) s->name = fmt::format("{} [{}]", name, k);
    }
    label_alike(subjects);
    return subjects;
  }

  void add_initial(const Job& job, std::vector<Subject>& subjects) {
    if (task.empty()) task = "adding";
    check_task_names({task});
    check_cell_names(cells);
    for (const auto& [option, values] : {std::pair{"--cell", &cells}, {"--hidden", &widths}, {"--remedy", &remedies}})
      if (!values->empty()) check_once(option, *values);
    sizes.check_names({task});
    sizes.inputs.quick = job.size() == Size::quick;
    const std::shared_ptr<const Task> made = sizes.make(task);
    if (widths.empty())
      widths.push_back(std::to_string(static_cast<int>(sizes.settings(task, *made, job.size()).hidden)));
    if (made->as<HasFeedForward>())
      throw ValueError(
          fmt::format("the task '{}' has a network without recurrence: there is no state to follow", task));
    for (const std::string& cell : cells)
      for (const std::string& width : widths) {
        sizes.hidden.given = {{"", width_of(width)}};
        TaskSettings s = sizes.settings(task, *made, job.size());
        s.remedy.clear();
        add_variant(job, subjects, made, cell, s);
        for (const std::string& remedy : remedies) {
          if (remedy == "none") continue;
          s.remedy = remedy;
          add_variant(job, subjects, made, cell, s);
        }
      }
  }

  /// A cell of one width and with one remedy, for each seed.
  void add_variant(const Job& job, std::vector<Subject>& subjects, const std::shared_ptr<const Task>& made,
                   const std::string& cell, const TaskSettings& s) const {
    for (const std::uint64_t seed : job.seeds()) {
      subjects.push_back(Subject::initial(made, cell, s, seed));
      if (s.remedy.empty()) try_cell(subjects.back());
      subjects.back().release();
      if (widths.size() > 1) subjects.back().name += ", " + count_text(s.hidden, "unit");
      if (job.seeds().size() > 1) subjects.back().name += fmt::format(", seed {}", seed);
    }
  }

  void try_cell(const Subject& s) const { try_rows(s.cell(), s.cell_name, std::max(amount.steps, amount.lags + 1)); }

  /// A whole number from 1 to 1e6; 0 for other texts.
  static int width_of(const std::string& text) {
    double x = 0;
    const bool finite = ebb::detail::parse_number(text, x) == ebb::detail::Parsed::finite;
    return finite && x >= 1 && x <= 1e6 && x == std::floor(x) ? static_cast<int>(x) : 0;
  }

  /// A hint for the name of a task or cell in place of a folder; empty for other words.
  static std::string option_instead_of_run(const std::string& word) {
    const bool task = Registry<TaskEntry>::find(word);
    if (!task && !Registry<CellEntry>::find(name_before_options(word))) return {};
    return fmt::format("; for the {0} of that name, use --{0} {1}", task ? "task" : "cell", word);
  }

  /// The weights in the folder of a run.
  static std::string weights_in(const std::string& run) {
    if (!fs::is_directory(run))
      throw FileError(fmt::format("'{}' is not the folder of a run{}", run, option_instead_of_run(run)));
    std::vector<std::string> found;
    for (const auto& file : fs::directory_iterator(run))
      if (file.path().extension() == ".safetensors") found.push_back(file.path().string());
    const auto named_weights = [](const std::string& file) {
      return fs::path(file).filename().string().starts_with("weights");
    };
    if (std::none_of(found.begin(), found.end(), named_weights)) check_writer(run, "train");
    if (found.size() == 1) return found.front();
    throw FileError(fmt::format("'{}' has {} weights files: name {} with --weights", run, found.size(),
                                found.empty() ? "one" : "those to observe"));
  }

  void fit(Observation& m, const std::vector<Subject>& subjects) const {
    for (std::size_t k = 0; k < subjects.size(); ++k)
      m.unfit.push_back(m.measure->unfit(subjects[k].with_weights(), amounts_[k]));
    m.values.resize(subjects.size());
  }

  static std::string file_of(const Observation& m, std::size_t subject) {
    return fmt::format("observed-{}-{}.json", m.entry->name, subject + 1);
  }

  /// Makes the remedies' updates, unless all results of a subject are there.
  static void treat(Job& job, std::vector<Subject>& subjects, std::vector<Observation>& all) {
    job.parallel(static_cast<int>(subjects.size()), [&](int k) {
      const auto at = static_cast<std::size_t>(k);
      const auto is_due = [&](const Observation& m) {
        return m.unfit[at].empty() && !(job.again() && fs::exists(job.folder() + "/" + file_of(m, at)));
      };
      if (job.interrupted() || std::none_of(all.begin(), all.end(), is_due)) return;
      const std::string failed = study::attempt([&] {
        (void)until_stopped([&] { subjects[at].treat(); });  // nothing is measured any more
      });
      if (failed.empty()) return;
      const auto take = [&] {
        for (Observation& m : all)
          if (m.unfit[at].empty()) m.unfit[at] = failed;
        job.fail(fmt::format("{}: {}", subjects[at].name, failed));
      };
      job.run_ended(take, [] {});
    });
  }

  /// A measure that fails ends the command with exit code 1, after the others.
  static void fail(Job& job, Observation& m, const Subject& s, std::size_t at, const std::string& why,
                   const std::function<void()>& fill) {
    job.progress().skip(1);
    const auto take = [&] {
      m.unfit[at] = why;
      job.fail(fmt::format("{}, {}: {}", m.entry->name, s.name, why));
    };
    job.run_ended(take, fill);
  }

  void one(Job& job, Observation& m, const Subject& s, std::size_t at, const std::function<void()>& fill) {
    const std::string file = file_of(m, at);
    const std::string path = job.folder() + "/" + file;
    const double began = job.seconds();
    const bool was_complete = job.again() && fs::exists(path);
    Values v;
    if (was_complete) v = Values::read(path);
    else {
      bool stopped = false;
      const std::string failed = study::attempt([&] {
        const Subject whole = s.with_weights();
        stopped = !until_stopped([&] {
          v = m.measure->measure(whole, amounts_[at]);
          m.measure->keep(job, whole, amounts_[at], fmt::format("{}-{}", m.entry->name, at + 1));
        });
      });
      if (stopped) return;
      if (!failed.empty()) return fail(job, m, s, at, failed, fill);
      job.write(file, v.json());  // last: a run that is resumed takes the measurement for complete
    }
    job.progress().advance(1, fmt::format("{} {}", m.entry->name, s.name));
    const auto take = [&] {
      m.values[at] = std::move(v);
      // A line per measurement, so that a log file also shows how far the command is.
      job.print(fmt::format("  {:>3} of {}  {}, {}: {}\n", ++measured_, measurements_, m.entry->name, s.name,
                            was_complete ? "from the earlier run" : duration_text(job.seconds() - began)));
    };
    job.run_ended(take, fill);
  }

  static std::string title(const std::vector<Subject>& subjects) {
    std::vector<std::string> names;
    for (const Subject& s : subjects)
      if (std::find(names.begin(), names.end(), s.cell_name) == names.end()) names.push_back(s.cell_name);
    return fmt::format("{}", fmt::join(names, ", "));
  }

  std::ptrdiff_t measurements_ = 0, measured_ = 0;  // of all subjects
  std::vector<Amount> amounts_;                     // by subject
};
EBB_EXPERIMENT(observe, Observe, "where the gradient of a cell goes, and why: exponents, Jacobians, norms");

}  // namespace
}  // namespace ebb::app::observe
