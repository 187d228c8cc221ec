#include <fmt/format.h>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/studies/online/online.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/trial_log.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/nn/cell_list.hpp>

namespace ebb::app::online {
namespace {

using namespace study;

/// Learning online: the weights are updated after every step of a series. For each seed all methods begin with the same
/// weights and read the same data in the same order.
///
/// Source    as `ebb online --full`: Yi & Wang 2026, github.com/sonaradarcn/sketched-rtrl
struct Online {
  static constexpr bool resumes = true;
  std::vector<std::string> series{"henon", "mackey-glass", "lorenz"},
      gradients{"rtrl", "snap1", "kf-rtrl", "rflo", "uoro", "tbptt:25"};
  std::string cell = "rnn", optimizer = "adam";
  int hidden = 32, rows = 8, steps = 3000, reset = 200, ahead = 1, measure = 97;
  double lr = 1e-3;

  void options(Options& o) {
    o.add("--gradient", gradients, "methods to compare: bptt, tbptt:K, rtrl, snap1, rflo, eprop, uoro, kf-rtrl")
        .type("NAME,...")
        .completes(method_names())
        .quick({"rtrl", "snap1", "uoro", "tbptt:10"});
    o.add("--series", series, "series to forecast").one_of({"henon", "mackey-glass", "lorenz"}).quick({"henon"});
    o.add("--cell", cell, "cell; `ebb cells` lists them").completes(Registry<CellEntry>::names());
    o.add("--hidden", hidden, "width of the cell's state").at_least(1).at_most(1000).quick(8).full(64);
    o.add("--rows", rows, "number of series that are read side by side").at_least(1).at_most(32).quick(4);
    o.add("--steps", steps, "number of steps, each with an update")
        .at_least(1)
        .at_most(1'000'000'000)
        .quick(400)
        .full(15'000);
    o.add("--reset", reset, "steps after which the state is reset").at_least(2).at_most(1900).quick(50);
    o.add("--ahead", ahead, "forecast horizon in steps").at_least(0).at_most(50);
    o.add("--measure-every", measure, "steps between comparisons with the exact gradient")
        .at_least(1)
        .at_most(1'000'000'000)
        .quick(7);
    o.add("--optimizer", optimizer, "optimiser; `ebb optimizers` lists them");
    o.add("--lr", lr, "learning rate").above(0).quick(1e-2);
    o.example("ebb online                                      under a minute on two cores");
    o.example("ebb online --quick --out /tmp/look              a toy, in seconds");
    o.example("ebb online --full                               the sizes of the literature");
    o.example("ebb online --cell lstm --gradient rtrl,snap1,eprop,uoro,bptt");
    o.example("ebb online --cell mingru --gradient rtrl        exact at linear cost");
  }

  void run(Job& job) {
    check_once("--series", series);
    check_once("--gradient", gradients);
    check_cell_names({cell});
    std::vector<Method> methods;
    for (const std::string& word : gradients) methods.push_back(method_of(word));
    const OnlineSettings s{.cell = cell,
                           .optimizer = optimizer,
                           .hidden = hidden,
                           .rows = rows,
                           .steps = steps,
                           .reset = reset,
                           .measure = measure,
                           .lr = lr};
    std::vector<std::unique_ptr<Task>> tasks;
    std::vector<SeriesResult> results;
    for (const std::string& name : series) {
      Task::Inputs inputs{.data = name};
      inputs.own["ahead"] = std::to_string(ahead);
      tasks.push_back(make_task("series", inputs));
      results.push_back({.name = name, .data = tasks.back()->data()});
      for (const Method& m : methods)
        results.back().methods.push_back({.name = m.name, .runs = std::vector<OnlineRun>(job.seeds().size())});
    }
    for (const Method& m : methods) try_online(*tasks.front(), s, m);
    job.report.title("Learning online: gradients without backpropagation through time");
    job.report.lead(fmt::format("{}, hidden {}: the weights are updated after every step. Only the gradient differs.",
                                cell, hidden));
    const auto fill = [&] {
      for (const SeriesResult& r : results) add_to_report(job, r, s);
      for (const SeriesResult& r : results) add_to_summary(job, r);
      write_curves(job, results);
      report_divergence(job, results);
    };
    work(job, tasks, methods, s, results, fill);
    fill();
  }

 private:
  static void work(Job& job, const std::vector<std::unique_ptr<Task>>& tasks, const std::vector<Method>& methods,
                   const OnlineSettings& s, std::vector<SeriesResult>& results, const std::function<void()>& fill) {
    const std::size_t ways = tasks.size() * methods.size();
    job.start(static_cast<double>(s.steps) * static_cast<double>(ways * job.seeds().size()));
    std::map<std::string, std::string> data;
    for (const SeriesResult& r : results) data["data of " + r.name] = r.data;
    Parts parts{job, std::move(data)};
    const auto series_of = [&](std::size_t way) { return way % tasks.size(); };
    const auto method_at = [&](std::size_t way) { return way / tasks.size(); };
    Runs<OnlineRun> runs{
        .ways = {},
        .work = [&](std::size_t) { return double(s.steps); },
        .run =
            [&](std::size_t way, std::size_t seed, OnlineRun& r) {
              const std::uint64_t number = job.seeds()[seed];
              run_online(*tasks[series_of(way)], s, methods[method_at(way)], number, r, [&](double loss) {
                job.progress().advance(1, fmt::format("{} seed {}  {:.4g}", runs.ways[way], number, loss));
              });
              keep_curves(job, runs.ways[way], number,
                          {{"train/loss", {r.step, r.loss}}, {"cosine", {r.at, r.cosine}}});
            },
        .complete = [](const OnlineRun& r) { return r.done || !r.diverged.empty(); },
        .take = [&](std::size_t way, std::size_t seed,
                    OnlineRun r) { results[series_of(way)].methods[method_at(way)].runs[seed] = std::move(r); }};
    for (std::size_t way = 0; way < ways; ++way)
      runs.ways.push_back(fmt::format("{}, {}", results[series_of(way)].name, methods[method_at(way)].name));
    each_part(parts, runs, fill);
  }

  static void report_divergence(Job& job, const std::vector<SeriesResult>& results) {
    for (const SeriesResult& r : results)
      for (const MethodResult& m : r.methods)
        for (std::size_t k = 0; k < m.runs.size(); ++k)
          if (!m.runs[k].diverged.empty())
            job.fail_run(
                fmt::format("{}, {}, seed {} diverged at {}", r.name, m.name, job.seeds()[k], m.runs[k].diverged),
                results.size() * r.methods.size() * m.runs.size());
  }
};
EBB_EXPERIMENT(online, Online,
               "learning after every step by RTRL and its approximations: error, cosine to the exact gradient");

}  // namespace
}  // namespace ebb::app::online
