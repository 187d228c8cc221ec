#pragma once
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/text.hpp>
#include <ebb/nn/files/safetensors.hpp>
#include <optional>

namespace ebb::app {

/// What a file of weights says of the model that they belong to, in its metadata: enough to build it again.
struct Architecture {
  std::string task, cell;            ///< the cell with its options: "lmu:order=256"
  std::string text;                  ///< file that the task read, empty if none
  std::optional<Alphabet> alphabet;  ///< of a model of characters
  TaskSettings settings;             ///< hidden, layers, dropout, zoneout, length and batch; the rest is about training
  Task::Inputs inputs{};             ///< data, embedding, direction and so on; text and alphabet stand above
  std::string text_sum{};            ///< sum_of_text of the file in training, empty if there was none

  Metadata metadata() const;
  /// Errors    FileError naming the file and what is wrong: missing, torn, no such metadata, or an impossible value
  static Architecture read(const std::string& path);
  /// The model with the weights of that file, for a Task or SimpleSizes.
  /// Errors    FileError naming the file, before more memory is taken than its size warrants, if its metadata and its
  ///           numbers are not those of one model
  template <class T> std::unique_ptr<Model> model(const T& task, const std::string& path) const;
};

/// By which a text that was edited meanwhile is known, even if no longer than before; empty for the text that is built
/// in.
/// Errors    FileError if the file cannot be read
std::string sum_of_text(const std::string& path);

/// A model with its weights, and the task that it learned.
struct Trained {
  Architecture architecture;
  std::unique_ptr<Task> task;
  std::unique_ptr<Model> model;
  /// `text` replaces the text that the model was trained on; its characters must be the model's. `data` says where the
  /// data stand now.
  /// Errors    as Architecture::read; FileError if the text was edited since training, unless `text` names it;
  ///           ValueError for a task that this program does not have; what the task says of the text
  static Trained read(const std::string& path, const std::string& text = {}, const std::string& data = {});
};

}  // namespace ebb::app
