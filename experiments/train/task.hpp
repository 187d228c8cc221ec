#pragma once
#include <ebb/experiments/cli/options.hpp>
#include <ebb/experiments/train/task_values.hpp>
#include <ebb/nn/registry.hpp>
#include <ebb/ops/array.hpp>
#include <ebb/ops/random.hpp>
#include <span>

namespace ebb {
class Builder;
}  // namespace ebb

namespace ebb::app {

class Meter;
class Model;
class Network;
struct Alphabet;
struct Generated;
struct GenerateRequest;
struct Recurrence;

enum class Split { train, valid, test };

/// Which batch is wanted. The same request gives the same numbers, on any number of threads.
struct BatchRequest {
  Split split = Split::train;
  int length = 100;          ///< T, steps
  int rows = 32;             ///< B; a text too short for so many windows gives fewer
  std::uint64_t number = 0;  ///< of the update in training, of the batch in a test set
  std::uint64_t seed = 1;    ///< of the run; the valid and test splits do not depend on it
};

/// Inputs and targets, time first. A task fills x or tokens, and y or next; one with a network of its own what that
/// reads, and may have them in other shapes.
struct Batch {
  Array x{};                 ///< [T, B, I]
  Tokens tokens{};           ///< [T, B]
  Array y{};                 ///< [B, O], target of the last step; or [T, B, O], of every step
  Tokens next{};             ///< [T, B], target of every step
  bool continues = false;    ///< rows go on where the batch before ended: the state may be carried
  Lengths lengths{};         ///< [B], steps of each row; none: all of them
  Tokens source{};           ///< [S, B], what an encoder reads where tokens and next are what a decoder writes
  Lengths source_lengths{};  ///< [B], of the source
  Lengths next_lengths{};    ///< [B], of next, where it is not as long as the inputs
  Tokens labels{};           ///< [B], class of each row
  Tokens letters{};          ///< [L T, B], letter l of the word of step t at l T + t, -1 after its last one
  int beam = 0;              ///< width of a search that is measured beside greedy choice, 0: none
  std::vector<int> items{};  ///< [B], which items of the split these rows are, for pictures
  int rows() const { return x ? x.dim(1) : tokens.dim(1); }
  int steps() const { return x ? x.dim(0) : tokens.dim(0); }
  /// Of its mean loss among other batches': rows, or steps where each has a target and rows differ in length.
  double weight() const;
};

/// Where `dropout` puts its masks. variational: one for all steps of a sequence, on a cell's input and on its state;
/// naive: a new one at each step, on both; input: likewise, on the input alone (Zaremba et al. 2014, arXiv:1409.2329);
/// candidate: likewise, and on what the cell is about to add to its state (Semeniuta et al. 2016).
enum class DropoutKind { variational, naive, input, candidate };

/// A patience that ends no run, as each validates fewer times, but keeps the weights that validate best.
constexpr int all_validations = 40;

/// Sizes with which a task shows what it is for; options such as --hidden replace them. What the network of a task
/// drops out in training, besides its recurrence; below 0: no such place, or the task's own choice.
struct NetworkDropout {
  double input = -1;   ///< of the values that the recurrence reads
  double output = -1;  ///< of those that the scores are made from
  double words = -1;   ///< of whole words, which are then read as an unknown one
};

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
  NetworkDropout network{};           ///< below 0: the task's own choice
  int patience = 0;                   ///< validations without improvement that are borne, 0: all
};

struct TaskInfo {
  int width = 0;             ///< I of real inputs, or 0
  int vocabulary = 0;        ///< V of token inputs, or 0
  int outputs = 1;           ///< O of the linear layer on top
  bool every_step = false;   ///< loss at every step (cross entropy with next), or at the last (squared error with y)
  const char* unit = "MSE";  ///< of a reported loss
  double unit_per_loss = 1;  ///< reported loss = training loss (nats, squares) times this
  const char* speed_unit = "steps";  ///< what is counted per second: time steps of one row, or characters
  double baseline = 0;               ///< reported loss of a guess that ignores the input's order
  std::string baseline_about{};      ///< which guess that is
  bool any_length = true;            ///< --length says something to it
  bool recurrence = true;            ///< --cell, --layers, --dropout and --zoneout say something to its network
  const char* validate_by = "";      ///< name of the measure that says when to stop; empty: the loss
  int valid_batches = 8;             ///< of the validation split, enough to see when to stop
};

/// A task: data made or read, cut into batches. Registered by EBB_TASK, known by name to every command.
class Task {
 public:
  /// What a task is made from: where its data stand, and the options that it declares (`static constexpr TaskOption
  /// options[]`).
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
  /// What the tokens stand for, so that a model's weights can say it. None for a task of numbers.
  virtual const Alphabet* alphabet() const { return nullptr; }
  /// What its own network drops out unless the user says otherwise. None: nothing can be said.
  virtual NetworkDropout own_dropout() const { return {}; }
  /// A network of the task's own, built around the user's cell (network.hpp). None: embedding, cell and linear layer
  /// (model.hpp).
  virtual std::unique_ptr<Network> network(const Builder&, const Recurrence&) const;
  /// What is measured beside the loss (measure.hpp). None: nothing.
  virtual std::unique_ptr<Meter> meter() const;
  /// What a trained model makes of a request (generate.hpp), for `ebb generate`.
  /// Errors    ValueError if the task generates nothing, or the request is not one for it
  virtual Generated generate(const Model&, const GenerateRequest&) const;
  /// The inputs that it reads, with what it chose itself, so that weights and config.toml can say it. Errors of a
  /// command: an option that was given and is not among these
  virtual Inputs inputs() const { return {}; }
};

/// These, and where nothing is said what the task has itself.
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
  using Make = std::unique_ptr<Task> (*)(const Task::Inputs&);
  TaskEntry(const char* n, const char* a, const char* f, std::span<const TaskOption> o, Make m)
      : Registered(n, a, f), options(o), make(m) {}
  std::span<const TaskOption> options;
  Make make;
};

namespace detail {
template <class T> std::unique_ptr<Task> make_task_of(const Task::Inputs& inputs) {
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
///           known
void check_name(const char* kind, const std::string& name, const std::vector<std::string>& known);
/// Errors    ValueError naming the nearest task, unless every name is one
void check_task_names(const std::vector<std::string>& names);

}  // namespace ebb::app

/// Registers a task, a class made from Task::Inputs: EBB_TASK(adding, Adding, "the sum of two marked numbers").
#define EBB_TASK(name, Type, about)                                                                     \
  static const ebb::app::TaskEntry ebb_task_##name {                                                    \
    #name, about, __FILE__, ebb::app::detail::options_of<Type>(), &ebb::app::detail::make_task_of<Type> \
  }
