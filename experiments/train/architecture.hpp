#pragma once
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/text.hpp>
#include <ebb/nn/files/safetensors.hpp>
#include <optional>

namespace ebb::app {

/// The description of a model in the metadata of its weights file, from which it can be rebuilt.
struct Architecture {
  std::string task, cell;            ///< the cell with its options: "lmu:order=256"
  std::string text;                  ///< file that the task read, empty if none
  std::optional<Alphabet> alphabet;  ///< of a character model
  TaskSettings settings;   ///< hidden, layers, dropout, zoneout, length, batch and remedy; others concern training
  Task::Inputs inputs{};   ///< data, embedding, direction and others; text and alphabet are above
  std::string text_sum{};  ///< sum_of_text of the file in training, empty if there was none

  Metadata metadata() const;
  /// Errors    FileError naming the file and the problem: missing, truncated, without such metadata, or an invalid
  ///           value
  static Architecture read(const std::string& path);
  /// The model with the weights of that file, for a Task or SimpleSizes.
  /// Errors    FileError naming the file if its metadata and its values do not match, before more memory is allocated
  ///           than its size justifies
  template <class T> std::unique_ptr<Model> model(const T& task, const std::string& path) const;
};

/// A checksum that identifies a text that was edited since, even if its length is unchanged; empty for the built-in
/// text.
/// Errors    FileError if the file cannot be read
std::string sum_of_text(const std::string& path);

/// A model with its weights, and the task that it was trained on.
struct Trained {
  Architecture architecture;
  std::unique_ptr<Task> task;
  std::unique_ptr<Model> model;
  /// `text` replaces the text that the model was trained on; its characters must be in the model's alphabet. `data` is
  /// the current path of the data.
  /// Errors    as Architecture::read; FileError if the text was edited since training, unless `text` names it,
  ///           or for a task that this program does not have; errors of the task about the text
  static Trained read(const std::string& path, const std::string& text = {}, const std::string& data = {});
};

}  // namespace ebb::app
