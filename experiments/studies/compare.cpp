#include <algorithm>
#include <cmath>
#include <ebb/experiments/experiment.hpp>
#include <ebb/experiments/studies/compare.hpp>
#include <ebb/experiments/task_options.hpp>
#include <ebb/experiments/text_format.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <filesystem>
#include <fmt/format.h>
#include <limits>
#include <mutex>
#include <new>

namespace ebb {
namespace {

using namespace compare;

constexpr double not_given = std::numeric_limits<double>::quiet_NaN();

/// Recurrent cells, a TCN and a Transformer with equally many weights side by side on one task: what they reach, how soon, and what
/// a longer sequence costs each; the same cell with other word vectors, or reading in both directions.
struct Compare {
  std::string task = "adding";
  std::vector<std::string> cells{"rnn", "lstm", "gru", "tcn", "transformer"}, embeddings, directions;
  std::vector<std::string> lengths{"64", "128", "256", "512", "1024", "2048", "4096"};
  int weights = 0, rows = 4;
  PerTask rates, target;
  double memory = 0;
  TaskOptions sizes;

  void options(Options& o) {
    o.add("--task", task, "what to learn; `ebb tasks` lists them").type("TASK");
    o.add("--cells", cells, "cells and layers to compare; `ebb cells` lists them");
    o.add("--weights", weights, "trained weights of each, tables of embeddings not counted; 0: as many as the first cell has at the "
                                "task's hidden size").type("N").at_least(0).at_most(1'000'000'000);
    o.add("--embedding", embeddings, "of words, each compared: learned, onehot, files of vectors (standard: the task's choice)")
        .type("LIST");
    o.add("--direction", directions, "each compared: forward, both (standard: the task's choice)").type("LIST");
    o.add("--target", target, "level of validation to be timed (standard: nine tenths of the way from a guess to the best)").type("X");
    o.add("--rates", rates, "the update rule's rate where a cell has one of its own: transformer=.001").type("CELL=X,...");
    o.add("--lengths", lengths, "steps at which time and memory are measured; none: 0").type("LIST").quick({"16", "32", "64"});
    o.add("--rows", rows, "sequences at once where that is measured").at_least(1).at_most(1024).quick(2);
    o.add("--memory", memory, "GB that a measurement may take; 0: half of what is free").at_least(0);
    sizes.declare(o);
    declare_inputs(o);
    sizes.declare_more(o);
    o.example("ebb compare --quick                                          a toy, in seconds");
    o.example("ebb compare --task series --cells lstm,tcn:kernel=5,transformer --rates transformer=.001 --seeds 3");
    o.example("ebb compare --task sentiment --data FOLDER --cells lstm --embedding onehot,learned,glove.6B.100d.txt --lengths 0");
    o.example("ebb compare --task tags --data FOLDER --cells gru,transformer --direction forward,both --lengths 0");
  }

  void run(Job& job) {
    Results r = prepare(job);
    const std::vector<int> steps = measured_lengths();
    job.start(work_of(job, r, steps));
    announce(job, r);
    train_all(job, r);
    if (!steps.empty()) measure_lengths(job, r, steps);
    r.goal = goal_of(measure_, r.variants, target.of("", not_given));
    job.print("\n" + compare::table_text(r));
    if (!r.costs.empty()) job.print("\n" + cost_text(r));
    add_to_report(job, r);
    add_to_summary(job, r);
    write_curves(job, r);
    for (const Variant& v : r.variants)
      for (const Trial& t : v.trials)
        if (!t.failed.empty()) job.fail(fmt::format("{}, seed {}: {}; the others were done", v.name, t.seed, t.failed));
  }

 private:
  void declare_inputs(Options& o) {
    o.add("--data", sizes.inputs.data, "file or folder of the task's data, or `generated` (standard: what EBB_DATA's folder has)")
        .type("PATH");
    o.add("--order", sizes.inputs.order, "of an image as a sequence: rows, pixels or permuted").type("WHICH");
    o.add("--column", sizes.inputs.column, "which column of a CSV file (standard: the last)").type("NAME");
    o.add("--ahead", sizes.inputs.ahead, "steps to forecast over; 0: the task's own").at_least(0).at_most(100'000);
  }

  // Everything that can be wrong with what the user asked for is found here, before the folder is made.
  Results prepare(Job& job) {
    check_words();
    sizes.inputs.quick = job.size() == Size::quick;
    Results r{.task = task, .data = {}, .info = {}, .rows = rows};
    std::vector<int> widths;             // by cell, found with the first embedding and direction, kept for the others
    for (const std::string& embedding : or_none(embeddings))
      for (const std::string& direction : or_none(directions)) {
        tasks_.push_back(made(embedding, direction));
        const Task& t = *tasks_.back();
        const TaskSettings s = settings_of(t, job.size());
        for (const Split split : {Split::train, Split::valid, Split::test}) t.batch({.split = split, .length = s.length, .rows = 1});
        if (widths.empty()) {
          widths = equal_widths(r, t, s);
          r.data = t.data(), r.info = t.info();
        }
        for (std::size_t c = 0; c < cells.size(); ++c) r.variants.push_back(variant(job, t, s, c, widths[c], embedding, direction));
      }
    return r;
  }

  void check_words() {
    check_task_names({task});
    check_recurrence_names(cells);
    check_once("--cells", cells), check_once("--embedding", embeddings), check_once("--direction", directions);
    sizes.check_names({task});
    if (!sizes.patience.given.empty())
      throw ValueError("--patience says nothing here: each does all its updates, and keeps the best weights");
    if (!sizes.optimizer.empty()) check_name("update rule", sizes.optimizer, optimizer_names());
    if (!sizes.schedule.empty()) check_name("schedule", sizes.schedule, {"constant", "cosine", "one-cycle"});
    for (const auto& [cell, rate] : rates.given) {
      if (!(rate > 0)) throw ValueError("--rates must be above 0");
      if (std::none_of(cells.begin(), cells.end(), [&, &cell = cell](const std::string& c) { return bare(c) == cell; }))
        throw ValueError(fmt::format("--rates names the cell '{}', which is not among --cells", cell));
    }
    measured_lengths();
  }

  static void check_once(const char* option, const std::vector<std::string>& names) {
    for (auto name = names.begin(); name != names.end(); ++name)
      if (std::find(names.begin(), name, *name) != name) throw ValueError(fmt::format("{} names '{}' twice", option, *name));
  }

  // Of a file's path as many parts, from the end, as tell it from the others.
  std::string short_name(const std::string& embedding) const {
    const std::filesystem::path whole = embedding;
    for (auto parts = 1; parts < std::distance(whole.begin(), whole.end()); ++parts) {
      const std::string name = path_end(whole, parts).string();
      if (std::count_if(embeddings.begin(), embeddings.end(), [&](const std::string& e) { return path_end(e, parts).string() == name; }) == 1)
        return name;
    }
    return embedding;
  }
  static std::filesystem::path path_end(const std::filesystem::path& whole, int parts) {
    std::filesystem::path end;
    auto part = whole.end();
    for (int k = 0; k < parts && part != whole.begin(); ++k) end = end.empty() ? *--part : *--part / end;
    return end;
  }

  static std::vector<std::string> or_none(const std::vector<std::string>& list) {
    return list.empty() ? std::vector<std::string>{""} : list;
  }
  static std::string bare(const std::string& cell) { return cell.substr(0, cell.find(':')); }

  std::vector<int> measured_lengths() const {
    std::vector<int> steps;
    for (const std::string& word : lengths) {
      int length = 0;
      try {
        detail::read_option(word, length);
      } catch (const ValueError& e) {
        throw ValueError(std::string("--lengths ") + e.what());
      }
      if (length == 0 && lengths.size() == 1) return {};
      if (length < 1 || length > 1'000'000) throw ValueError(fmt::format("--lengths must be from 1 to 1,000,000 steps, not {}", length));
      steps.push_back(length);
    }
    std::sort(steps.begin(), steps.end());
    steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
    return steps;
  }

  std::unique_ptr<Task> made(const std::string& embedding, const std::string& direction) const {
    TaskOptions one = sizes;
    one.inputs.embedding = embedding, one.inputs.direction = direction;
    return one.make(task);
  }

  // All updates are done, whatever validation says; then the weights that validated best are back, as ebb train's patience has it.
  TaskSettings settings_of(const Task& t, Size size) const {
    TaskSettings s = sizes.changed(task, t.comparison_settings(size));
    s.enough = 0;
    s.patience = 1'000'000;
    return s;
  }

  void check_reads(const Task& t, TaskSettings s) const {
    s.hidden = 4;
    if (weights_of(Model{t, "rnn", s, 1}).counted == weights_of(Model{t, "lstm", s, 1}).counted)
      throw ValueError(fmt::format("the network of the task '{}' has no cell that could be another", task));
  }

  std::vector<int> equal_widths(Results& r, const Task& t, const TaskSettings& s) const {
    check_reads(t, s);
    r.budget = weights;
    if (weights == 0) r.budget = weights_of(Model{t, cells.front(), s, 1}).counted;
    std::vector<int> widths;
    for (const std::string& cell : cells) {
      const int step = least_width(cell, s);
      TaskSettings one = s;
      const auto weights_at = [&](int width, std::int64_t most) {
        one.hidden = width;
        return weights_of(Model{t, cell, one, 1, most});
      };
      const Weights least = weights_at(step, 0);
      if (weights_at(2 * step, 0).counted == least.counted)
        throw ValueError(fmt::format("the network of the task '{}' has no cell whose width could be chosen", task));
      widths.push_back(width_for(r.budget, step, [&](int width) {
        try {
          return weights_at(width, 8 * (r.budget + least.tables) + 100'000).counted;
        } catch (const ValueError&) {
          return std::numeric_limits<std::int64_t>::max() / 2;   // far too many, and not drawn
        }
      }));
    }
    return widths;
  }

  Variant variant(Job& job, const Task& t, TaskSettings s, std::size_t c, int width, const std::string& embedding,
                  const std::string& direction) const {
    s.hidden = width;
    s.lr = rates.of(bare(cells[c]), s.lr);
    Variant v{.name = cells[c], .cell = cells[c], .embedding = embedding, .direction = direction, .settings = s};
    if (embeddings.size() > 1) v.name += ", " + short_name(embedding);
    if (directions.size() > 1) v.name += ", " + direction;
    const Model model{t, v.cell, s, 1};
    try_out(model, t);
    v.weights = weights_of(model);
    for (const std::uint64_t seed : job.seeds()) v.trials.push_back({.seed = seed});
    return v;
  }

  const Task& task_of(std::size_t variant) const { return *tasks_[variant / cells.size()]; }

  double work_of(const Job& job, const Results& r, const std::vector<int>& steps) const {
    const double updates = r.variants.front().settings.steps;
    return updates * static_cast<double>(r.variants.size() * job.seeds().size()) + length_share(r, steps) * double(cells.size());
  }
  // Of the bar: a tenth of a training for the lengths of a cell.
  static double length_share(const Results& r, const std::vector<int>& steps) {
    return steps.empty() ? 0 : std::max(1.0, .1 * r.variants.front().settings.steps);
  }

  void announce(Job& job, const Results& r) const {
    const TaskSettings& s = r.variants.front().settings;
    const std::string which = equal_weights(r) ? "each" : "for the first of each cell";
    job.print(fmt::format("{}: T {}, batch {}, {} updates, {}, about {} weights {} besides tables of embeddings\n", task, s.length,
                          s.batch, count_text(s.steps), s.optimizer, count_text(static_cast<double>(r.budget)), which));
  }

  // Seeds outermost: after Ctrl-C there is a comparison of all, if from fewer seeds.
  void train_all(Job& job, Results& r) {
    measure_ = {"loss", 0, r.info.unit, r.info.trivial, r.info.trivial_about, false};
    const int n = static_cast<int>(r.variants.size());
    std::mutex mutex;
    job.parallel(n * static_cast<int>(job.seeds().size()), [&](int k) {
      const auto at = static_cast<std::size_t>(k % n);
      Variant& v = r.variants[at];
      Trial& trial = v.trials[static_cast<std::size_t>(k / n)];
      if (job.interrupted()) return;
      const Measure m = one(job, task_of(at), v, trial);
      if (!trial.ok() || !*r.info.validate_by) return;
      const std::lock_guard lock(mutex);
      measure_ = m;
    });
  }

  // What one run throws is kept with it, and the others go on.
  static Measure one(Job& job, const Task& t, const Variant& v, Trial& trial) {
    trial.begun = true;
    int updates = 0;
    Measure m;
    try {
      m = trained(job, t, v, trial, updates);
    } catch (const std::bad_alloc&) {
      trial.failed = "there is not enough memory";
    } catch (const std::exception& e) {
      trial.failed = *e.what() ? e.what() : "an error without a message";
    }
    if (!trial.ok()) trial.quality = trial.loss = not_given;
    job.progress().skip(v.settings.steps - updates);
    return m;
  }

  static Measure trained(Job& job, const Task& t, const Variant& v, Trial& trial, int& updates) {
    Model model{t, v.cell, v.settings, trial.seed};
    const double start = thread_seconds();
    trial.training = train(model, t, v.settings, trial.seed, [&](const CurvePoint& p) {
      ++updates;
      trial.seconds.push_back(thread_seconds() - start);
      job.progress().advance(1, fmt::format("{} seed {}  {:.4g}", v.name, trial.seed, p.loss));
    });
    if (!trial.ok()) return {};
    const std::string by = t.info().validate_by;
    const auto meter = by.empty() ? nullptr : t.meter();
    trial.loss = trial.quality = test_loss(model, t, Split::test, v.settings, 1 << 30, meter.get());
    if (!meter) return {};
    const Measure m = measure_named(by, meter->measures());
    trial.quality = m.value;
    return m;
  }

  // One after the other, so that nothing else of this program runs beside what is timed.
  void measure_lengths(Job& job, Results& r, const std::vector<int>& steps) const {
    const double most = memory > 0 ? 1e9 * memory : .5 * free_memory(), share = length_share(r, steps) / double(steps.size());
    for (std::size_t c = 0; c < cells.size() && !job.interrupted(); ++c)
      r.costs.push_back(cost_by_length(
          cells[c], r.variants[c].settings, steps, rows, most, [&] { return job.interrupted(); },
          [&](int length) { job.progress().advance(share, fmt::format("{}, {} steps", cells[c], length)); }));
  }

  std::vector<std::unique_ptr<Task>> tasks_;       // by embedding and direction
  Measure measure_;
};
EBB_EXPERIMENT(compare, Compare, "RNN, TCN and Transformer of equal weights side by side: quality, time, memory, length");

}  // namespace
}  // namespace ebb
