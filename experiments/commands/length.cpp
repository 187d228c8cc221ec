#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/out_file.hpp>
#include <ebb/experiments/cli/stored_page.hpp>
#include <ebb/experiments/lengths/length_run.hpp>
#include <ebb/experiments/lengths/page.hpp>
#include <ebb/experiments/lengths/record.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/lengths.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/task_options.hpp>
#include <filesystem>

namespace ebb::app {
namespace {

/// Trains cells on short sequences and tests them on longer ones.
struct LengthCommand {
  static constexpr bool resumes = true;
  static constexpr int seeds = 1;
  std::vector<std::string> cells{"rnn", "lstm", "gru"}, tasks{"parity", "anbn", "dyck", "copy", "mqar"}, times{};
  std::string page = "docs/lengths.md";
  TaskOptions sizes;
  int jobs = 0;
  bool cost = false, record = false;

  void options(Options& o) {
    std::vector<std::string> names = recurrence_names();
    names.insert(names.begin(), "all");
    o.add("--cells", cells, "cells; all: every cell that this program has; `ebb cells` lists them")
        .type("NAME,...")
        .completes(names);
    o.add("--tasks", tasks, "tasks whose sequences can have any length; recall: mqar")
        .type("NAME,...")
        .completes(tasks_of_any_length());
    o.add("--times", times, "lengths of the test, as multiples of the length of training (default: 1,2,4,8,16)")
        .type("N,...");
    const std::size_t before = o.entries().size();
    sizes.declare(o);
    sizes.declare_more(o);
    for (std::size_t k = before; k < o.entries().size(); ++k) of_train_.push_back(o.entries()[k].get());
    o.add("--cost", cost, "only estimate how long each cell takes, from a few updates");
    o.add("--jobs", jobs, "trials at a time (default: as many as threads)").at_least(0).at_most(1024).not_kept();
    o.add("--record", record, "store the results and write the page of all of them").unrecorded();
    o.add("--page", page, "with --record: that page; its data are stored in the same folder, as .json")
        .type("FILE")
        .with("--record")
        .unrecorded();
    o.example("ebb length --cells all                       every cell on parity, anbn, dyck, copy and mqar");
    o.example("ebb length --cells lstm,mgu --tasks parity --seeds 3");
    o.example("ebb length --cells all --cost                how long that would take");
    o.example("ebb length --cells rnn,lstm --tasks parity,modular --times 1,4,64 --steps 5000");
    o.example("ebb length --resume runs/length-20260101-120000");
  }

  void run(Job& job) {
    if (record && job.size() == Size::quick)
      throw ValueError("--record stores results, and a toy run with --quick has none");
    std::replace(tasks.begin(), tasks.end(), std::string("recall"), std::string("mqar"));
    lengths::Request request{.cells = cells, .tasks = tasks, .options = of_train_};
    if (!times.empty()) request.times = times_of();
    lengths::LengthRun grid{request, job.size(), job.seeds()};
    sizes.check_names(tasks);
    lengths::KeptTasks kept;
    if (record) {
      StoredPage(page).check();
      kept = lengths::read_lengths(StoredPage(page).data());
      lengths::check_kept(kept, grid.scores(grid.plan(), nullptr), commands(grid), job.seeds().size());
    }
    for (const std::string& why : grid.left_out()) job.print(fmt::format("left out: {}\n", why));
    if (cost) return estimate(job, grid);
    const sweep::Plan plan = grid.plan();
    job.start(plan.updates());
    job.print(fmt::format("{} of cells and tasks with {} each\n",
                          count_text(static_cast<double>(plan.configurations.size()), "pair"),
                          count_text(static_cast<double>(plan.seeds.size()), "seed")));
    const int most = std::max(1, std::min(jobs > 0 ? jobs : job.threads(), static_cast<int>(plan.trials.size())));
    const auto workers = sweep::processes(most, job.threads());
    sweep::Runner runner{job, plan, *workers};
    train(job, grid, plan, runner);
    const auto scores = grid.scores(plan, &runner);
    fill(job, grid, plan, runner, scores);
    const std::vector<std::string> order = lengths::ranked_cells(scores);
    for (const lengths::TaskScores& t : scores) job.print("\n" + lengths::table_lines(t, order));
    if (record && !runner.stopped()) store(job, grid, kept, scores);
  }

 private:
  std::vector<int> times_of() const {
    check_once("--times", times);
    std::vector<int> all;
    for (const std::string& word : times) {
      int n = 0;
      try {
        detail::read_option(word, n);
      } catch (const ValueError& e) { throw ValueError(fmt::format("--times {}", e.what())); }
      if (n < 1 || n > 100'000)
        throw ValueError(fmt::format("--times must be whole numbers from 1 to 100,000, not {}", n));
      all.push_back(n);
    }
    return all;
  }

  static void estimate(Job& job, lengths::LengthRun& grid) {
    job.start(static_cast<double>(grid.entries().size()));
    const std::string file = job.folder() + "/costs.json";
    if (job.again() && std::filesystem::exists(file)) grid.read_costs(read_file(file), file);
    for (const lengths::LengthRun::Entry& e : grid.entries()) {
      if (!e.cost.known()) continue;
      job.progress().skip(1);
      job.print(sweep::cost_line(e.name(), e.cost));
    }
    grid.measure_costs([&](const lengths::LengthRun::Entry& e) {
      job.progress().advance(1, e.name());
      job.print(sweep::cost_line(e.name(), e.cost));
      job.write("costs.json", grid.costs_json());
    });
    if (job.interrupted()) return;
    const double all = grid.wall(job.threads());
    job.print(fmt::format("\nall, {} each: about {} on {}\n",
                          count_text(static_cast<double>(job.seeds().size()), "seed"), duration_text(all),
                          count_text(job.threads(), "idle core")));
    job.summary.set({"estimated_seconds"}, all);
  }

  void train(Job& job, const lengths::LengthRun& grid, const sweep::Plan& plan, sweep::Runner& runner) const {
    constexpr double between = 30;  // seconds between two intermediate pages
    double written = job.seconds();
    runner.run([&] {
      if (job.seconds() - written < between) return;
      written = job.seconds();
      job.run_ended([] {}, [&] { fill(job, grid, plan, runner, grid.scores(plan, &runner)); });
    });
    job.summary.set({"cpu_seconds"}, runner.cpu_seconds());
  }

  static void fill(Job& job, const lengths::LengthRun& grid, const sweep::Plan& plan, const sweep::Runner& runner,
                   const std::vector<lengths::TaskScores>& scores) {
    lengths::report(job, scores, grid.left_out());
    job.write("lengths.csv", lengths::csv_of(scores));
    for (std::size_t k = 0; k < plan.trials.size(); ++k)
      if (const std::string& why = runner.results()[k].failed; !why.empty())
        job.fail_run(fmt::format("trial {}: {}", plan.trials[k].name, why), plan.trials.size());
  }

  /// How each task was trained, without the cell.
  static std::map<std::string, std::string> commands(const lengths::LengthRun& grid) {
    std::map<std::string, std::string> all;
    for (const auto& e : grid.entries()) {
      std::vector<std::string> words = e.training->words();
      words.erase(words.begin() + 2, words.begin() + 4);  // --cell NAME
      all[e.task] = fmt::format("ebb {}", fmt::join(words, " "));
    }
    return all;
  }

  void store(Job& job, const lengths::LengthRun& grid, lengths::KeptTasks& kept,
             const std::vector<lengths::TaskScores>& scores) const {
    lengths::keep(kept, scores, commands(grid), job.threads());
    const std::filesystem::path images = std::filesystem::path(page).parent_path() / "images";
    std::filesystem::create_directories(images);
    StoredPage(page).write(lengths::lengths_json(kept), lengths::lengths_page(kept, "images"));
    const auto all = lengths::scores_of(kept);
    const std::vector<std::string> order = lengths::ranked_cells(all);
    for (const lengths::TaskScores& t : all)
      OutFile((images / lengths::figure_file(t.task)).string()).write(value_map_svg(lengths::map_of(t, order), true));
    job.print(page + "\n");
  }

  std::vector<const detail::OptionEntry*> of_train_;
};
EBB_EXPERIMENT(length, LengthCommand,
               "length generalisation: train cells on short sequences, test them on longer ones");

}  // namespace
}  // namespace ebb::app
