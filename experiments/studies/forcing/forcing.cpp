#include <fmt/format.h>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/studies/forcing/forcing.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/trial_log.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/task_call.hpp>

namespace ebb::app::forcing {
namespace {

/// Exposure bias: a model that is trained to forecast the next value from true values, and then has to rely on its own
/// forecasts.
///
/// Source    Bengio et al. 2015, arXiv:1506.03099
struct ForcingStudy {
  static constexpr bool resumes = true;
  std::vector<std::string> ways{"forcing", "linear", "exponential", "inverse-sigmoid"};
  Practice p;

  void options(Options& o) {
    o.add("--ways", ways,
          "when training feeds true values: forcing (always), free (never), or a schedule of Bengio 2015: linear, "
          "exponential, inverse-sigmoid")
        .one_of({"forcing", "free", "linear", "exponential", "inverse-sigmoid"});
    o.add("--data", p.data, "mackey-glass, lorenz, henon, or a CSV file (--column)")
        .type("PATH")
        .quick("generated")
        .reads();
    o.add("--column", p.column, "column of a CSV file (default: the last)").type("NAME");
    o.add("--half", p.half, "fraction of the updates after which half of the inputs are true values")
        .above(0)
        .at_most(1);
    o.add("--through", p.through, "let gradients pass through forecasts that are fed back (Bengio's do not)");
    o.add("--cell", p.cell, "cell; `ebb cells` lists them").completes(Registry<CellEntry>::names());
    o.add("--hidden", p.hidden, "width of the cell's state").at_least(1).at_most(100'000).quick(16);
    o.add("--context", p.context, "true values before free running").at_least(1).at_most(100'000).quick(20);
    o.add("--horizon", p.horizon, "steps after the context, in training").at_least(1).at_most(100'000).quick(20);
    o.add("--free", p.free, "steps after the context, in the test").at_least(1).at_most(100'000).quick(40);
    o.add("--batch", p.batch, "B, series per batch").at_least(1).at_most(100'000).quick(16);
    o.add("--steps", p.steps, "number of updates").at_least(1).at_most(1'000'000).quick(150).full(10'000);
    o.add("--lr", p.lr, "Adam's learning rate").above(0).quick(1e-2);
    o.example("ebb forcing                                     a few minutes on two cores");
    o.example("ebb forcing --quick --out /tmp/look             a toy, in seconds");
    o.example("ebb forcing --data lorenz --free 100 --ways forcing,inverse-sigmoid");
    o.example("ebb forcing --cell gru --ways forcing,linear,free --half 0.5 --through");
  }

  void run(Job& job) {
    check_once("--ways", ways);
    check_cell_names({p.cell});
    const auto task = series_of(p);
    for (const auto& [split, length] :
         {std::pair{Split::train, p.context + p.horizon}, {Split::test, p.context + p.free}})
      make_batch(*task, {.split = split, .length = length, .rows = p.batch});
    const Forecaster trial(p, 1);
    test(trial, *task, p, Limit{1, 1});

    std::vector<Way> results;
    for (const std::string& name : ways)
      results.push_back({.name = name, .runs = std::vector<WayRun>(job.seeds().size())});
    job.start(static_cast<double>(ways.size() * job.seeds().size()) * p.steps);
    const auto fill = [&] {
      add_to_report(job, results, p, task->data());
      add_to_summary(job, results, p, task->data());
      study::report_divergence(job, results);
    };
    job.report.title("Teacher forcing and scheduled sampling");
    job.report.lead(
        "A model fed only true inputs never meets its own errors. How accurate is it when fed its own forecasts?");
    Parts parts{job, study::data_of(*task)};
    const study::Runs<WayRun> runs{
        .ways = ways,
        .work = [&](std::size_t) { return double(p.steps); },
        .run =
            [&](std::size_t way, std::size_t seed, WayRun& run) {
              Forecaster m(p, job.seeds()[seed]);
              train(m, *task, p, ways[way], job.seeds()[seed], run, [&](double loss) {
                job.progress().advance(1, fmt::format("{} seed {}  {:.4g}", ways[way], job.seeds()[seed], loss));
              });
              if (run.done) run.errors = test(m, *task, p, {});
              study::keep_curves(job, ways[way], job.seeds()[seed], {{"train/loss", {run.update, run.loss}}});
            },
        .complete = [](const WayRun& run) { return run.done || !run.diverged.empty(); },
        .take = [&](std::size_t way, std::size_t seed, WayRun run) { results[way].runs[seed] = std::move(run); }};
    study::each_part(parts, runs, fill);
    fill();
  }
};
EBB_EXPERIMENT_NAMED(forcing, "forcing", ForcingStudy,
                     "teacher forcing and scheduled sampling: errors when the model reads its own outputs");

}  // namespace
}  // namespace ebb::app::forcing
