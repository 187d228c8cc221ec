#include <fmt/format.h>
#include <cmath>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/clip/clip.hpp>
#include <ebb/experiments/studies/trial_log.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/task_inputs.hpp>
#include <ebb/experiments/train/try_out.hpp>
#include <ebb/optim/clip.hpp>
#include <ebb/optim/optimizer_list.hpp>

namespace ebb::app::clip_study {
namespace {

using namespace study;

double cosine(const Array& a, const Array& b) {
  double product = 0, of_a = 0, of_b = 0;
  for (std::int64_t k = 0; k < a.size(); ++k) {
    const double x = a.at_flat(k), y = b.at_flat(k);
    product += x * y;
    of_a += x * x;
    of_b += y * y;
  }
  return product / std::sqrt(of_a * of_b);
}

Clipped apply(const Rule& rule, Grads& g, Clipping& seen) {
  const double norm = g.norm();
  const bool by_norm = rule.bound > 0 && !rule.by_value && norm > rule.bound;
  Array before;
  if (by_norm || (rule.bound > 0 && rule.by_value)) before = g.flat().copy();
  std::int64_t outside = by_norm;
  if (by_norm) clip_by_norm(g, rule.bound);
  if (rule.bound > 0 && rule.by_value) outside = clip_by_value(g, rule.bound);
  seen.after.push_back(outside > 0 ? g.norm() : norm);
  if (outside > 0 && std::isfinite(norm)) seen.cosines.push_back(cosine(before, g.flat()));
  return {norm, outside > 0};
}

/// Exploding gradients: one task, one initialisation and one learning rate; only the clipping differs.
///
/// Source    Pascanu et al. 2013, arXiv:1211.5063; by value: Mikolov 2012
struct Clip {
  static constexpr bool resumes = true;
  std::string task = "chars", cell = "irnn", optimizer = "sgd";
  std::vector<std::string> thresholds{"0", "0.1", "1", "10"}, values{"0.01"};
  int hidden = 64, length = 100, batch = 16, steps = 2000;
  double lr = .2;
  TaskInputs inputs;

  void options(Options& o) {
    o.add("--thresholds", thresholds, "largest norms of the gradient to compare; 0: no clipping");
    o.add("--values", values, "bounds for clipping by value, to compare with; `none` for none");
    o.add("--task", task, "task; `ebb tasks` lists them")
        .known_by(missing_task)
        .completes(Registry<TaskEntry>::names());
    o.add("--cell", cell, "cell; `ebb cells` lists them").completes(Registry<CellEntry>::names());
    o.add("--optimizer", optimizer, "optimiser; `ebb optimizers` lists them");
    o.add("--lr", lr, "learning rate").above(0);
    o.add("--hidden", hidden, "width of the cell's state").at_least(1).at_most(100'000).quick(32);
    o.add("--length", length, "T, steps of backpropagation").at_least(2).at_most(100'000).quick(50);
    o.add("--batch", batch, "B, sequences per batch").at_least(1).at_most(100'000);
    o.add("--steps", steps, "number of updates").at_least(1).at_most(1'000'000).quick(500).full(20'000);
    inputs.declare(o);
    o.example("ebb clip                                        under a minute on two cores");
    o.example("ebb clip --quick --out /tmp/look                a toy, in seconds");
    o.example("ebb clip --thresholds 0,0.5,5 --values none --lr 0.5");
    o.example("ebb clip --task adding --cell rnn:recurrent=orthogonal --lr 0.1 --steps 10000");
  }

  void run(Job& job) {
    std::vector<Outcome> outcomes = outcomes_of(job.seeds().size());
    check_cell_names({cell});
    inputs.quick = job.size() == Size::quick;
    const auto made = inputs.make(task);
    inputs.keep(made->inputs());
    const TaskSettings s{.hidden = hidden,
                         .length = length,
                         .batch = batch,
                         .steps = steps,
                         .lr = lr,
                         .clip = 0,
                         .optimizer = optimizer};
    check_sizes(*made, s);
    try_out(Model(*made, cell, s, 1), *made, s);

    job.start(static_cast<double>(outcomes.size() * job.seeds().size()) * steps);
    job.report.title("Exploding gradients: what clipping does");
    job.report.lead(
        "For each seed, all runs have the same task, initial weights and learning rate. Only the clipping of the "
        "gradient differs.");
    const std::string settings =
        fmt::format("{}: {}, T {}, hidden {}, batch {}, {} at {:g}, {}; {}", task, cell, length, hidden, batch,
                    optimizer, lr, count_text(steps, "update"), made->data());
    const auto fill = [&] {
      add_to_report(job, outcomes, made->info(), settings);
      add_to_summary(job, outcomes, made->info(), made->data());
      report_divergence(job, outcomes);
    };
    Parts parts{job, study::data_of(*made, inputs)};
    Runs<Clipping> runs{
        .ways = {},
        .work = [&](std::size_t) { return double(steps); },
        .run = [&](std::size_t way, std::size_t seed,
                   Clipping& c) { one(job, *made, s, outcomes[way].rule, job.seeds()[seed], c); },
        .complete = [](const Clipping& c) { return !c.training.interrupted; },
        .take = [&](std::size_t way, std::size_t seed, Clipping c) { outcomes[way].runs[seed] = std::move(c); }};
    for (const Outcome& o : outcomes) runs.ways.push_back(o.rule.name);
    each_part(parts, runs, fill);
    fill();
  }

 private:
  std::vector<Outcome> outcomes_of(std::size_t seeds) const {
    std::vector<Outcome> outcomes;
    for (const double x : numbers_of("--thresholds", thresholds, 0, 1e9))
      outcomes.push_back({{x > 0 ? fmt::format("norm {:g}", x) : "no clipping", x, false}, {}});
    if (values != std::vector<std::string>{"none"})
      for (const double x : numbers_of("--values", values, 1e-9, 1e9))
        outcomes.push_back({{fmt::format("value {:g}", x), x, true}, {}});
    for (Outcome& o : outcomes) o.runs.resize(seeds);
    return outcomes;
  }

  // Divergence without clipping is what this study shows; with clipping it is a failure.
  static void report_divergence(Job& job, const std::vector<Outcome>& outcomes) {
    for (const Outcome& o : outcomes)
      for (std::size_t k = 0; o.rule.bound > 0 && k < o.runs.size(); ++k)
        if (const std::string& at = o.runs[k].training.diverged; !at.empty())
          job.fail_run(fmt::format("{}, seed {} diverged at {}", o.rule.name, job.seeds()[k], at),
                       outcomes.size() * o.runs.size());
  }

  void one(Job& job, const Task& made, const TaskSettings& s, const Rule& rule, std::uint64_t seed, Clipping& c) const {
    c.begun = true;
    Model model{made, cell, s, seed};
    TrialLog log{job, made, rule.name, cell, s, seed};
    log.begin({}, seconds_since_1970());
    TrainKeeper keeper;
    log.watch(keeper, model);
    int updates = 0;
    c.training = train(
        model, made, s, seed,
        [&](const CurvePoint& p) {
          ++updates;
          log.add(p);
          job.progress().advance(1, fmt::format("{} seed {}  {:.4g}", rule.name, seed, p.loss));
        },
        keeper, [&](Grads& g) { return apply(rule, g, c); });
    if (c.training.diverged.empty()) c.loss = test_loss(model, made, Split::test, s);
    if (!c.training.interrupted) log.end({.training = c.training, .weights = model.w, .loss = c.loss});
    job.progress().skip(steps - updates);
  }
};
EBB_EXPERIMENT(clip, Clip, "exploding gradients: runs that diverge without clipping, and learn with it");

}  // namespace
}  // namespace ebb::app::clip_study
