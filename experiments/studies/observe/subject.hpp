#pragma once
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/recurrent_network.hpp>
#include <memory>
#include <vector>

namespace ebb::app::observe {

/// What is observed: a cell with its weights, and the inputs that it has in the network of its task, which is a
/// RecurrentNetwork.
class Subject {
 public:
  /// The weights in a file.
  /// Errors    as Trained::read; ValueError if the model has no cell
  static Subject of_weights(const std::string& path, const std::string& data);
  /// Initial weights, in float64; with the remedy of the settings those with which training begins its first update, in
  /// float32, after `treat`.
  /// Errors    as Model; ValueError if the network has no recurrence to follow, or for a remedy that acts only in
  ///           updates of training
  static Subject initial(std::shared_ptr<const Task>, const std::string& cell, const TaskSettings&, std::uint64_t seed);
  /// Makes the updates of the remedy that precede training; nothing without one.
  /// Errors    ValueError if one diverges
  void treat();
  /// A model that is being trained, observed on the validation split; both must outlive the subject.
  /// Errors    ValueError if the network has no recurrence to follow, or the model has no cell
  static Subject in_training(const Task&, const Model&, const std::string& cell, const TaskSettings&);

  /// Frees initial weights that are drawn again when they are needed, so that many wide cells need not be in memory at
  /// once. Nothing for others.
  void release();
  /// The same with its weights.
  Subject with_weights() const;
  /// Another cell with initial weights: the same task, sizes and seed.
  Subject with_cell(const std::string& cell) const;

  /// Errors    ValueError if its layer has no step
  const Cell& cell() const { return cell_of(model_->recurrent()); }
  const Task& task() const { return *task_; }
  const Model& model() const { return *model_; }
  /// The first batch of the split.
  /// Errors    ValueError if the data are too short
  Batch batch(int steps, int rows) const;
  /// The inputs of the cell over that batch, [T, B, I] in float64: values, or embedded tokens. T is less than `steps`
  /// if the task's sequences have fewer. If they have lengths of their own, the rows are the longest of several, and T
  /// is the length of the shortest of these.
  Array inputs(int steps, int rows) const;

  std::string name;  ///< on the page: the cell, and what distinguishes it from other subjects
  std::string cell_name;
  std::string variant;  ///< the cell with its remedy: determines colour, dash and marker
  std::string label;    ///< short, of one of several subjects of a variant: "seed 2", "#2"; else empty
  std::string weights;  ///< the file, empty for initial weights
  std::string remedy;   ///< of initial weights
  std::uint64_t seed = 0;
  Split split = Split::test;
  int length = 0;                                 ///< steps of the sequences in training
  int hidden = 0;                                 ///< width of the cell
  int state_size() const { return state_size_; }  ///< S

 private:
  void take(std::shared_ptr<const Model>);
  std::shared_ptr<const Task> task_;
  std::shared_ptr<const Model> model_;
  std::shared_ptr<Model> untreated_;  // the same, until treat()
  TaskSettings settings_;
  int state_size_ = 0;
  bool drawn_ = false;  // initial weights without a remedy
};

/// Labels the subjects of one variant, whose lines have the same colour, dash and marker: by what their names add to
/// it, or by numbers if that is long.
void label_alike(std::vector<Subject>&);

}  // namespace ebb::app::observe
