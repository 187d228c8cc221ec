#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/vanish/vanish.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/task_options.hpp>
#include <ebb/experiments/train/try_out.hpp>
#include <ebb/ops/printable.hpp>
#include <limits>
#include <new>

namespace ebb::app::vanish {
namespace {

/// How the gradient of the loss at the last step decays on its way back through time: several cells compared, before
/// and after training, on tasks that need a long memory.
struct Vanish {
  std::vector<std::string> cells{"rnn", "lstm", "gru"}, tasks{"adding", "chars"}, remedies{"none"};
  int lags = 200, rows = 32;
  TaskOptions sizes;

  void options(Options& o) {
    o.add("--cells", cells, "cells to compare; `ebb cells` lists them").completes(Registry<CellEntry>::names());
    o.add("--tasks", tasks, "tasks; `ebb tasks` lists them")
        .known_by(missing_one_of_tasks)
        .completes(Registry<TaskEntry>::names());
    o.add("--remedy", remedies,
          "remedies, each compared with the others; + joins several; `ebb remedies` lists them. Where one of them "
          "clips, --clip is 0 by default")
        .type("NAME,...");
    o.add("--lags", lags, "largest lag T - t at which the gradient is measured")
        .at_least(1)
        .at_most(100'000)
        .quick(100);
    o.add("--rows", rows, "number of sequences over which the gradient is measured")
        .at_least(1)
        .at_most(10'000)
        .quick(8);
    sizes.declare(o);
    sizes.declare_optimizer(o);
    o.example("ebb vanish                                      under four minutes on two cores");
    o.example("ebb vanish --quick --out /tmp/look              a toy, in seconds");
    o.example("ebb vanish --cells rnn,rnn:recurrent=orthogonal,lstm,gru:update_bias=1");
    o.example("ebb vanish --tasks chars --text book.txt --hidden 128 --steps 2000");
    o.example("ebb vanish --tasks temporal-order --cells rnn --remedy none,omega:4,flossing");
    o.example("ebb vanish --hidden adding=32,chars=64 --seeds 5 --full");
  }

  void run(Job& job) {
    auto [made, results] = prepare(job);

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
    job.report.title("Vanishing gradients: " + fmt::format("{}", fmt::join(cells, ", ")));
    job.report.lead(
        "How far back does the gradient of the loss at the last step reach? Its norm at every earlier step, "
        "for each cell, before and after training.");
    job.parallel(static_cast<int>(places.size()), [&, &made = made, &results = results](int k) {
      const Place p = places[static_cast<std::size_t>(k)];
      if (job.interrupted()) return;
      const CellResult& cell = results[p.task].cells[p.cell];
      Run& place = results[p.task].cells[p.cell].runs[p.seed];
      Run run{.seed = place.seed};
      one(job, *made[p.task], results[p.task], run, cell, *p.initial);
      job.run_ended([&] { place = std::move(run); }, [&] { fill(job, results); });
    });
    fill(job, results);
  }

 private:
  static void fill(Job& job, std::vector<TaskResult>& results) {
    for (TaskResult& task : results) {
      for (CellResult& cell : task.cells) settle(cell);
      job.print("\n" + table_text(task));
      for (const std::string& line : wrapped(verdict(task), 76)) job.print("  " + line + "\n");
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
  }

  // All errors in the user's input are found here, before the folder is created.
  std::pair<std::vector<std::unique_ptr<Task>>, std::vector<TaskResult>> prepare(Job& job) {
    check_task_names(tasks);
    check_cell_names(cells);
    check_once("--tasks", tasks);
    check_once("--cells", cells);
    check_once("--remedy", remedies);
    sizes.check_names(tasks);
    sizes.inputs.quick = job.size() == Size::quick;
    auto made = sizes.make(tasks);
    sizes.inputs.keep(made);
    std::vector<TaskResult> results;
    for (std::size_t k = 0; k < tasks.size(); ++k) {
      const std::string& name = tasks[k];
      const Task& task = *made[k];
      TaskResult r{
          .name = name,
          .data = task.data(),
          .info = task.info(),
          .settings = sizes.changed(name, task_call(task, [&] { return task.comparison_settings(job.size()); })),
          .lags = lags,
          .rows = rows,
          .options = chosen_options(task)};
      if (!sizes.clip.of(name) && std::any_of(remedies.begin(), remedies.end(), replaces_clip)) r.settings.clip = 0;
      const TaskSettings& s = r.settings;
      if (!task.as<SimpleTask>())
        throw ValueError(fmt::format(
            "the task '{}' has its own network, without a single state between its inputs and its loss", name));
      check_sizes(task, s);
      r.rows = rows_measured(task, s);
      for (const std::string& cell : cells)
        for (const std::string& remedy : remedies) {
          CellResult variant{.cell = remedy == "none" ? cell : cell + " + " + remedy, .base = cell, .remedy = remedy};
          try_out(Model(task, cell, s.hidden, 1), task, settings_of(r, variant));
          for (const std::uint64_t seed : job.seeds()) variant.runs.push_back({.seed = seed});
          r.cells.push_back(std::move(variant));
        }
      const auto batch = make_batch(task, {.length = s.length, .rows = 1}).get<SimpleBatch>();
      r.squared_error = is_squared_error(batch);
      for (const std::string& cell : cells)
        try_rows(Model(task, cell, s.hidden, 1).simple().cell(), cell, std::max(s.length, lags + 1));
      results.push_back(std::move(r));
    }
    return {std::move(made), std::move(results)};
  }

  // Gradients are measured over lengths that differ from that of training.
  int rows_measured(const Task& task, TaskSettings s) const {
    s.length = lags + 1;
    s.batch = rows;
    try {
      check_sizes(task, s);
      return make_batch(task, {.split = Split::test, .length = s.length, .rows = s.batch}).rows();
    } catch (Error& e) {
      e.with_context(fmt::format("; gradients are measured over --lags + 1 = {} steps", s.length));
      throw;
    }
  }

  static void check_once(const char* option, const std::vector<std::string>& names) {
    for (auto name = names.begin(); name != names.end(); ++name)
      if (std::find(names.begin(), name, *name) != name)
        throw ValueError(fmt::format("{} names '{}' twice", option, *name));
  }

  // An exception is stored with its run, and the others continue.
  static void one(Job& job, const Task& task, const TaskResult& result, Run& run, const CellResult& cell,
                  Initial& initial) {
    const double started = job.seconds();
    int updates = 0;
    try {
      measure_and_train(job, task, result, run, cell, initial, updates);
    } catch (const std::bad_alloc&) { run.failed = "there is not enough memory"; } catch (const std::exception& e) {
      run.failed = *e.what() ? ebb::detail::printable(e.what()) : "an error without a message";
    } catch (...) { run.failed = "an exception that is not a std::exception"; }
    if (!run.failed.empty()) run.loss = std::numeric_limits<double>::quiet_NaN();
    job.progress().skip(result.settings.steps - updates);
    run.seconds += job.seconds() - started;
  }

  static study::Evidence evidence(const Model& model, const Task& task, const TaskResult& result,
                                  const std::string& cell, const GradientNorms& norms) {
    constexpr int most_steps = 200, most_rows = 4;  // seconds in all: the gradients have more
    return study::evidence_of(model, task, cell, result.settings.length, whole_state(norms),
                              std::min(result.lags + 1, most_steps), std::min(result.rows, most_rows));
  }

  // Measures the initial weights, or takes what was measured for another remedy of the cell; either counts as much of
  // the run's time.
  static void measure_initial(Job& job, const Model& model, const Task& task, const TaskResult& result, Run& run,
                              const CellResult& cell, Initial& initial) {
    const double started = job.seconds();
    std::call_once(initial.measured, [&] {
      try {
        initial.norms = gradient_norms(model, task, result.lags, result.rows);
        initial.why = evidence(model, task, result, cell.base, initial.norms);
        initial.loss = test_loss(model, task, Split::test, result.settings);
      } catch (...) { initial.error = std::current_exception(); }
      initial.seconds = job.seconds() - started;
    });
    run.init = initial.norms;
    run.why_init = initial.why;
    run.loss_before = initial.loss;
    run.seconds = initial.seconds - (job.seconds() - started);
    if (initial.error) std::rethrow_exception(initial.error);
  }

  // One cell, one task, one seed: measure, train, measure, test.
  static void measure_and_train(Job& job, const Task& task, const TaskResult& result, Run& run, const CellResult& cell,
                                Initial& initial, int& updates) {
    const TaskSettings s = settings_of(result, cell);
    run.begun = true;
    Model model{task, cell.base, s.hidden, run.seed};
    run.weights = model.w.trained();
    measure_initial(job, model, task, result, run, cell, initial);

    run.training = train(model, task, s, run.seed, [&](const CurvePoint& p) {
      ++updates;
      job.progress().advance(1, fmt::format("{} {} seed {}  {:.4g}", result.name, cell.cell, run.seed, p.loss));
    });

    if (run.training.curve.empty()) {  // --steps 0, or Ctrl-C: there is no training
      run.loss = run.loss_before;
    } else if (run.training.diverged.empty()) {
      run.loss = test_loss(model, task, Split::test, s);
      run.trained = gradient_norms(model, task, result.lags, result.rows);
      run.why_trained = evidence(model, task, result, cell.base, run.trained);
    } else {
      run.loss = std::numeric_limits<double>::quiet_NaN();
    }
  }
};
EBB_EXPERIMENT(vanish, Vanish, "compare cells: how gradients vanish through time, and how that affects learning");

}  // namespace
}  // namespace ebb::app::vanish
