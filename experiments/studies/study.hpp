#pragma once
#include <algorithm>
#include <ebb/experiments/cli/job.hpp>

/// What the course's comparisons share (`ebb clip`, `ebb tbptt`, `ebb dropout`, `ebb forcing`): a few ways of doing one
/// thing, each from every seed, side by side in a table and in plots.
namespace ebb::app::study {

/// The numbers of a list such as --thresholds 0,0.1,1.
/// Errors    ValueError that names the option, for none, one that is no number, is outside [least, most], or stands
///           there twice
std::vector<double> numbers_of(const char* option, const std::vector<std::string>& words, double least, double most);
std::vector<int> whole_numbers_of(const char* option, const std::vector<std::string>& words, int least, int most);
/// Errors    ValueError that names the option, for no word, or one twice
void check_once(const char* option, const std::vector<std::string>& words);
/// Errors    the same; that names the option and what there is, for one that is not known
void check_words(const char* option, const std::vector<std::string>& words, const std::vector<std::string>& known);

/// Mean and standard deviation of those numbers that are finite.
struct Spread {
  double mean, deviation;  ///< NaN and zero if there is none
  int count;
};
Spread spread_of(const std::vector<double>&);
/// "1.234 ± 0.012"; without the second where there is one number.
std::string text_of(const Spread&);

/// How a run ended: not at all (or it diverged, or failed), by Ctrl-C, or as it should.
enum class End { none, interrupted, reached };
/// The runs that can stand in one mean: those that came to their end; before any did, those that were interrupted. A
/// run that was stopped half-way is no sample of what the others are samples of.
template <class R, class F> std::vector<const R*> alike(const std::vector<R>& runs, const F& end_of) {
  End best = End::none;
  for (const R& r : runs) best = std::max(best, end_of(r));
  std::vector<const R*> found;
  for (const R& r : runs)
    if (best != End::none && end_of(r) == best) found.push_back(&r);
  return found;
}

/// One run's numbers.
struct Curve {
  std::vector<double> x, y;
};
/// The same curve of several seeds as one line: mean and standard deviation over those that have a point there, in at
/// most `most` stretches; of ln y where that is what is drawn.
Series line_of(const std::string& name, const std::vector<Curve>&, bool logarithmic = false, int most = 150);
/// A thin level line from 0 to `last`.
Series level(const std::string& name, double y, double last);

/// Words and numbers in columns, the first to the left and the others to the right.
std::string table_text(const Table&);
/// Into the report, and onto the screen.
void show(Job&, const std::string& title, const Table&, const std::string& verdict);

/// What a run throws, in words; empty if it threw nothing.
std::string attempt(const std::function<void()>& run);
/// The command fails, with exit code 1, if a run diverged: of ways or windows with a name and runs by seed, each of
/// which says where.
template <class W> void report_divergence(Job& job, const std::vector<W>& ways) {
  for (const W& way : ways)
    for (std::size_t k = 0; k < way.runs.size(); ++k)
      if (!way.runs[k].diverged.empty())
        job.fail(way.name + ", seed " + std::to_string(job.seeds()[k]) + " diverged at " + way.runs[k].diverged +
                 "; the other runs were done");
}

/// body(way, seed) for each way and each number of a seed, over the threads, the ways of one seed first: after Ctrl-C
/// there is still a comparison. What one run throws ends that run only, and the command with exit code 1. What a body
/// returns is called once it is the only one at work on the results, to put its own there; then `fill` makes report,
/// summary and files of them (Job::run_ended).
using Take = std::function<void()>;
void each_run(Job&, std::size_t ways, const std::function<Take(std::size_t way, std::size_t seed)>& body,
              const std::function<void()>& fill);

}  // namespace ebb::app::study
