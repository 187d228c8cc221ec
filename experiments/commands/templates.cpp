#include <ebb/experiments/commands/templates.hpp>

namespace ebb::app::templates {

const char* const cell = R"---(#include <ebb/nn/cell.hpp>

/// What the cell is, in a line.
///
///     k = sigmoid(x Wk + h Uk + bk);   n = tanh(x Wn + h Un + bn);   h' = k * h + (1 - k) * n
///
/// Shapes    x [B, I]; h [B, H]; W [I, H], U [H, H], b [H]
/// Init      all uniform in +-1/sqrt(H)
/// Source    the paper it comes from
struct @TYPE@ {
  ebb::Param Wk, Uk, bk, Wn, Un, bn;

  @TYPE@(ebb::Builder p, ebb::CellSizes s)
      : Wk(p.matrix("Wk", s.input, s.hidden)), Uk(p.matrix("Uk", s.hidden, s.hidden)), bk(p.vector("bk", s.hidden)),
        Wn(p.matrix("Wn", s.input, s.hidden)), Un(p.matrix("Un", s.hidden, s.hidden)), bn(p.vector("bn", s.hidden)) {}

  // State in, state out. A state of several parts is a struct of Vars, each declared by p.state("c", &State::c,
  // {s.hidden}).
  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    auto k = sigmoid(matmul(x, Wk) + matmul(s.h, Uk) + bk);
    auto n = tanh(matmul(x, Wn) + matmul(s.h, Un) + bn);
    return {k * s.h + (1 - k) * n};
  }
};
EBB_CELL@REGISTER@, @TYPE@, "what `ebb cells` says about it");
)---";

const char* const experiment = R"---(#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/train/train.hpp>

#include <cstdio>

namespace {

using namespace ebb::app;

/// What is asked, in a line: here, how well each cell adds two numbers that stand far apart.
struct @TYPE@ {
  std::vector<std::string> cells{"rnn", "gru"};
  int length = 50, steps = 500;

  void options(Options& o) {
    o.add("--cells", cells, "cells to compare");
    o.add("--length", length, "T, steps of a sequence").at_least(2).quick(10);
    o.add("--steps", steps, "updates").at_least(1).quick(50);
    o.example("ebb @NAME@ --quick");
  }

  void run(Job& job) {
    // Task and cells. What the user may have got wrong is found before the folder is made.
    const auto task = make_task("adding");
    const TaskSettings settings{.hidden = 16, .length = length, .batch = 32, .steps = steps, .lr = 5e-3};
    for (const std::string& cell : cells) try_out(Model{*task, cell, settings.hidden, 1}, *task);

    // Training and measurement: runs do not depend on each other, so they are spread over the threads.
    struct Run { std::string cell; std::uint64_t seed; TrainRecord record; double loss; };
    std::vector<Run> runs;
    for (const std::string& cell : cells)
      for (const std::uint64_t seed : job.seeds()) runs.push_back({cell, seed, {}, 0});
    job.start(static_cast<double>(runs.size()) * steps);
    job.parallel(static_cast<int>(runs.size()), [&](int k) {
      Run& run = runs[static_cast<std::size_t>(k)];
      Model model{*task, run.cell, settings.hidden, run.seed};
      run.record = train(model, *task, settings, run.seed, [&](const CurvePoint&) { job.progress().advance(1); });
      run.loss = test_loss(model, *task, Split::test, settings);
    });

    // Report: the terminal, summary.json, and a picture and a table in report.html.
    Plot curves{.title = "Loss", .x_label = "update", .y_label = "MSE", .log_y = true};
    Table table{.head = {"cell", "seed", "test MSE"}};
    for (const Run& run : runs) {
      const std::string seed = std::to_string(run.seed), loss = std::to_string(run.loss);
      Series line{.name = run.cell + ", seed " + seed, .group = run.cell};
      for (const CurvePoint& p : run.record.curve) line.x.push_back(p.step), line.y.push_back(p.loss);
      curves.series.push_back(line);
      table.rows.push_back({run.cell, seed, loss});
      job.print(run.cell + ", seed " + seed + ": " + loss + "\n");
      job.summary.set({"cells", run.cell, seed, "loss"}, run.loss);
    }
    job.report.lead("How well does each cell add two numbers that stand far apart?");
    job.report.plots({curves});
    job.report.table(table);
  }
};
EBB_EXPERIMENT@REGISTER@, @TYPE@, "what `ebb --help` says about it");

}  // namespace
)---";

}  // namespace ebb::app::templates
