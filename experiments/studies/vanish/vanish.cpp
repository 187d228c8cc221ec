#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/parts.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/vanish/vanish.hpp>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/recurrent_network.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/task_options.hpp>
#include <ebb/experiments/train/try_out.hpp>

namespace ebb::app::vanish {
namespace {

constexpr int profiles_per_run = 40, most_map_rows = 4;  // of a map; docs/vanish.md has what they cost

/// How the gradient of the loss at the last step decays on its way back through time: several cells compared, before
/// and after training, on tasks that need a long memory.
struct Vanish {
  static constexpr bool resumes = true;
  std::vector<std::string> cells{"rnn", "lstm", "gru"}, tasks{"adding", "chars"}, remedies{"none"}, lags{"200"};
  int rows = 32, layer = 0;
  std::optional<int> every;
  TaskOptions sizes;

  void options(Options& o) {
    o.add("--cells", cells, "cells to compare; `ebb cells` lists them").completes(Registry<CellEntry>::names());
    o.add("--tasks", tasks, "tasks with a recurrence; `ebb tasks` lists all")
        .known_by(missing_one_of_tasks)
        .completes(Registry<TaskEntry>::names())
        .full({"adding", "chars", "copy", "temporal-order"});
    o.add("--remedy", remedies,
          "remedies, each compared with the others; + joins several; `ebb remedies` lists them. Where one of them "
          "clips, --clip is 0 by default")
        .type("NAME,...");
    o.add("--lags", lags,
          "largest lag T - t at which the gradient is measured; of several, each is a column of the tables")
        .type("N,...")
        .quick({"100"})
        .recorded_as([](const std::vector<std::string>& words) {
          const std::vector<int> numbers = lags_of(words);
          return numbers.size() == 1 ? std::to_string(numbers[0]) : fmt::format("[{}]", fmt::join(numbers, ","));
        });
    o.add("--rows", rows, "number of sequences over which the gradient is measured")
        .at_least(1)
        .at_most(10'000)
        .quick(8);
    o.add("--layer", layer, "of several --layers the one whose gradient is measured, 1 for the lowest; 0: all of them")
        .at_least(0);
    o.add("--every", every,
          "updates between the gradients of the map over training (default: at most forty in a run); 0: no map")
        .check([](const std::optional<int>& n) { return !n || *n >= 0; }, "at least 0");
    sizes.declare(o);
    sizes.declare_layers(o);
    sizes.declare_optimizer(o);
    o.example("ebb vanish                                      under four minutes on two cores");
    o.example("ebb vanish --quick --out /tmp/look              a toy, in seconds");
    o.example("ebb vanish --cells rnn,rnn:recurrent=orthogonal,lstm,gru:update_bias=1");
    o.example("ebb vanish --tasks chars --text book.txt --hidden 128 --steps 2000");
    o.example("ebb vanish --tasks series --data sales.csv --column total --inputs price,rain --ahead 7");
    o.example("ebb vanish --tasks chars --layers 2 --layer 1 --lags 10,50,200");
    o.example("ebb vanish --tasks temporal-order --cells rnn --remedy none,omega:4,flossing");
    o.example("ebb vanish --hidden adding=32,chars=64 --seeds 5 --full");
  }

  void run(Job& job) {
    auto [measured, results] = prepare(job);

    struct Place {
      std::size_t task, cell, seed;
      Initial* initial;
    };
    std::vector<Initial> initial(job.seeds().size() * results.size() * cells.size());
    std::vector<Place> places;
    double work = 0;
    // Seeds outermost, so that after Ctrl-C there is a comparison of all cells, from fewer seeds.
    for (std::size_t s = 0; s < job.seeds().size(); ++s)
      for (std::size_t t = 0; t < results.size(); ++t)
        for (std::size_t c = 0; c < results[t].cells.size(); ++c) {
          places.push_back({t, c, s, &initial[(s * results.size() + t) * cells.size() + c / remedies.size()]});
          work += results[t].settings.steps;
        }

    job.start(work);
    std::map<std::string, std::string> data;
    for (const Measured& m : measured)
      for (const auto& [what, text] : study::data_of(*m.task, sizes.inputs))
        data[fmt::format("{} of {}", what, m.task->name())] = text;
    Parts parts{job, data};
    job.report.title("Vanishing gradients: " + fmt::format("{}", fmt::join(cells, ", ")));
    job.report.lead(
        "How far back does the gradient of the loss at the last step reach? Its norm at every earlier step, "
        "for each cell, before, during and after training.");
    job.parallel(static_cast<int>(places.size()), [&, &measured = measured, &results = results](int k) {
      const Place p = places[static_cast<std::size_t>(k)];
      if (job.interrupted()) return;
      const TaskResult& task = results[p.task];
      Run& place = results[p.task].cells[p.cell].runs[p.seed];
      Run run{.seed = place.seed};
      make_run(parts, measured[p.task], task, task.cells[p.cell], run, *p.initial);
      job.run_ended([&] { place = std::move(run); }, [&] { fill(job, results); });
    });
    fill(job, results);
  }

 private:
  static void fill(Job& job, std::vector<TaskResult>& results) {
    for (TaskResult& task : results) {
      for (CellResult& cell : task.cells) settle(cell);
      task.losses = losses_of(task);
      job.print("\n" + table_text(task) + lags_text(task));
      std::vector<std::string> found{verdict(task)};
      found.insert(found.end(), task.losses.findings.sentences.begin(), task.losses.findings.sentences.end());
      for (const std::string& sentence : found)
        for (const std::string& line : wrapped(sentence, 76)) job.print("  " + line + "\n");
      add_to_report(job, task);
      add_why(job, task);
      add_to_summary(job, task);
      if (has_remedies(task)) show_remedies(job, task);
      for (const CellResult& cell : task.cells)
        for (const Run& run : cell.runs) {
          const std::string& diverged = run.training.diverged;
          if (run.failed.empty() && diverged.empty()) continue;
          job.fail_run(fmt::format("{} on {}, seed {}: {}", cell.cell, task.name, run.seed,
                                   run.failed.empty() ? "diverged at " + diverged : run.failed),
                       results.size() * task.cells.size() * cell.runs.size());
        }
    }
    write_series(job, results);
    write_maps(job, results);
  }

  static std::vector<int> lags_of(const std::vector<std::string>& words) {
    return study::whole_numbers_of("--lags", words, 1, 100'000);
  }

  // All errors in the user's input are found here, before the folder is created.
  std::pair<std::vector<Measured>, std::vector<TaskResult>> prepare(Job& job) {
    check_task_names(tasks);
    check_cell_names(cells);
    check_once("--tasks", tasks);
    check_once("--cells", cells);
    check_once("--remedy", remedies);
    std::vector<int> columns = lags_of(lags);
    std::sort(columns.begin(), columns.end());
    sizes.check_names(tasks);
    sizes.inputs.quick = job.size() == Size::quick;
    auto made = sizes.make(tasks);
    sizes.inputs.keep(made);
    std::vector<Measured> measured;
    std::vector<TaskResult> results;
    for (std::size_t k = 0; k < tasks.size(); ++k) {
      TaskResult r = result_of(job, *made[k], tasks[k]);
      try_cells(job, *made[k], r, columns);
      measured.push_back(measured_of(std::move(made[k]), r, columns));
      results.push_back(std::move(r));
    }
    return {std::move(measured), std::move(results)};
  }

  TaskResult result_of(const Job& job, const Task& task, const std::string& name) const {
    if (task.as<HasFeedForward>())
      throw ValueError(fmt::format(
          "the task '{}' has no recurrence: its network has no state through which a gradient could go back", name));
    TaskResult r{.name = name,
                 .data = task.data(),
                 .info = task.info(),
                 .settings = sizes.changed(name, task_call(task, [&] { return task.comparison_settings(job.size()); })),
                 .rows = rows,
                 .options = chosen_options(task)};
    if (!sizes.clip.of(name) && std::any_of(remedies.begin(), remedies.end(), replaces_clip)) r.settings.clip = 0;
    if (layer > r.settings.layers)
      throw ValueError(fmt::format("--layer {}: the network of '{}' has {} (--layers)", layer, name,
                                   count_text(r.settings.layers, "layer")));
    r.layer = r.settings.layers > 1 ? layer : 0;
    check_sizes(task, r.settings);
    return r;
  }

  /// Tries every cell with every remedy, and adds them to the result.
  void try_cells(const Job& job, const Task& task, TaskResult& r, const std::vector<int>& columns) const {
    for (const std::string& cell : cells) {
      const Model model(task, cell, r.settings, 1);
      try {
        (void)model.recurrent();
      } catch (const ValueError& e) {
        throw ValueError(
            fmt::format("the gradients of the task '{}' cannot be followed back in time: {}", r.name, e.what()));
      }
      for (const std::string& remedy : remedies) {
        CellResult variant{.cell = remedy == "none" ? cell : cell + " + " + remedy, .base = cell, .remedy = remedy};
        try_out(model, task, settings_of(r, variant));
        for (const std::uint64_t seed : job.seeds()) variant.runs.push_back({.seed = seed});
        r.cells.push_back(std::move(variant));
      }
      try_rows(*model.recurrent().recurrence(), cell, std::max(r.settings.length, columns.back() + 1));
    }
  }

  /// Draws the sequences over which gradients are measured, and takes their sizes into the result.
  Measured measured_of(std::unique_ptr<Task> task, TaskResult& r, const std::vector<int>& columns) const {
    const Model model(*task, cells.front(), r.settings, 1);
    ProfileRows all = profile_rows(model, *task, r.settings, columns.back(), rows),
                few = profile_rows(model, *task, r.settings, columns.back(), std::min(rows, most_map_rows));
    r.lags = all.lags();
    r.rows = all.rows();
    r.own_lengths = all.own_lengths();
    r.length = task_call(*task, [&] { return task->steps(r.settings); });
    if (r.own_lengths || task->as<FixedLength>()) r.length = std::min(r.length, all.longest());
    r.squared_error = model.recurrent().is_squared_error(all.batch());
    if (!task->as<SimpleTask>()) r.recurrence = model.recurrent().recurrence_scope();
    if (columns.size() > 1)
      for (const int lag : columns)
        if (lag <= r.lags) r.columns.push_back(lag);
    r.every = r.settings.steps == 0 ? 0 : every.value_or((r.settings.steps + profiles_per_run - 1) / profiles_per_run);
    r.map_rows = r.every > 0 ? few.rows() : 0;
    return {std::move(task), std::move(all), std::move(few)};
  }

  // Gradients are measured over lengths that differ from that of training.
  static ProfileRows profile_rows(const Model& model, const Task& task, TaskSettings s, int lags, int rows) {
    const int length = task_call(task, [&] { return task.steps(s); });
    s.length = lags + 1;
    s.batch = rows;
    try {
      if (!task.as<FixedLength>()) check_sizes(task, s);
      return ProfileRows(model, task, {.lags = lags, .rows = rows, .length = length});
    } catch (Error& e) {
      e.with_context(fmt::format("; gradients are measured over --lags + 1 = {} steps", s.length));
      throw;
    }
  }
};
EBB_EXPERIMENT(vanish, Vanish, "compare cells: how gradients vanish through time, and how that affects learning");

}  // namespace
}  // namespace ebb::app::vanish
