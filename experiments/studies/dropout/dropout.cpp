#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/dropout/dropout.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/trial_log.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/task_inputs.hpp>
#include <ebb/experiments/train/try_out.hpp>
#include <ebb/optim/early_stopping.hpp>

namespace ebb::app::dropout_study {
namespace {

/// Overfitting, and the effect of kinds of dropout on it: with a new mask at each step, with one mask per sequence, and
/// with none.
///
/// Source    Gal & Ghahramani 2016, arXiv:1512.05287; Zaremba et al. 2014, arXiv:1409.2329; Semeniuta et al. 2016,
///           arXiv:1603.05118
struct DropoutStudy {
  static constexpr bool resumes = true;
  std::vector<std::string> ways{"none", "naive", "input", "variational"};
  std::string task = "chars", cell = "lstm";
  double p = .3, part = 0, lr = 3e-3;
  int hidden = 128, length = 50, batch = 32, steps = 1000, patience = 3;
  TaskInputs inputs;

  void options(Options& o) {
    o.add("--ways", ways,
          "variants to compare: none, naive (new masks at each step, on input and state), input (new masks on the "
          "input only), variational (one mask per sequence), candidate (on what is added to the state)")
        .one_of({"none", "naive", "input", "variational", "candidate"});
    o.add("--p", p, "dropout probability").above(0).at_most(.99);
    o.add("--task", task, "task; `ebb tasks` lists them")
        .known_by(missing_task)
        .completes(Registry<TaskEntry>::names());
    o.add("--part", part,
          "fraction of the training text of chars that is read, so that there is too little data (default: 0.05)")
        .at_least(0)
        .at_most(1);
    o.add("--cell", cell, "cell; `ebb cells` lists them").completes(Registry<CellEntry>::names());
    o.add("--hidden", hidden, "width of the cell's state").at_least(1).at_most(100'000).quick(48);
    o.add("--length", length, "T, steps per sequence").at_least(2).at_most(100'000).quick(25);
    o.add("--batch", batch, "B, sequences per batch").at_least(1).at_most(100'000).quick(16);
    o.add("--steps", steps, "updates").at_least(1).at_most(1'000'000).quick(300).full(4000);
    o.add("--lr", lr, "Adam's learning rate").above(0).quick(1e-2);
    o.add("--patience", patience, "validations (20 per run) without improvement after which early stopping would stop")
        .at_least(0);
    inputs.declare(o);
    o.example("ebb dropout                                     a few minutes on two cores");
    o.example("ebb dropout --quick --out /tmp/look             a toy, in seconds");
    o.example("ebb dropout --ways none,variational,candidate --p 0.5 --part 0.02");
    o.example("ebb dropout --task sentiment --hidden 100 --steps 1500");
  }

  void run(Job& job) {
    check_once("--ways", ways);
    check_cell_names({cell});
    check_read("part", task, part > 0, task == "chars");
    inputs.quick = job.size() == Size::quick;
    auto made = inputs.make(task);
    inputs.keep(made->inputs());
    if (task == "chars") made = part_of(std::move(made), part > 0 ? part : inputs.quick ? .005 : .05);
    if (made->as<HasFeedForward>())
      throw ValueError(fmt::format("the network of the task '{}' has no cell that could use dropout", task));
    const TaskSettings s{
        .hidden = hidden, .length = length, .batch = batch, .steps = steps, .lr = lr};  // Adam, gradients clipped to 1
    check_sizes(*made, s);
    for (const std::string& way : ways) try_out(Model(*made, cell, with(s, way, p), 1), *made, s);

    std::vector<Way> results;
    for (const std::string& name : ways)
      results.push_back({.name = name, .runs = std::vector<WayRun>(job.seeds().size())});
    job.start(static_cast<double>(ways.size() * job.seeds().size()) * steps);
    const std::string settings =
        fmt::format("{}: {}, T {}, hidden {}, batch {}, {}, {} at {:g}, p {:g}; {}", task, cell, length, hidden, batch,
                    count_text(steps, "update"), s.optimizer, lr, p, made->data());
    job.report.title("Dropout in recurrent networks");
    job.report.lead("With too little data, the training loss keeps falling while the validation loss begins to rise.");
    const auto fill = [&] {
      add_to_report(job, results, made->info(), settings);
      add_to_summary(job, results, made->info(), made->data());
      study::report_divergence(job, results);
    };
    Parts parts{job, study::data_of(*made, inputs)};
    const study::Runs<WayRun> runs{
        .ways = ways,
        .work = [&](std::size_t) { return double(steps); },
        .run = [&](std::size_t way, std::size_t seed,
                   WayRun& run) { one(job, *made, with(s, ways[way], p), results[way], job.seeds()[seed], run); },
        .complete = [](const WayRun& run) { return run.done || !run.diverged.empty(); },
        .take = [&](std::size_t way, std::size_t seed, WayRun run) { results[way].runs[seed] = std::move(run); }};
    study::each_part(parts, runs, fill);
    fill();
  }

 private:
  void one(Job& job, const Task& made, const TaskSettings& s, const Way& way, std::uint64_t seed, WayRun& run) const {
    Model model{made, cell, s, seed};
    EarlyStopping stop{model.w, {.patience = patience}};
    const TaskInfo info = made.info();
    int updates = 0;
    run.begun = true;
    study::TrialLog log{job, made, way.name, cell, s, seed};
    log.begin({}, study::seconds_since_1970());
    TrainKeeper keeper;
    log.watch(keeper, model);
    const auto watch = [&](const CurvePoint& c) {
      ++updates;
      log.add(c);
      run.seen.push_back(c.loss);
      job.progress().advance(1, fmt::format("{} seed {}  {:.4g}", way.name, seed, c.loss));
      if (!c.validated()) return;
      // The task's measure may not be its loss, and only a loss can be compared with the training loss.
      const double valid =
          validation_measure(made) ? test_loss(model, made, Split::valid, s, info.valid_batches) : c.valid;
      run.update.push_back(c.step);
      run.valid.push_back(valid);
      const int as_many = std::min(info.valid_batches, made.batches(Split::valid, s.length, s.batch));
      run.train.push_back(test_loss(model, made, Split::train, s, as_many));
      stop.update(valid);
      if (stop && run.stopped == 0) run.stopped = c.step;
    };
    const TrainRecord record = train(model, made, s, seed, watch, keeper);
    job.progress().skip(s.steps - updates);
    run.done = record.diverged.empty() && !record.interrupted;
    run.diverged = record.diverged;
    if (stop.best_at() < 0) return;
    run.best = static_cast<std::size_t>(stop.best_at());
    if (run.done) run.test_at_end = test_loss(model, made, Split::test, s);
    stop.restore();
    run.test = test_loss(model, made, Split::test, s);
    if (run.done) log.end({.training = record, .weights = model.w, .loss = run.test});
  }
};
EBB_EXPERIMENT_NAMED(dropout_study, "dropout", DropoutStudy,
                     "naive and variational dropout: the gap between training and validation loss");

}  // namespace
}  // namespace ebb::app::dropout_study
