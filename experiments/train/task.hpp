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

class HasFeedForward;
class HasNetwork;
class SimpleTask;
struct Alphabet;

/// Where `dropout` puts its masks. variational: one for all steps of a sequence, on a cell's input and on its state;
/// naive: a new one at each step, on both; input: likewise, on the input alone (Zaremba et al. 2014, arXiv:1409.2329);
/// candidate: likewise, and on what the cell is about to add to its state (Semeniuta et al. 2016).
enum class DropoutKind { variational, naive, input, candidate };

/// A patience that ends no run, as each validates fewer times, but keeps the weights that validate best.
constexpr int all_validations = 40;

/// What the network of a task drops out in training, besides its recurrence. No value: there is no such place, or it is
/// the task's own choice.
struct NetworkDropout {
  std::optional<double> input{};   ///< of the values that the recurrence reads
  std::optional<double> output{};  ///< of those that the scores are made from
  std::optional<double> words{};   ///< of whole words, which are then read as an unknown one
};

/// Sizes with which a task shows what it is for; options such as --hidden replace them.
struct TaskSettings {
  int hidden = 64;                  ///< H, and the width of the embedding if inputs are tokens
  int length = 100;                 ///< T
  int batch = 32;                   ///< B
  int steps = 1000;                 ///< updates, at most
  double lr = 1e-3, clip = 1.0;     ///< the update rule's rate; largest global norm of the gradient, 0 for none
  double enough = 0;                ///< training ends once the validation loss is below
  int layers = 1;                   ///< cells, one above the other
  double dropout = 0, zoneout = 0;  ///< probabilities, around each layer
  DropoutKind dropout_kind = DropoutKind::variational;
  std::string optimizer = "adam";     ///< as make_optimizer takes it
  std::string schedule = "constant";  ///< of the rate over `steps`, as make_schedule takes it
  NetworkDropout network{};
  int patience = 0;  ///< validations without improvement that are borne, 0: all
};

/// How a task's loss is reported.
struct TaskInfo {
  const char* unit = "MSE";          ///< of a reported loss
  double unit_per_loss = 1;          ///< reported loss = training loss (nats, squares) times this
  const char* speed_unit = "steps";  ///< what is counted per second: time steps of one row, or characters
  double baseline = 0;               ///< reported loss of a guess that ignores the input's order
  std::string baseline_about{};      ///< which guess that is
  int valid_batches = 8;             ///< of the validation split, enough to see when to stop
};

/// A task: data made or read, cut into batches. Registered by EBB_TASK, known by name to every command. What else it
/// can do is said by the other classes that it derives from (abilities.hpp); the simple kind is a SimpleTask.
class Task {
 public:
  /// What a task is made from: where its data stand, and the options that it declares (`static constexpr TaskOption
  /// options[]`). A constructor that takes `Inputs&` writes into them what it chose itself.
  struct Inputs {
    std::string text{};                  ///< --text FILE, empty for the text that is built in
    const Alphabet* alphabet = nullptr;  ///< a model's, for its text; else the text's own
    std::string data{};  ///< --data: a file, a folder, or a name that the task knows; empty for EBB_DATA's
    TaskValues own{};    ///< of the options that tasks declare themselves
    bool quick = false;  ///< without data, a small sample is made
  };
  virtual ~Task();
  virtual TaskInfo info() const = 0;
  virtual TaskSettings settings(Size) const = 0;
  /// Sizes for a command that trains many cells, each for a part of the time.
  virtual TaskSettings comparison_settings(Size size) const { return settings(size); }
  /// Errors    ValueError if there is not enough data for one window of that length
  virtual Batch batch(const BatchRequest&) const = 0;
  /// Of the longest sequence that its recurrence reads: a TCN reaches as far, a Transformer has as many positions.
  virtual int steps(const TaskSettings& s) const { return s.length; }
  /// Number of batches that cover the valid or test split, but for what does not fill one.
  virtual int batches(Split, int length, int rows) const = 0;
  /// What was read, for the record: "tiny Shakespeare, built in, 1,115,394 characters". May be empty.
  virtual std::string data() const { return {}; }
  /// What of the data training does not read at these sizes, or not at once, counted. Empty: it reads all.
  virtual std::string left_out(const TaskSettings&) const { return {}; }
  /// What it was made from, with what it chose itself, for weights and config.toml. Empty if make_task did not make it.
  const Inputs& inputs() const { return inputs_; }
  /// The task as one with this ability; null if it has not.
  template <class Ability> const Ability* as() const { return dynamic_cast<const Ability*>(this); }

 private:
  friend std::unique_ptr<Task> make_task(const std::string& name, const Inputs&);
  Inputs inputs_;
};

/// These, and where nothing is said the task's own; none where its network has no such place.
NetworkDropout with_own(const NetworkDropout&, const Task&);
/// Errors    ValueError for an unknown task (with the nearest name); what the task says about its inputs
std::unique_ptr<Task> make_task(const std::string& name, const Task::Inputs& = {});
/// Errors    ValueError "--OPTION says nothing to the task 'NAME'", if it is given and not read
void check_read(const char* option, const std::string& task, bool given, bool read);
/// Of several tasks, one may read the text and the others not: those leave --text unchecked.
/// Errors    ValueError that names an option, given by the user, which the task does not read
void reject_unread(const std::string& name, const Task&, const Task::Inputs& given, bool check_text = true);

struct TaskEntry : Registered<TaskEntry> {
  static constexpr const char* kind = "task";
  using Make = std::unique_ptr<Task> (*)(Task::Inputs&);
  TaskEntry(const char* n, const char* a, const char* f, std::span<const TaskOption> o, Make m)
      : Registered(n, a, f), options(o), make(m) {}
  std::span<const TaskOption> options;
  Make make;
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
/// Errors    ValueError "unknown KIND 'NAME'; did you mean ...?", or what there is, unless the name is among those
///           known. Where there are many, `lists` is the command that lists them
void check_name(const char* kind, const std::string& name, const std::vector<std::string>& known,
                const char* lists = nullptr);
/// Errors    ValueError naming the nearest task, unless every name is one
void check_task_names(const std::vector<std::string>& names);

}  // namespace ebb::app

/// Registers a task, a class made from Task::Inputs: EBB_TASK(adding, Adding, "the sum of two marked numbers").
#define EBB_TASK(name, Type, about)                                                                     \
  static const ebb::app::TaskEntry ebb_task_##name {                                                    \
    #name, about, __FILE__, ebb::app::detail::options_of<Type>(), &ebb::app::detail::make_task_of<Type> \
  }
