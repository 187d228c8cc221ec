#pragma once
#include <algorithm>
#include <ebb/experiments/cli/parts.hpp>
#include <ebb/experiments/train/task.hpp>

/// Shared by the studies (`ebb clip`, `ebb tbptt`, `ebb dropout`, `ebb forcing`): several variants of one technique,
/// each with every seed, compared in a table and in plots.
namespace ebb::app::study {

/// The values of a list such as --thresholds 0,0.1,1.
/// Errors    ValueError naming the option, for an empty list, or an item that is not a number, is outside [least,
///           most], or occurs twice
std::vector<double> numbers_of(const char* option, const std::vector<std::string>& words, double least, double most);
std::vector<int> whole_numbers_of(const char* option, const std::vector<std::string>& words, int least, int most);

/// Fewer values have no standard deviation and no standard error on a page or in its files.
inline constexpr int least_for_error = 3;

/// Mean and standard deviation of the finite values.
struct Spread {
  double mean, deviation;  ///< NaN and zero if there is none
  int count;
};
Spread spread_of(const std::vector<double>&);
/// "1.234 ± 0.012" of at least three values; "1.234 (n = 2)", or one value alone.
std::string text_of(const Spread&);

/// How a run ended: not at all (or it diverged, or failed), by Ctrl-C, or completed.
enum class End { none, interrupted, reached };
/// The runs that can be averaged: those that were completed or, if there are none, those that were interrupted. A run
/// that was stopped halfway is not comparable with the others.
template <class R, class F> std::vector<const R*> comparable(const std::vector<R>& runs, const F& end_of) {
  End best = End::none;
  for (const R& r : runs) best = std::max(best, end_of(r));
  std::vector<const R*> found;
  for (const R& r : runs)
    if (best != End::none && end_of(r) == best) found.push_back(&r);
  return found;
}

/// The values of one run.
struct Curve {
  std::vector<double> x, y;
};
/// The same curve of several seeds as one line: mean and standard deviation over the seeds that have a point, in at
/// most `most` intervals; of ln y if it is drawn logarithmically. Points of fewer than three seeds have no deviation.
Series line_of(const std::string& name, const std::vector<Curve>&, bool logarithmic = false, int most = 150);
/// Adds each seed as a thin line behind the line of that name: a mean hides seeds that fail. Nothing for one seed.
void add_seeds(Plot&, const std::string& name, const std::vector<Curve>&, bool logarithmic = false);
/// Where lines end, as the finding of a plot: "At the end: none 2.0, naive 2.4."; thin lines do not count. Empty if
/// none has a finite value.
std::string ends_text(const std::vector<Series>&, const std::string& unit = "");
/// A thin level line from 0 to `last`.
Series level(const std::string& name, double y, double last);

/// Columns of text, the first aligned left and the others right.
std::string table_text(const Table&);
/// Adds the table to the report and prints it.
void show(Job&, const std::string& title, const Table&, const std::string& verdict);

/// What must agree with a job that is resumed besides its options: a task's data, and the text that it reads.
std::map<std::string, std::string> data_of(const Task&, const Task::Inputs& = {});
/// The name of a run among the parts of a job: "norm 1, seed 3".
inline std::string part_name(const Job& job, const std::string& way, std::size_t seed) {
  return way + ", seed " + std::to_string(job.seeds()[seed]);
}
/// The message of the exception thrown by a run; empty if there is none.
std::string attempt(const std::function<void()>& run);
/// Makes the command fail, with exit code 1, if a run diverged. `ways` are variants or windows with a name and runs by
/// seed, each of which records where it diverged.
template <class W> void report_divergence(Job& job, const std::vector<W>& ways) {
  for (const W& way : ways)
    for (std::size_t k = 0; k < way.runs.size(); ++k)
      if (!way.runs[k].diverged.empty())
        job.fail_run(way.name + ", seed " + std::to_string(job.seeds()[k]) + " diverged at " + way.runs[k].diverged,
                     ways.size() * way.runs.size());
}

/// Calls body(way, seed) for each variant and each index of a seed, over the threads. All variants of one seed come
/// first, so that there is a comparison after Ctrl-C. An exception ends only its run, and the command's exit code is 1.
/// The function returned by a body stores its result while no other run accesses the results; then `fill` creates
/// report, summary and files from them (Job::run_ended).
using Take = std::function<void()>;
void each_run(Job&, std::size_t ways, const std::function<Take(std::size_t way, std::size_t seed)>& body,
              const std::function<void()>& fill);

/// The runs of a study, each with a result R that is a part of the job (cli/parts.hpp). Seeds are indices.
template <class R> struct Runs {
  std::vector<std::string> ways;                ///< names of the variants
  std::function<double(std::size_t way)> work;  ///< of one run, in units of the progress bar
  std::function<void(std::size_t way, std::size_t seed, R&)> run;
  std::function<bool(const R&)> complete;  ///< whether it has run to its end, rather than to Ctrl-C
  std::function<void(std::size_t way, std::size_t seed, R)> take;  ///< stores the result, as for each_run
};
/// Makes those that no earlier process has completed, as each_run, and keeps each when it has ended.
template <class R> void each_part(Parts& parts, const Runs<R>& runs, const std::function<void()>& fill) {
  Job& job = parts.job();
  const auto body = [&](std::size_t way, std::size_t seed) -> Take {
    const std::string name = part_name(job, runs.ways[way], seed);
    const auto result = std::make_shared<R>();
    if (std::optional<R> earlier = parts.finished<R>(name)) {
      *result = std::move(*earlier);
      job.progress().skip(runs.work(way));
    } else {
      runs.run(way, seed, *result);
      if (runs.complete(*result)) parts.finish(name, *result);
    }
    return [&runs, way, seed, result] { runs.take(way, seed, std::move(*result)); };
  };
  each_run(job, runs.ways.size(), body, fill);
}

}  // namespace ebb::app::study
