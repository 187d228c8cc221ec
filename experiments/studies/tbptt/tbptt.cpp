#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/tbptt/tbptt.hpp>
#include <ebb/experiments/studies/trial_log.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/online/influence.hpp>

namespace ebb::app::tbptt {
namespace {

using namespace study;

/// The cost of truncation. Each update reads the next `every` characters of every row of a stream, and its gradient
/// goes back through the last `window` characters; learning rate, rows, updates, characters and the losses of an update
/// are the same for every window.
struct Tbptt {
  static constexpr bool resumes = true;
  std::vector<std::string> tasks{"chars", "echo"}, windows{"5", "10", "20", "50", "100"}, gradients{"snap1", "uoro"};
  std::string cell = "lstm", optimizer = "adam";
  int hidden = 64, rows = 32, every = 5, lag = 15, characters = 200'000, stretch = 400;
  double lr = 3e-3, clip = 1;
  Task::Inputs inputs;

  void options(Options& o) {
    o.add("--windows", windows, "steps of backpropagation to compare (k2)").quick({"5", "10", "20", "40"});
    o.add(
         "--gradient", gradients,
         "online gradients whose bias is measured beside that of the windows: rtrl, snap1, rflo, eprop, uoro, kf-rtrl; "
         "`none` for none")
        .type("NAME,...")
        .completes(influence_methods());
    o.add("--tasks", tasks, "chars, and echo: output the symbol of --lag steps ago").one_of({"chars", "echo"});
    o.add("--cell", cell, "cell; `ebb cells` lists them").completes(Registry<CellEntry>::names());
    o.add("--every", every, "steps between updates (k1), at most the smallest window").at_least(1).at_most(10'000);
    o.add("--lag", lag, "lag of the task echo").at_least(1).at_most(10'000).quick(4);
    o.add("--characters", characters, "number of characters that a run reads")
        .at_least(1)
        .at_most(1'000'000'000)
        .quick(24'000)
        .full(5'000'000);
    o.add("--stretch", stretch, "steps over which gradients are compared with full backpropagation")
        .at_least(2)
        .at_most(100'000)
        .quick(40);
    o.add("--hidden", hidden, "width of the cell's state").at_least(1).at_most(100'000).quick(16);
    o.add("--rows", rows, "number of rows, which start at different positions of the text")
        .at_least(1)
        .at_most(100'000)
        .quick(16);
    o.add("--optimizer", optimizer, "optimiser; `ebb optimizers` lists them");
    o.add("--lr", lr, "learning rate").above(0).quick(1e-2);
    o.add("--clip", clip, "largest norm of the gradient").above(0);
    o.add("--text", inputs.text, "text for chars (default: tiny Shakespeare, built in)").type("FILE").reads();
    o.example("ebb tbptt                                       a few minutes on two cores");
    o.example("ebb tbptt --quick --out /tmp/look               a toy, in seconds");
    o.example("ebb tbptt --tasks chars --cell gru --windows 10,50,250 --every 10");
    o.example("ebb tbptt --gradient snap1,eprop,uoro,kf-rtrl   beside more online gradients");
    o.example("ebb tbptt --tasks echo --lag 30 --characters 1000000");
  }

  void run(Job& job) {
    std::vector<int> sizes = whole_numbers_of("--windows", windows, 1, 100'000);
    std::sort(sizes.begin(), sizes.end());
    if (every > sizes.front())
      throw ValueError(fmt::format(
          "--every {}: a gradient goes back through at least the steps of its update, so no window can be smaller; "
          "the smallest is {}",
          every, sizes.front()));
    check_once("--tasks", tasks);
    check_read("text", "echo", !inputs.text.empty(), tasks != std::vector<std::string>{"echo"});
    check_cell_names({cell});
    check_once("--gradient", gradients);
    const std::vector<std::string> methods =
        gradients == std::vector<std::string>{"none"} ? std::vector<std::string>{} : gradients;
    const auto updates = static_cast<int>(characters / (static_cast<std::int64_t>(rows) * every));
    if (updates < 1)
      throw ValueError(fmt::format("--characters {} are fewer than the {} of one update", characters, rows * every));

    const Reading r{.cell = cell,
                    .optimizer = optimizer,
                    .hidden = hidden,
                    .rows = rows,
                    .every = every,
                    .updates = updates,
                    .stretch = stretch,
                    .lr = lr,
                    .clip = clip};
    std::vector<StreamResult> results;
    std::vector<std::unique_ptr<Task>> made;
    for (const std::string& name : tasks) {
      made.push_back(name == "echo" ? make_echo(lag) : make_task(name, inputs));
      try_reading(*made.back(), r);
      try_methods(*made.back(), r, methods);
      results.push_back({.name = name,
                         .info = made.back()->info(),
                         .data = made.back()->data(),
                         .reading = r,
                         .windows = {},
                         .methods = methods,
                         .cell = std::vector<CellBiases>(job.seeds().size())});
      for (const int k : sizes)
        results.back().windows.push_back({.steps = k, .runs = std::vector<WindowRun>(job.seeds().size())});
    }
    job.report.title("Truncated backpropagation through time: the effect of the window");
    job.report.lead(
        "The same stream, read with the same number of updates. Only the reach of each update's gradient differs.");
    const auto fill = [&] {
      for (const StreamResult& result : results) add_to_report(job, result);
      for (const StreamResult& result : results) add_to_summary(job, result);
      write_series(job, results);
      report_divergence(job, results);
    };
    work(job, made, results, sizes, fill);
    fill();
  }

 private:
  // The result of one run; that of the largest window includes the biases of all windows.
  struct Reached {
    WindowRun run{};
    std::vector<Bias> at_start{}, trained{};
    CellBiases cell{};
    void visit(Fields& f) { f("run", run)("at_start", at_start)("trained", trained)("cell", cell); }
  };

  // The largest window first, because it takes longest; it also measures the bias of all windows at the same weights.
  static void work(Job& job, const std::vector<std::unique_ptr<Task>>& made, std::vector<StreamResult>& results,
                   const std::vector<int>& sizes, const std::function<void()>& fill) {
    double steps = 0;
    for (const int k : sizes) steps += static_cast<double>(k) * results[0].reading.updates;
    job.start(steps * static_cast<double>(made.size() * job.seeds().size()));
    std::map<std::string, std::string> data;
    for (std::size_t k = 0; k < made.size(); ++k)
      for (const auto& [name, value] : data_of(*made[k], made[k]->inputs()))
        data[name + " of " + results[k].name] = value;
    Parts parts{job, std::move(data)};
    const auto stream_of = [&](std::size_t way) { return way % made.size(); };
    const auto window_of = [&](std::size_t way) { return sizes.size() - 1 - way / made.size(); };
    Runs<Reached> runs{
        .ways = {},
        .work = [&](std::size_t way) { return double(sizes[window_of(way)]) * results[0].reading.updates; },
        .run =
            [&](std::size_t way, std::size_t seed, Reached& reached) {
              one(job, *made[stream_of(way)], results[stream_of(way)], sizes, window_of(way), seed, reached);
            },
        .complete = [](const Reached& r) { return r.run.done || !r.run.diverged.empty(); },
        .take = [&](std::size_t way, std::size_t seed,
                    Reached r) { keep(r, results[stream_of(way)], window_of(way), seed); }};
    for (std::size_t way = 0; way < made.size() * sizes.size(); ++way)
      runs.ways.push_back(fmt::format("{}, window {}", results[stream_of(way)].name, sizes[window_of(way)]));
    each_part(parts, runs, fill);
  }

  static void one(Job& job, const Task& task, const StreamResult& result, const std::vector<int>& sizes, std::size_t k,
                  std::size_t seed, Reached& reached) {
    const auto biases = [&](const Reader& reader, std::vector<Bias>& of_windows, std::vector<Bias>& of_cell) {
      for (const int window : sizes) of_windows.push_back(bias_of(reader, task, result.reading, window));
      of_cell = cell_biases(reader, task, result.reading, sizes, result.methods);
    };
    const bool measures = k + 1 == sizes.size();
    Reader reader(task, result.reading, job.seeds()[seed]);
    if (measures) biases(reader, reached.at_start, reached.cell.at_start);
    read(reader, task, result.reading, sizes[k], job.seeds()[seed], reached.run, [&](double loss) {
      job.progress().advance(
          sizes[k], fmt::format("{} window {} seed {}  {:.4g}", result.name, sizes[k], job.seeds()[seed], loss));
    });
    if (measures && reached.run.done) biases(reader, reached.trained, reached.cell.trained);
    keep_curves(job, fmt::format("{}, window {}", result.name, sizes[k]), job.seeds()[seed],
                {{"train/loss", {reached.run.read, reached.run.loss}}});
  }

  static void keep(Reached& r, StreamResult& result, std::size_t window, std::size_t seed) {
    WindowRun& run = result.windows[window].runs[seed];
    r.run.at_start = run.at_start;  // these two are perhaps stored already
    r.run.trained = run.trained;
    run = std::move(r.run);
    if (!r.cell.at_start.empty()) result.cell[seed] = std::move(r.cell);
    for (std::size_t w = 0; w < r.at_start.size(); ++w) result.windows[w].runs[seed].at_start = r.at_start[w];
    for (std::size_t w = 0; w < r.trained.size(); ++w) result.windows[w].runs[seed].trained = r.trained[w];
  }

  static void report_divergence(Job& job, const std::vector<StreamResult>& results) {
    for (const StreamResult& result : results)
      for (const Window& w : result.windows)
        for (std::size_t k = 0; k < w.runs.size(); ++k)
          if (!w.runs[k].diverged.empty())
            job.fail_run(fmt::format("{}, window {}, seed {} diverged at {}", result.name, w.steps, job.seeds()[k],
                                     w.runs[k].diverged),
                         results.size() * result.windows.size() * w.runs.size());
  }
};
EBB_EXPERIMENT(tbptt, Tbptt, "truncated backpropagation through time: its effect on quality, memory, time and bias");

}  // namespace
}  // namespace ebb::app::tbptt
