#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cmath>
#include <ebb/data/text_file.hpp>
#include <ebb/experiments/cli/config.hpp>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/inputs.hpp>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/sweep/page.hpp>
#include <ebb/experiments/sweep/rank_workers.hpp>
#include <ebb/experiments/sweep/runner.hpp>
#include <ebb/experiments/sweep/trial_options.hpp>
#include <ebb/experiments/sweep/trials_files.hpp>
#include <ebb/experiments/train/try_out.hpp>
#include <ebb/ranks/gather.hpp>

namespace ebb::app {
namespace {

/// Trains many configurations of one task and finds the best by the validation measure.
struct SweepCommand {
  static constexpr bool resumes = true;
  static constexpr bool ranks = true;  // rank 0 deals the trials to all
  std::string what = "train", grid;
  int random = 0, eta = 3, jobs = 0;
  std::uint64_t sample = 1;
  bool halving = false, asha = false;

  void options(Options& o) {
    o.add("WHAT", what, "`train`, or a file with all options and a section [grid]").type("train|FILE.toml");
    share_options_of_train(o);
    o.add("--grid", grid, "values of an option: lr=1e-3,1e-2 or LOW:HIGH[:log][:COUNT]; may be repeated")
        .type("NAME=VALUES")
        .joined_by(';');
    o.add("--random", random, "number of random configurations; 0: all combinations").at_least(0).at_most(100'000);
    o.add("--sample", sample, "which random configurations: each number draws others");
    o.add("--halving", halving, "successive halving: stop all but the best 1/eta, again and again");
    o.add("--asha", asha, "asynchronous halving: idle cores never wait, but the sweep does not repeat");
    o.add("--eta", eta, "with --halving or --asha: one of how many continues").at_least(2).at_most(20);
    o.add("--jobs", jobs, "trials at a time (default: as many as threads)").at_least(0).at_most(1024).not_kept();
    o.example("ebb sweep train chars --grid cell=rnn,lstm,gru --grid lr=1e-4:1e-2:log:5 --seeds 5");
    o.example("ebb sweep train adding --hidden 64 --grid lr=1e-4:1e-1:log --grid clip=0:5 --random 40 --halving");
    o.example("ebb sweep sweep.toml");
    o.example("ebb sweep --resume runs/sweep-20260101-120000");
  }

  void prepare(SharedOptions&, Options& o) {
    if (what.ends_with(".toml")) read_file(o);
    else if (what != "train")
      throw ValueError(fmt::format("'{}' cannot be swept: ebb sweep train TASK, or ebb sweep FILE.toml", what));
    axes_ = sweep::parse_axes(grid);
    for (const auto& e : o.entries()) reserve(*e);
    train_->prepare(train_options_);
  }

  void run(Job& job) {
    if (sample != 1 && random == 0)
      throw ValueError("--sample chooses among random configurations: it needs --random N");
    if (eta != 3 && !halving && !asha)
      throw ValueError("--eta is a setting of successive halving: it needs --halving or --asha");
    if (halving && asha) throw ValueError("--halving and --asha are mutually exclusive");
    if (axes_.empty()) throw ValueError("nothing to vary: give --grid NAME=VALUES, such as --grid lr=1e-4:1e-2:log:5");
    if (Ranks* const all = job.ranks(); all && all->rank() > 0) return serve(job, *all);
    const sweep::Plan plan = plan_of(job);
    job.start(plan.updates());
    job.print(fmt::format("{}: {}\n", plan.task, plan.text()));
    auto workers = sweep::processes(std::min(most_jobs(job), static_cast<int>(plan.trials.size())), job.threads());
    if (job.ranks()) workers = sweep::workers_of_ranks(*job.ranks(), std::move(workers));
    sweep::Runner runner{job, plan, *workers};
    train(job, plan, runner, workers->cores());
    const bool stopped = runner.stopped();
    workers.reset();  // the other ranks leave `serve`
    if (job.ranks()) agree_on_end(*job.ranks(), stopped);
    fill(job, plan, runner);
    const auto ranking = sweep::ranking_of(plan, runner.results());
    job.print("\n" + sweep::best_lines(plan, ranking));
    for (const std::string& sentence : sweep::findings_of(plan, ranking))
      for (const std::string& line : wrapped(sentence, 78)) job.print(line + "\n");
  }

 private:
  int most_jobs(const Job& job) const { return jobs > 0 ? jobs : job.threads(); }

  void serve(Job& job, Ranks& all) const {
    job.start(1);
    sweep::serve(all, *sweep::processes(most_jobs(job), job.threads()), signalled);
    agree_on_end(all, false);
  }

  // So that all ranks end in the same way after Ctrl-C.
  static void agree_on_end(Ranks& all, bool stopped) {
    if (stopped) all.raise();
    gather_all(all, "the end of the sweep", "");
  }

  static void train(Job& job, const sweep::Plan& plan, sweep::Runner& runner, int cores) {
    constexpr double between = 30;  // seconds between two intermediate pages
    const double begin = job.seconds();
    double written = begin;
    runner.run([&] {
      if (job.seconds() - written < between) return;
      written = job.seconds();
      job.run_ended([] {}, [&] { fill(job, plan, runner); });
    });
    const bool trained = runner.cpu_seconds() > 0;  // not if all had ended before this process resumed the sweep
    const double seconds = job.earlier("seconds_of_trials") + (trained ? job.seconds() - begin : 0);
    const double cpu = job.earlier("cpu_seconds") + runner.cpu_seconds(), use = cpu / std::max(1e-9, cores * seconds);
    job.summary.set({"seconds_of_trials"}, seconds);
    job.summary.set({"cpu_seconds"}, cpu);
    job.summary.set({"utilisation"}, use);
    if (trained)
      job.print(fmt::format("trials used {:.1f} % of {} for {}\n", 100 * use, count_text(cores, "core"),
                            duration_text(seconds)));
  }

  void share_options_of_train(Options& o) {
    for (const CommandEntry* c : command_list())
      if (std::string_view(c->name) == "train") train_ = c->make();
    train_->options(train_options_);
    for (const auto& e : train_options_.entries()) {
      if (sweep::instead_of(sweep::bare_name(*e))) continue;
      o.share(*e);
      of_train_.push_back(o.entries().back().get());
    }
  }

  // The command line takes precedence: an axis that it names replaces that of the file.
  void read_file(Options& o) {
    const std::string file = what, text = read_text(file);
    note_input(file);
    apply_config(o, "sweep", file, text, {"grid"});
    what = "train";
    const std::vector<sweep::Axis> given = sweep::parse_axes(grid);
    for (const auto& [option, values] : config_section("grid", file, text)) {
      if (std::any_of(given.begin(), given.end(), [&](const sweep::Axis& a) { return a.option == option; })) continue;
      grid += fmt::format("{}{}={}", grid.empty() ? "" : "; ", option, fmt::join(values, ","));
    }
  }

  // An option that is varied has no value of its own, neither given nor by default.
  void reserve(detail::OptionEntry& e) const {
    for (const sweep::Axis& axis : axes_) {
      if (sweep::bare_name(e) != axis.option) continue;
      if (e.given)
        throw ValueError(fmt::format("{0} has a value of its own and is varied by --grid {1}: leave out one of them",
                                     e.name, axis.option));
      e.kept = e.recorded = false;
    }
  }

  sweep::Plan plan_of(Job& job) {
    sweep::TrialOptions trial{job.options(), job.size()};
    sweep::complete_axes(axes_, train_options_);
    sweep::Plan plan{.task = task_name(), .words = words(job), .axes = axes_, .eta = eta, .asynchronous = asha};
    plan.configurations = random > 0 ? sweep::random_of(axes_, random, sample) : sweep::grid_of(axes_);
    plan.random = random > 0;
    plan.seeds = job.seeds();
    plan.trials = sweep::trials_of(plan.configurations, plan.seeds);
    trial.read(axes_, plan.configurations.front());
    const auto task = trial.task();
    for (const sweep::Configuration& c : plan.configurations) {
      trial.read(axes_, c);
      trial.settings(*task);
    }
    trial.read(axes_, plan.configurations.front());
    const TaskSettings s = trial.settings(*task);
    if (s.steps < 1) throw ValueError("--steps must be at least 1: configurations are compared by their validation");
    const Model first{*task, trial.cell(), s, plan.seeds.front()};
    try_out(first, *task, s);
    plan.validation = sweep::validation_of(*task, first, s);
    plan.steps = s.steps;
    if (halving || asha) plan.rungs = rungs(plan);
    return plan;
  }

  std::vector<int> rungs(const sweep::Plan& plan) const {
    const char* const name = asha ? "--asha" : "--halving";
    if (std::any_of(axes_.begin(), axes_.end(), [](const sweep::Axis& a) { return a.option == "steps"; }))
      throw ValueError(
          fmt::format("{} decides how many updates a trial makes, so --grid steps cannot vary them", name));
    std::vector<int> found = sweep::rungs_of(plan.configurations.size(), plan.steps, eta);
    if (found.size() == 1)
      throw ValueError(fmt::format("{} has nothing to choose from: {} and --steps {} are too few for --eta {}", name,
                                   count_text(static_cast<double>(plan.configurations.size()), "configuration"),
                                   plan.steps, eta));
    return found;
  }

  std::string task_name() const {
    for (const detail::OptionEntry* e : of_train_)
      if (e->positional) return detail::option_text(e->json());
    return {};
  }

  // Of `ebb train` in every trial.
  std::vector<std::string> words(const Job& job) const {
    std::vector<std::string> words{"train"};
    for (const detail::OptionEntry* e : of_train_) {
      const std::vector<std::string> value = detail::option_words(e->json());
      if (!e->given || value.empty()) continue;
      if (!e->positional) words.push_back("--" + sweep::bare_name(*e));
      words.push_back(fmt::format("{}", fmt::join(value, ",")));
    }
    if (job.size() != Size::standard) words.push_back(fmt::format("--{}", name_of(job.size())));
    return words;
  }

  static void fill(Job& job, const sweep::Plan& plan, const sweep::Runner& runner) {
    sweep::report(job, plan, runner.results());
    job.write("trials.csv", sweep::trials_csv(plan, runner.results()));
    job.write("trials.json", sweep::trials_json(plan, runner.results()));
    for (std::size_t k = 0; k < plan.trials.size(); ++k)
      if (const std::string& why = runner.results()[k].failed; !why.empty())
        job.fail_run(fmt::format("trial {}: {}", plan.trials[k].name, why), plan.trials.size());
    const auto ranking = sweep::ranking_of(plan, runner.results());
    const auto findings = sweep::findings_of(plan, ranking);
    if (findings.empty()) return;
    const std::string config = runner.folder(plan.trials[ended_trial(plan, ranking.front())]) + "/config.toml";
    job.write("best.toml", sweep::best_toml(plan, read_text(config), findings.front()));
  }

  static std::size_t ended_trial(const sweep::Plan& plan, const sweep::ConfigurationResult& c) {
    const auto first = std::find_if(c.by_seed.begin(), c.by_seed.end(), [](double x) { return !std::isnan(x); });
    return plan.trial(c.configuration, static_cast<std::size_t>(first - c.by_seed.begin()));
  }

  std::unique_ptr<Command> train_;
  Options train_options_;
  std::vector<const detail::OptionEntry*> of_train_;  // those of train_options_ that a sweep has too
  std::vector<sweep::Axis> axes_;
};
EBB_EXPERIMENT(sweep, SweepCommand, "train many configurations and find the best");

}  // namespace
}  // namespace ebb::app
