#pragma once
#include <cmath>
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/train/task.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// The data shared by the files of `ebb online`: a cell whose weights are updated after every step of a series, with
/// gradients by several methods.
namespace ebb::app::online {

/// How the gradient of a step's loss is computed: by backpropagation through the last `window` steps (0: all since the
/// state was reset), or from an influence that is carried along (online/influence.hpp).
struct Method {
  std::string name{};  ///< as given: "tbptt:25"
  bool backward = false;
  int window = 0;
};
/// bptt, tbptt:K, or a method of online/influence.hpp.
/// Errors    ValueError naming the option and all methods
Method method_of(const std::string& word);
std::vector<std::string> method_names();  ///< without tbptt:K

/// What is the same for all methods.
struct OnlineSettings {
  std::string cell, optimizer;
  int hidden = 64, rows = 8, steps = 0;
  int reset = 200;   ///< steps between resets of the state
  int measure = 97;  ///< steps between comparisons with the exact gradient
  double lr = 1e-3;
};

/// One method on one series with one seed.
struct OnlineRun {
  bool begun = false, done = false;             ///< done: it neither diverged nor was interrupted
  std::string diverged{};                       ///< empty, or where
  std::vector<double> step{}, loss{};           ///< the mean loss of the steps since the previous point
  std::vector<double> at{}, cosine{}, ratio{};  ///< to the exact gradient: its cosine, and the ratio of the norms
  double online = NAN;                          ///< mean loss of the last tenth of the steps, each before its update
  double test = NAN;                            ///< on the test split, without updates
  double seconds = NAN;                         ///< per step, without the comparisons
  void visit(Fields& f) {
    f("begun", begun)("done", done)("diverged", diverged)("step", step)("loss", loss)("at", at);
    f("cosine", cosine)("ratio", ratio)("online", online)("test", test)("seconds", seconds);
  }
};

struct MethodResult {
  std::string name{};
  std::vector<OnlineRun> runs{};  ///< by seed
};
struct SeriesResult {
  std::string name{}, data{};
  std::vector<MethodResult> methods{};
};

/// Errors    ValueError if the optimiser is unknown, or if a method does not apply to the cell, with the reason
void try_online(const Task&, const OnlineSettings&, const Method&);

/// Trains from the initial weights of this seed, with an update after every step of the series, and compares gradients
/// on the way. Exact is the gradient of the step's loss by backpropagation through all steps since the reset, with the
/// current weights; compared are the parts of the cell's own parameters, since that of the readout is always exact.
///
/// Numerics  float32, cosine and norms in float64
void run_online(const Task&, const OnlineSettings&, const Method&, std::uint64_t seed, OnlineRun&,
                const std::function<void(double loss)>& watch);

void add_to_report(Job&, const SeriesResult&, const OnlineSettings&);
void add_to_summary(Job&, const SeriesResult&);
void write_curves(Job&, const std::vector<SeriesResult>&);  ///< learning.csv and gradients.csv

}  // namespace ebb::app::online
