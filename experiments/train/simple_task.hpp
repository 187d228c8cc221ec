#pragma once
#include <ebb/experiments/train/task.hpp>
#include <variant>

namespace ebb::app {

/// Values at each step, [T, B, width].
struct ValueInputs {
  int width = 1;
};
/// Tokens below `vocabulary`, [T, B].
struct TokenInputs {
  int vocabulary = 0;
};

struct SimpleSizes {
  std::variant<ValueInputs, TokenInputs> inputs{};
  int outputs = 1;  ///< O of the linear layer
};

/// Targets of the last step: squared error.
struct LastStep {
  Array values;  ///< [B, O]
};
/// Targets of every step: cross entropy.
struct EveryStep {
  Tokens tokens;  ///< [T, B], each below O
};

/// What the default network reads.
struct SimpleBatch {
  std::variant<Array, Tokens> inputs{};  ///< values [T, B, I], or tokens [T, B]
  std::variant<LastStep, EveryStep> targets{};
  bool continues = false;

  int rows() const;
  int steps() const;
};

/// A task of the simple kind. Its batches are SimpleBatches, and its network is the default one: embedding of tokens,
/// --cell, and a linear layer (simple_network.hpp).
class SimpleTask : public Task {
 public:
  virtual SimpleSizes sizes() const = 0;
};

}  // namespace ebb::app
