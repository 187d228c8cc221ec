#pragma once
#include <cmath>
#include <ebb/autograd/grads.hpp>
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/studies/gradient_bias.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/params.hpp>

/// The data shared by the files of `ebb tbptt`: a stream read with truncated gradients, and the cost of truncation.
namespace ebb::app::tbptt {

/// How a stream is read; the same for every window.
struct Reading {
  std::string cell, optimizer;
  int hidden = 64, rows = 32;
  int every = 5;  ///< k1, steps between updates
  int updates = 0;
  int stretch = 400;  ///< steps over which gradients are compared
  double lr = 1e-3, clip = 1;
};

/// Embedding, cell and linear layer.
struct Reader {
  Params w;
  Embedding embedding;
  CellPtr cell;
  Linear out;
  /// Errors    ValueError if the task does not read tokens
  Reader(const Task&, const Reading&, std::uint64_t seed);
};

/// One window with one seed.
struct WindowRun {
  bool begun = false, done = false;  ///< done: it neither diverged nor was interrupted
  std::string diverged{};            ///< empty, or where
  std::vector<double> read{},
      loss{};         ///< characters read per row so far, and the loss of the updates since the previous point
  double test = NAN;  ///< in the task's unit
  double seconds = NAN,
         kept_bytes = NAN;     ///< per character, including its share of the update; memory of the tapes of one update
  Bias at_start{}, trained{};  ///< both at the weights of the largest window's run
  void visit(Fields& f) {
    f("begun", begun)("done", done)("diverged", diverged)("read", read)("loss", loss)("test", test);
    f("seconds", seconds)("kept_bytes", kept_bytes)("at_start", at_start)("trained", trained);
  }
};

struct Window {
  int steps = 0;                  ///< k2
  std::vector<WindowRun> runs{};  ///< by seed
  std::vector<double> each(const std::function<double(const WindowRun&)>&) const;
};

/// Biases of the gradient of the cell's own parameters, for which online methods have one too: of each window, then of
/// each method. With one seed.
struct CellBiases {
  std::vector<Bias> at_start{}, trained{};
  void visit(Fields& f) { f("at_start", at_start)("trained", trained); }
};

struct StreamResult {
  std::string name;
  TaskInfo info;
  std::string data;
  Reading reading;
  std::vector<Window> windows{};
  std::vector<std::string> methods{};  ///< of online gradients (online/influence.hpp)
  std::vector<CellBiases> cell{};      ///< by seed
};

/// An endless stream of random symbols, 0 or 1; at each step the target is the symbol of `lag` steps ago. A dependence
/// that is longer than the window cannot be learned from the gradient.
///
/// Shapes    tokens, next [T, B]
std::unique_ptr<Task> make_echo(int lag);

/// Errors    ValueError if the task, the cell or the optimiser does not support this
void try_reading(const Task&, const Reading&);

/// Trains the reader with gradients through `window` steps, then tests it.
void read(Reader&, const Task&, const Reading&, int window, std::uint64_t seed, WindowRun&,
          const std::function<void(double loss)>& watch);

/// The gradient of the mean loss over a part of the stream, differentiated every `every` steps through `window` steps,
/// with fixed weights, in float64.
Grads truncated_gradient(const Reader&, const Batch&, int every, int window);

/// The gradient of the mean loss over a part of the test split, truncated as in training and summed, compared with the
/// full gradient.
///
/// Numerics  float64; a window that covers the whole part differs only by rounding
Bias bias_of(const Reader&, const Task&, const Reading&, int window);

/// The gradient of the same loss truncated to each window, and by each online method, for the cell's parameters, with
/// weights held. Fewer rows, because some methods need a reverse pass for each value of the state.
///
/// Numerics  float64; UORO and KF-RTRL with one draw of their signs
std::vector<Bias> cell_biases(const Reader&, const Task&, const Reading&, const std::vector<int>& windows,
                              const std::vector<std::string>& methods);
/// Errors    ValueError naming the option, if there is no such method, or if it does not apply to the cell
void try_methods(const Task&, const Reading&, const std::vector<std::string>& methods);

void add_to_report(Job&, const StreamResult&);
void add_cell_biases(Job&, const StreamResult&);  ///< to report and summary; nothing without methods
void add_to_summary(Job&, const StreamResult&);
void write_series(Job&, const std::vector<StreamResult>&);

}  // namespace ebb::app::tbptt
