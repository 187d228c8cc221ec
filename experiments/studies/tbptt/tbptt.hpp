#pragma once
#include <cmath>
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/params.hpp>

/// What `ebb tbptt` learns, between its parts: a stream read with gradients cut off, and what the cut costs.
namespace ebb::app::tbptt {

/// How a stream is read: the same for every window.
struct Reading {
  std::string cell, optimizer;
  int hidden = 64, rows = 32;
  int every = 5;  ///< k1, steps from one update to the next
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

/// A truncated gradient beside that of full backpropagation.
struct Bias {
  double cosine = NAN;
  double difference = NAN;  ///< |truncated - full| / |full|
};

/// One window from one seed.
struct WindowRun {
  bool begun = false, done = false;  ///< done: it neither diverged nor was interrupted
  std::string diverged{};            ///< empty, or where
  std::vector<double> read{},
      loss{};         ///< characters of a row so far, and the loss of the updates since the point before
  double test = NAN;  ///< in the task's unit
  double seconds = NAN,
         kept_bytes = NAN;     ///< a character, with all that goes with its update; by the tapes of one update
  Bias at_start{}, trained{};  ///< both at the weights of the largest window's run
};

struct Window {
  int steps = 0;                  ///< k2
  std::vector<WindowRun> runs{};  ///< by seed
  std::vector<double> each(const std::function<double(const WindowRun&)>&) const;
};

struct StreamResult {
  std::string name;
  TaskInfo info;
  std::string data;
  Reading reading;
  std::vector<Window> windows{};
};

/// An endless stream of random symbols, 0 or 1; at each step the one of `lag` steps ago is to be said. What is further
/// back than the window cannot be learnt from a gradient.
///
/// Shapes    tokens, next [T, B]
std::unique_ptr<Task> make_echo(int lag);

/// Errors    ValueError if the task, the cell or the update rule cannot be read so
void try_reading(const Task&, const Reading&);

/// Trains the reader with gradients that go back `window` steps, then tests it.
void read(Reader&, const Task&, const Reading&, int window, std::uint64_t seed, WindowRun&,
          const std::function<void(double loss)>& watch);

/// Gradient of the mean loss over a stretch of the test split, cut as in training and summed, against the one that goes
/// back to its start.
///
/// Numerics  float64; a window of at least the stretch differs by rounding alone
Bias bias_of(const Reader&, const Task&, const Reading&, int window);

void add_to_report(Job&, const StreamResult&);
void add_to_summary(Job&, const StreamResult&);
void write_series(Job&, const std::vector<StreamResult>&);

}  // namespace ebb::app::tbptt
