#pragma once
#include <ebb/experiments/train/task.hpp>
#include <variant>

namespace ebb::app {

/// Values at each step, [T, B, width].
struct ValueInputs {
  int width = 1;
};
/// Tokens at each step, [T, B], below `vocabulary`.
struct TokenInputs {
  int vocabulary = 0;
};

struct SimpleSizes {
  std::variant<ValueInputs, TokenInputs> inputs{};
  int outputs = 1;      ///< O of the linear layer
  bool scores = false;  ///< evaluation passes the outputs to the task's meter (class_scores, class_meter.hpp)
};

/// Targets of the last step only; the loss is the squared error.
struct LastStep {
  Array values;  ///< [B, O]
};
/// Classes of whole rows, predicted at the last step; the loss is the cross entropy.
struct LastClass {
  Tokens classes;  ///< [B], each below O
};
/// Targets of every step, or of some; the loss is the cross entropy, averaged over the targets.
struct EveryStep {
  static constexpr int none = -1;  ///< in `tokens`: no target
  Tokens tokens;                   ///< [T, B], each below O, or none
  int first = 0;                   ///< steps before it have no target
  bool some() const;               ///< whether a step from `first` on has none
};
/// Values at every step; the loss is the squared error.
struct EveryValue {
  Array values;  ///< [T, B, O]
};

/// The batches of the default network.
struct SimpleBatch {
  std::variant<Array, Tokens> inputs{};  ///< values [T, B, I], or tokens [T, B]
  std::variant<LastStep, LastClass, EveryStep, EveryValue> targets{};
  bool continues = false;

  /// Errors    ShapeError without inputs
  int rows() const;
  int steps() const;
};

/// Errors    ValueError naming the task and the missing size
void check_sizes(const std::string& task, const SimpleSizes&);
/// Errors    ShapeError or ValueError naming the task, the declared size and that of the batch
void check_batch(const std::string& task, const SimpleSizes&, const SimpleBatch&);

/// The first value that is not finite, "the inputs [20, 16, 1] are nan at [3, 1, 0]"; empty if there is none.
std::string nonfinite_in(const SimpleBatch&);

/// A simple task: its batches are SimpleBatches, and its network is the default one, with an embedding of tokens, the
/// user's cell, and a linear layer (simple_network.hpp).
class SimpleTask : public Task {
 public:
  virtual SimpleSizes sizes() const = 0;
};

}  // namespace ebb::app
