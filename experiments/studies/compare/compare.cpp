#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/compare/compare.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/task_options.hpp>
#include <ebb/experiments/train/try_out.hpp>
#include <ebb/ops/printable.hpp>
#include <filesystem>
#include <limits>
#include <optional>

namespace ebb::app::compare {
namespace {

constexpr double not_given = std::numeric_limits<double>::quiet_NaN();

/// Compares recurrent cells, a TCN and a Transformer on one task, at equal parameter counts, flops or seconds: the
/// quality they reach and whether it differs, how soon, and the cost of longer sequences; also one cell with different
/// word vectors, or reading in both directions.
struct Compare {
  static constexpr bool resumes = true;
  std::string task = "adding";
  std::vector<std::string> cells{"rnn", "lstm", "gru", "tcn", "transformer"}, embeddings, directions;
  std::vector<std::string> lengths{"64", "128", "256", "512", "1024", "2048", "4096"};
  int weights = 0, rows = 4;
  std::string equal = "weights";
  PerTask rates;
  std::optional<double> target;
  double memory = 0;
  TaskOptions sizes;

  void options(Options& o) {
    o.add("--task", task, "task; `ebb tasks` lists them")
        .type("TASK")
        .known_by(missing_task)
        .completes(Registry<TaskEntry>::names());
    o.add("--cells", cells, "cells and layers to compare; `ebb cells` lists them").completes(recurrence_names());
    o.add("--weights", weights,
          "number of trained weights of each cell, not counting embedding tables; 0: as many as the first cell has at "
          "the "
          "task's hidden size")
        .type("N")
        .at_least(0)
        .at_most(1'000'000'000);
    o.add("--equal", equal,
          "what is held equal: weights or flops of an update, by each cell's width; or seconds of training, by the "
          "number of its updates at the widths of equal weights")
        .type("WHAT")
        .one_of({"weights", "flops", "seconds"});
    o.add("--embedding", embeddings,
          "word embeddings to compare: learned, onehot, files of vectors (default: the task's choice)")
        .type("FILE,...")
        .reads();
    o.add("--direction", directions, "directions to compare: forward, both (default: the task's choice)")
        .type("LIST")
        .one_of({"forward", "both"});
    o.add("--target", target,
          "validation level for timing (default: nine tenths of the way from the baseline to the best)")
        .type("X");
    o.add("--rates", rates, "learning rates of single cells: transformer=.001 (default: the task's rate)")
        .type("CELL=X,...");
    o.add("--lengths", lengths, "sequence lengths at which time and memory are measured; 0: none")
        .type("LIST")
        .quick({"16", "32", "64"});
    o.add("--rows", rows, "sequences per batch in that measurement").at_least(1).at_most(1024).quick(2);
    o.add("--memory", memory, "largest memory of that measurement in GB; 0: half of the free memory").at_least(0);
    sizes.declare(o, {"embedding", "direction"});  // which are lists here
    sizes.declare_more(o);
    o.example("ebb compare --quick                                          a toy, in seconds");
    o.example("ebb compare --task series --cells lstm,tcn:kernel=5,transformer --rates transformer=.001 --seeds 3");
    o.example("ebb compare --task chars --cells rnn,lstm,gru --equal seconds --seeds 6 --lengths 0");
    o.example(
        "ebb compare --task sentiment --data FOLDER --cells lstm --embedding onehot,learned,glove.6B.100d.txt "
        "--lengths 0");
    o.example("ebb compare --task tags --data FOLDER --cells gru,transformer --direction forward,both --lengths 0");
  }

  void run(Job& job) {
    Results r = prepare(job);
    const std::vector<int> steps = measured_lengths();
    job.start(work_of(job, r, steps));
    Parts parts{job, study::data_of(*tasks_.front(), sizes.inputs)};
    if (r.equal == Equal::seconds) keep_costs(parts, r);
    job.print(announcement(r));
    train_all(parts, r);
    if (!steps.empty()) measure_lengths(parts, r, steps);
    fill(job, r);
  }

 private:
  void fill(Job& job, Results& r) const {
    r.goal = goal_of(measure_, r.variants, target.value_or(not_given));
    r.quality = quality_of(r);
    job.print("\n" + compare::table_text(r));
    if (!r.costs.empty()) job.print("\n" + cost_text(r));
    add_to_report(job, r);
    add_to_summary(job, r);
    write_curves(job, r);
    for (const Variant& v : r.variants)
      for (const Trial& t : v.trials)
        if (const std::string& at = t.training.diverged; !t.failed.empty() || !at.empty())
          job.fail_run(
              fmt::format("{}, seed {}: {}", v.name, t.seed, t.failed.empty() ? "diverged at " + at : t.failed),
              r.variants.size() * v.trials.size());
  }

 private:
  // All errors in the user's input are found here, before the folder is created.
  Results prepare(Job& job) {
    check_words();
    sizes.inputs.quick = job.size() == Size::quick;
    Results r{.task = task, .data = {}, .info = {}, .equal = what(), .rows = rows};
    std::vector<int> widths;  // by cell, chosen with the first embedding and direction and kept for the others
    for (const std::string& embedding : or_none(embeddings))
      for (const std::string& direction : or_none(directions)) {
        tasks_.push_back(made(embedding, direction));
        const Task& t = *tasks_.back();
        const TaskSettings s = settings_of(t, job.size());
        check_sizes(t, s);
        if (widths.empty()) {
          r.budget = budget(r, t, s);
          widths = equal_widths(r, t, s, cells);
          r.data = t.data();
          r.info = t.info();
        }
        for (std::size_t c = 0; c < cells.size(); ++c)
          r.variants.push_back(variant(job, t, s, c, widths[c], embedding, direction));
      }
    sizes.inputs.keep(tasks_);
    if (r.equal == Equal::seconds) share_seconds(r);
    return r;
  }

  /// What an update of each variant costs, as kept in the folder.
  struct KeptCosts {
    std::vector<UpdateCost> costs{};
    void visit(Fields& f) { f("costs", costs); }
  };

  // A resumed run makes as many updates as before: measured again, they would take another time.
  void keep_costs(Parts& parts, Results& r) const {
    const std::string part = "costs of an update";
    if (const auto earlier = parts.finished<KeptCosts>(part)) {
      for (std::size_t v = 0; v < r.variants.size(); ++v) r.variants[v].update = earlier->costs.at(v);
      return share_seconds(r);
    }
    KeptCosts now;
    for (const Variant& v : r.variants) now.costs.push_back(v.update);
    parts.finish(part, now);
  }

  Equal what() const { return equal == "flops" ? Equal::flops : equal == "seconds" ? Equal::seconds : Equal::weights; }

  // That of the first cell at the task's hidden size.
  std::int64_t budget(const Results& r, const Task& t, const TaskSettings& s) const {
    if (r.equal == Equal::flops) return std::llround(cost_of_update(t, cells.front(), s, 1).flops);
    return weights > 0 ? weights : weights_of(Model{t, cells.front(), s, 1}, tables_of(t, s)).counted;
  }

  void check_words() {
    check_task_names({task});
    check_recurrence_names(cells);
    check_once("--cells", cells);
    if (!embeddings.empty()) check_once("--embedding", embeddings);
    if (!directions.empty()) check_once("--direction", directions);
    sizes.check_names({task});
    if (!sizes.patience.given.empty())
      throw ValueError("--patience does not apply: each run does all its updates and keeps the best weights");
    for (const auto& [cell, rate] : rates.given) {
      if (cell.empty()) throw ValueError(fmt::format("--rates must be CELL=X,..., not '{:g}'", rate));
      if (!(rate > 0)) throw ValueError("--rates must be above 0");
      if (std::none_of(cells.begin(), cells.end(), [&, &cell = cell](const std::string& c) { return bare(c) == cell; }))
        throw ValueError(fmt::format("--rates names the cell '{}', which is not among --cells", cell));
    }
    if (equal == "flops" && weights > 0)
      throw ValueError("--weights does not apply to --equal flops: the first cell at --hidden sets the flops");
    measured_lengths();
  }

  // As many components of a file's path, from the end, as distinguish it from the others.
  std::string short_name(const std::string& embedding) const {
    const std::filesystem::path whole = embedding;
    for (auto parts = 1; parts < std::distance(whole.begin(), whole.end()); ++parts) {
      const std::string name = path_end(whole, parts).string();
      if (std::count_if(embeddings.begin(), embeddings.end(),
                        [&](const std::string& e) { return path_end(e, parts).string() == name; }) == 1)
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
    std::vector<int> steps = study::whole_numbers_of("--lengths", lengths, 0, 1'000'000);
    if (steps == std::vector<int>{0}) return {};
    std::sort(steps.begin(), steps.end());
    if (steps.front() == 0) throw ValueError("--lengths: 0, for none, cannot be combined with other lengths");
    return steps;
  }

  std::unique_ptr<Task> made(const std::string& embedding, const std::string& direction) const {
    TaskOptions one = sizes;
    one.inputs.own["embedding"] = embedding;
    one.inputs.own["direction"] = direction;
    return one.make(task);
  }

  // All updates are done, regardless of validation; then the weights with the best validation score are restored, as
  // with --patience of ebb train.
  TaskSettings settings_of(const Task& t, Size size) const {
    TaskSettings s = sizes.changed(task, task_call(t, [&] { return t.comparison_settings(size); }));
    s.enough = 0;
    s.patience = all_validations;
    return s;
  }

  Variant variant(Job& job, const Task& t, TaskSettings s, std::size_t c, int width, const std::string& embedding,
                  const std::string& direction) const {
    s.hidden = width;
    s.lr = rates.of(bare(cells[c]), s.lr);
    Variant v{.name = cells[c], .cell = cells[c], .embedding = embedding, .direction = direction, .settings = s};
    if (embeddings.size() > 1) v.name += ", " + ebb::detail::printable(short_name(embedding));
    if (directions.size() > 1) v.name += ", " + direction;
    const Model model{t, v.cell, s, 1};
    try_out(model, t, s);
    v.weights = weights_of(model, tables_of(t, s));
    v.update = cost_of_update(t, v.cell, s, what() == Equal::seconds ? 0 : 1);
    for (const std::uint64_t seed : job.seeds()) v.trials.push_back({.seed = seed});
    return v;
  }

  const Task& task_of(std::size_t variant) const { return *tasks_[variant / cells.size()]; }

  double work_of(const Job& job, const Results& r, const std::vector<int>& steps) const {
    double updates = 0;
    for (const Variant& v : r.variants) updates += v.settings.steps;
    return updates * static_cast<double>(job.seeds().size()) + length_share(r, steps) * double(cells.size());
  }
  // In units of the progress bar: a tenth of a training run for the lengths of a cell.
  static double length_share(const Results& r, const std::vector<int>& steps) {
    return steps.empty() ? 0 : std::max(1.0, .1 * r.variants.front().settings.steps);
  }

  // Seeds outermost, so that after Ctrl-C there is a comparison of all, from fewer seeds.
  void train_all(Parts& parts, Results& r) {
    Job& job = parts.job();
    measure_ = {"loss", 0, r.info.unit, r.info.baseline, r.info.baseline_about, false};
    const int n = static_cast<int>(r.variants.size());
    std::optional<OneThread> only;  // as for several runs, which run in parallel
    if (n == 1 && job.seeds().size() == 1) only.emplace();
    job.parallel(n * static_cast<int>(job.seeds().size()), [&](int k) {
      const auto at = static_cast<std::size_t>(k % n);
      const Variant& v = r.variants[at];
      const auto number = static_cast<std::size_t>(k / n);
      if (job.interrupted()) return;
      Trial trial{.seed = v.trials[number].seed};
      const std::optional<Measure> m = run_trial(parts, task_of(at), v, trial);
      const auto take = [&] {
        if (trial.ok() && m) measure_ = *m;
        r.variants[at].trials[number] = std::move(trial);
      };
      job.run_ended(take, [&] { fill(job, r); });
    });
  }

  // Sequentially, so that nothing else in this program runs during the timing.
  void measure_lengths(Parts& parts, Results& r, const std::vector<int>& steps) const {
    Job& job = parts.job();
    const double most = memory > 0 ? 1e9 * memory : .5 * free_memory(),
                 share = length_share(r, steps) / double(steps.size());
    for (std::size_t c = 0; c < cells.size() && !job.interrupted(); ++c) {
      const std::string part = "lengths of " + cells[c];
      if (std::optional<CellCost> earlier = parts.finished<CellCost>(part)) {
        r.costs.push_back(std::move(*earlier));
        job.progress().skip(length_share(r, steps));
        continue;
      }
      TaskSettings s = r.variants[c].settings;
      s.length = task_of(c).steps(s);  // as it was trained
      r.costs.push_back(cost_by_length(
          cells[c], s, steps, rows, most, [&] { return job.interrupted(); },
          [&](int length) {
            job.progress().advance(share, fmt::format("{}, {}", cells[c], count_text(length, "step")));
          }));
      if (!job.interrupted()) parts.finish(part, r.costs.back());
    }
  }

  std::vector<std::unique_ptr<Task>> tasks_;  // by embedding and direction
  Measure measure_;
};
EBB_EXPERIMENT(compare, Compare,
               "compare RNN, TCN and Transformer at equal weights, flops or seconds: quality, time, memory, length");

}  // namespace
}  // namespace ebb::app::compare
