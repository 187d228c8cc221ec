#pragma once
#include <algorithm>
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/studies/observe/subject.hpp>
#include <ebb/experiments/studies/observe/values.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/why.hpp>
#include <ebb/nn/registry.hpp>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace ebb::app::observe {

/// An option of a cell, and the interval in which it varies: "b=-3:-2".
struct Variation {
  std::string option;
  double low = 0, high = 0;
  /// Errors    ValueError if the text is not of this form, or low is not below high
  static Variation of(const std::string& text);
  /// The cell with this value of the option: "saddle:w=5" becomes "saddle:w=5,b=-2.5".
  std::string cell(const std::string& cell_name, double value) const;
};

/// How many of the directions of a state are followed: "200", or the share "30%".
struct Leading {
  double number = 0, percent = 0;  ///< one of the two

  /// Errors    ValueError if the text is neither a whole number from 1 nor a share above 0 % and of at most 100 %
  static Leading of(const std::string& text);
  /// k of S; a share is rounded up. It may be greater than S.
  int count(int S) const;
};

/// The options that measures share.
struct Amount {
  int steps = 1000;           ///< T
  int rows = 4;               ///< B
  bool steps_chosen = false;  ///< by the user
  bool rows_chosen = false;
  int lags = 200;
  bool free = false;  ///< zero inputs instead of the task's data
  double spread = 0;  ///< deviation of the normal noise in the states from which sequences start
  int exported = 0;   ///< steps whose Jacobians are written to a file
  std::optional<Variation> variation{};
  std::optional<Leading> leading{};  ///< the directions that lyapunov follows, instead of all
  int determinants = 1;              ///< steps from one determinant to the next, where only leading ones are followed

  /// The same with at most so many steps and sequences, unless the user chose them: for a measure that needs fewer than
  /// others, or takes longer.
  Amount by_default(int most_steps, int most_rows) const;
  /// The same with at most so many steps and sequences.
  Amount at_most(int most_steps, int most_rows) const;
  /// The reason why a measure of the loss cannot be made; empty with the task's data.
  std::string without_loss() const { return free ? "a loss needs the task's data" : ""; }
};

/// A subject with the results of one measure.
struct Observed {
  const Subject& subject;
  const Values& values;
};

/// A number of one model that is drawn against the updates of its training.
struct Followed {
  std::string plot;  ///< its title: numbers with the same one share a plot
  std::string name;  ///< of the line
  double value = 0;
  double low = study::Evidence::unmeasured, high = study::Evidence::unmeasured;  ///< a band, unless NaN
  bool log_y = false;
  std::string caption{};  ///< of the plot: what the number is, and what the band
};

/// The results of one measure after some updates of a training.
struct Moment {
  int update = 0;
  const Values& values;
};

/// All moments of one model, in ascending order.
struct OneTraining {
  std::string name;  ///< to tell several apart: "seed 1"; empty if there is one
  std::vector<Moment> moments;
};

/// One measure of `ebb observe`. EBB_MEASURE registers it, so that the command, its help and its page know it.
class Measure {
 public:
  virtual ~Measure();
  /// Whether this option of the command affects its results: one of those of Amount, by name, "--lags". A measure that
  /// does not say reads all of them; if no measure of a command reads an option that was given, that is an error.
  virtual bool reads(std::string_view /*option*/) const { return true; }
  /// The reason why it cannot measure a subject; empty if it can.
  virtual std::string unfit(const Subject&, const Amount&) const { return {}; }
  /// Results in nats, steps and radians; a Values has everything that `present` needs. Each op on a tape ends it
  /// after Ctrl-C (stop.hpp); where it takes long without one, it calls check_stop.
  virtual Values measure(const Subject&, const Amount&) const = 0;
  /// Writes more about a subject than its values to files of this name and an ending.
  virtual void keep(Job&, const Subject&, const Amount&, const std::string& /*name*/) const {}
  /// Adds a section about all subjects to the page.
  virtual void present(Job&, const std::vector<Observed>&, const Amount&) const = 0;
  /// A sentence about one subject for the terminal and for the section "Why".
  virtual std::string sentence(const Observed&) const { return {}; }
  /// What the results say about the cause of a gradient's decay.
  virtual void testify(const Values&, study::Evidence&) const {}
  /// The numbers to follow over training; by default all lists of one number, each in a plot of its own.
  virtual std::vector<Followed> followed(const Values&) const;
  /// Figures over training that are not lines, and sentences; each training has at least one moment.
  virtual void present_training(Job&, const std::vector<OneTraining>&) const {}
};

/// Whether the option is one of these, for Measure::reads.
inline bool is_one_of(std::string_view option, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), option) != names.end();
}

struct MeasureEntry : Registered<MeasureEntry> {
  static constexpr const char* kind = "measure";
  using Make = std::unique_ptr<const Measure> (*)();
  MeasureEntry(const char* n, const char* a, const char* f, Make m) : Registered(n, a, f), make(m) {}
  Make make;
};
/// All registered measures in the order of the page: those of this tree, then others by name.
std::vector<const MeasureEntry*> measure_list();

}  // namespace ebb::app::observe

/// Registers a measure: EBB_MEASURE(lyapunov, LyapunovMeasure, "Lyapunov exponents ...").
#define EBB_MEASURE(name, Type, about)                                                                       \
  static const ebb::app::observe::MeasureEntry ebb_measure_##name {                                          \
    #name, about, __FILE__,                                                                                  \
        []() -> std::unique_ptr<const ebb::app::observe::Measure> { return std::make_unique<const Type>(); } \
  }
