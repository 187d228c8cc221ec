#pragma once
#include <concepts>
#include <ebb/experiments/cli/options.hpp>
#include <ebb/experiments/train/batch.hpp>
#include <ebb/experiments/train/task_values.hpp>
#include <ebb/nn/registry.hpp>
#include <ebb/ops/random.hpp>
#include <optional>
#include <span>

namespace ebb::app {

class AnyLength;
class HasFeedForward;
class HasNetwork;
class SimpleTask;
struct Alphabet;

/// Where `dropout` puts its masks. variational: one for all steps of a sequence, on a cell's input and on its state;
/// naive: a new one at each step, on both; input: likewise, on the input alone (Zaremba et al. 2014, arXiv:1409.2329);
/// candidate: likewise, and on what the cell is about to add to its state (Semeniuta et al. 2016).
enum class DropoutKind { variational, naive, input, candidate };

/// A patience that is never exhausted, because a run has fewer validations, but keeps the weights of the best one.
constexpr int all_validations = 40;

/// Dropout rates of a task's own network, besides those of its recurrence. No value: the network has no such place, or
/// the task chooses the rate.
struct NetworkDropout {
  std::optional<double> input{};   ///< of the recurrence's inputs
  std::optional<double> output{};  ///< before the output layer
  std::optional<double> words{};   ///< of whole words, each replaced by the unknown word
};

/// Default sizes and training settings of a task; options such as --hidden override them.
struct TaskSettings {
  int hidden = 64;                  ///< H, and the width of the embedding if inputs are tokens
  int length = 100;                 ///< T
  int batch = 32;                   ///< B
  int steps = 1000;                 ///< maximum number of updates
  double lr = 1e-3, clip = 1.0;     ///< learning rate; largest global norm of the gradient, 0 for no clipping
  double enough = 0;                ///< training ends once the validation loss is below
  int layers = 1;                   ///< stacked cells
  double dropout = 0, zoneout = 0;  ///< probabilities, around each layer
  DropoutKind dropout_kind = DropoutKind::variational;
  std::string optimizer = "adam";     ///< as for make_optimizer
  std::string schedule = "constant";  ///< of the learning rate over `steps`, as for make_schedule
  NetworkDropout network{};
  int patience = 0;          ///< validations without improvement before stopping; 0: never stop
  std::string remedy{};      ///< as for make_remedies; empty: none
  std::string checkpoint{};  ///< through time, as for Checkpoint::parse; empty: none
};

/// How a task's loss is reported, and its baseline.
struct TaskInfo {
  const char* unit = "MSE";          ///< of the reported loss
  double unit_per_loss = 1;          ///< reported loss = training loss (nats, squares) times this
  const char* speed_unit = "steps";  ///< unit of the speed per second: time steps of one row, or characters
  double baseline = 0;               ///< reported loss of a prediction that ignores the order of the inputs
  std::string baseline_about{};      ///< describes that prediction
  int valid_batches = 8;             ///< of the validation split, enough for early stopping
};

/// A task: data that are generated or read, in batches. EBB_TASK registers it, so that every command knows its name.
/// Its other abilities are further base classes (abilities.hpp); most simply, it is a SimpleTask.
class Task {
 public:
  /// The inputs of a task's constructor: the location of its data, and the values of the options that it declares
  /// (`static constexpr TaskOption options[]`). A constructor that takes `Inputs&` stores its own choices in them.
  struct Inputs {
    std::string text{};                  ///< --text FILE; empty for the built-in text
    const Alphabet* alphabet = nullptr;  ///< that of a trained model; null for the text's own
    std::string data{};  ///< --data: a file, a folder, or a name that the task knows; empty for the folder in EBB_DATA
    TaskValues own{};    ///< of the options declared by tasks
    bool quick = false;  ///< generate a small sample if no data are given
  };
  virtual ~Task();
  virtual TaskInfo info() const = 0;
  virtual TaskSettings settings(Size) const = 0;
  /// Settings for commands that train many cells and so have less time for each.
  virtual TaskSettings comparison_settings(Size size) const { return settings(size); }
  /// Rejects invalid sizes. Commands call it before any work, with the sizes of the run; `batch` is then called only
  /// with these sizes.
  /// Errors    ValueError naming the option: "--length must be greater than --lag"
  virtual void check_sizes(const TaskSettings&) const {}
  /// Errors    ValueError if the data are too short for one window of that length
  virtual Batch batch(const BatchRequest&) const = 0;
  /// Length of the longest sequence that the recurrence reads: the reach of a TCN, the number of positions of a
  /// Transformer.
  virtual int steps(const TaskSettings& s) const { return s.length; }
  /// Number of full batches in the valid or test split.
  virtual int batches(Split, int length, int rows) const = 0;
  /// A description of the data, for the record: "tiny Shakespeare, built in, 1,115,394 characters". May be empty.
  virtual std::string data() const { return {}; }
  /// States how much of the data training does not read with these settings, or not in one pass. Empty: it reads all.
  virtual std::string left_out(const TaskSettings&) const { return {}; }
  /// The inputs of its constructor, with its own choices, for weights files and config.toml. Empty unless make_task
  /// made the task.
  const Inputs& inputs() const { return inputs_; }
  /// The name that was passed to make_task; empty if the task was made otherwise.
  virtual const std::string& name() const { return name_; }
  /// The task as this ability; null if it does not have it.
  template <class Ability> const Ability* as() const { return dynamic_cast<const Ability*>(this); }

 private:
  friend std::unique_ptr<Task> make_task(const std::string& name, const Inputs&);
  Inputs inputs_;
  std::string name_;
};

/// The given rates, or the task's own where none is given; no value where its network has no such place.
NetworkDropout with_own(const NetworkDropout&, const Task&);
/// Errors    ValueError for an unknown task (with the nearest name); errors of the task about its inputs
std::unique_ptr<Task> make_task(const std::string& name, const Task::Inputs& = {});
/// Errors    ValueError "--OPTION does not apply to the task 'NAME'", if it is given and not read
void check_read(const char* option, const std::string& task, bool given, bool read);
/// Errors    ValueError naming --text or --data, if it was given and the task does not read it
void reject_unread(const std::string& name, const Task&, const Task::Inputs& given);

struct TaskEntry : Registered<TaskEntry> {
  static constexpr const char* kind = "task";
  using Make = std::unique_ptr<Task> (*)(Task::Inputs&);
  TaskEntry(const char* n, const char* a, const char* f, std::span<const TaskOption> o, Make m, bool any)
      : Registered(n, a, f), options(o), make(m), any_length(any) {}
  std::span<const TaskOption> options;
  Make make;
  bool any_length;  ///< it has AnyLength
};

namespace detail {
template <class T> std::unique_ptr<Task> make_task_of(Task::Inputs& inputs) {
  static_assert(
      std::derived_from<T, SimpleTask> + std::derived_from<T, HasNetwork> + std::derived_from<T, HasFeedForward> == 1,
      "a task has one network: it derives from SimpleTask, or from Task and either HasNetwork or HasFeedForward");
  return std::make_unique<T>(inputs);
}
template <class T> constexpr std::span<const TaskOption> options_of() {
  if constexpr (requires { T::options; }) return T::options;
  else return {};
}
}  // namespace detail

/// All registered tasks, by name.
std::vector<const TaskEntry*> task_list();
/// Errors    ValueError naming the nearest task, unless every name is that of a task
void check_task_names(const std::vector<std::string>& names);
/// Why this program cannot run a task, and how to get a program that can; empty if it has the task (Option::known_by).
std::string missing_task(const std::string& name);
std::string missing_one_of_tasks(const std::vector<std::string>& names);

}  // namespace ebb::app

/// Registers a task, a class made from Task::Inputs: EBB_TASK(adding, Adding, "the sum of two marked numbers"); use
/// EBB_TASK_NAMED for a name with a dash.
#define EBB_TASK(name, Type, about) EBB_TASK_NAMED(name, #name, Type, about)
#define EBB_TASK_NAMED(id, name, Type, about)                                                           \
  static const ebb::app::TaskEntry ebb_task_##id {                                                      \
    name, about, __FILE__, ebb::app::detail::options_of<Type>(), &ebb::app::detail::make_task_of<Type>, \
        std::derived_from<Type, ebb::app::AnyLength>                                                    \
  }
