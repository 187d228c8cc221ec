#pragma once
#include <ebb/experiments/cli/job.hpp>
#include <ebb/nn/registry.hpp>

namespace ebb::app {

/// A subcommand of `ebb`.
class Command {
 public:
  virtual ~Command();
  virtual void options(Options&) = 0;
  /// Called after the command line was parsed: may set options from other sources.
  virtual void prepare(Options&) {}
  /// Selects the default values of options that the user did not set.
  virtual Size size() const { return Size::standard; }
  /// Whether the processes that mpirun started may run it together.
  virtual bool uses_ranks() const { return false; }
  /// Returns the exit code. Errors: any ebb::Error becomes exit code 2 and one line on stderr
  virtual int run() = 0;
};

struct CommandEntry : Registered<CommandEntry> {
  static constexpr const char* kind = "command";
  using Make = std::unique_ptr<Command> (*)();
  CommandEntry(const char* n, const char* a, const char* f, Make m) : Registered(n, a, f), make(m) {}
  Make make;
};
/// All registered commands, by name.
std::vector<const CommandEntry*> command_list();

/// Commands whose names begin with the same word, such as `runs list` and `runs show`; that word is its name.
struct CommandGroup : Registered<CommandGroup> {
  static constexpr const char* kind = "group of commands";
  CommandGroup(const char* n, const char* a, const char* f) : Registered(n, a, f) {}
};
/// The first words of all commands: "runs", "train", ...
std::vector<std::string> first_words();

/// A long-running command: it has the shared options and receives a Job.
class LongCommand : public Command {
 public:
  explicit LongCommand(std::string name) : name_(std::move(name)) {}
  void options(Options&) final;
  void prepare(Options&) final;
  Size size() const final;
  int run() final;

 protected:
  virtual void own_options(Options&) = 0;
  virtual void before(SharedOptions&, Options&) {}
  virtual void work(Job&) = 0;
  void default_seeds(int n) { shared_.seeds = n; }
  /// Adds --resume DIR: the command keeps its results in Parts (parts.hpp) and takes those of an earlier process.
  void resumes() { shared_.resumes = true; }

 private:
  void restore(Options&);
  std::string name_, resume_;
  SharedOptions shared_;
  Options* declared_ = nullptr;
};

namespace detail {

template <class E> class ExperimentCommand final : public LongCommand {
  static_assert(
      requires(E& e, Options& o) { e.options(o); } || !requires { &E::options; },
      "an experiment's options are declared by `void options(Options& o)`");
  static_assert(
      requires(E& e, SharedOptions& s, Options& o) { e.prepare(s, o); } || !requires { &E::prepare; },
      "an experiment prepares its options by `void prepare(SharedOptions& shared, Options& o)`");

 public:
  explicit ExperimentCommand(const char* name) : LongCommand(name) {
    if constexpr (requires { E::seeds; }) default_seeds(E::seeds);
    if constexpr (requires { E::resumes; })
      if (E::resumes) resumes();
  }
  bool uses_ranks() const override {
    if constexpr (requires { E::ranks; }) return E::ranks;
    else return false;
  }

 private:
  void own_options(Options& o) override {
    if constexpr (requires { experiment_.options(o); }) experiment_.options(o);
  }
  void before(SharedOptions& shared, Options& o) override {
    if constexpr (requires { experiment_.prepare(shared, o); }) experiment_.prepare(shared, o);
  }
  void work(Job& job) override {
    job.run([&] { experiment_.run(job); });
  }
  E experiment_;
};

}  // namespace detail
}  // namespace ebb::app

/// Registers an experiment, a struct whose members are its options:
///
///     struct Depth {
///       int hidden = 64;
///       void options(ebb::app::Options& o) { o.add("--hidden", hidden, "width").at_least(1).quick(8); }
///       void run(ebb::app::Job& job) { ... }
///     };
///     EBB_EXPERIMENT(depth, Depth, "what it shows");
///
/// With `static constexpr bool resumes = true;` it has --resume DIR and keeps its results in Parts (parts.hpp).
/// Use EBB_EXPERIMENT_NAMED for a name with a hyphen.
#define EBB_EXPERIMENT(name, Type, about) EBB_EXPERIMENT_NAMED(name, #name, Type, about)
#define EBB_EXPERIMENT_NAMED(id, name, Type, about)                             \
  static const ebb::app::CommandEntry ebb_experiment_##id {                     \
    name, about, __FILE__, []() -> std::unique_ptr<ebb::app::Command> {         \
      return std::make_unique<ebb::app::detail::ExperimentCommand<Type>>(name); \
    }                                                                           \
  }

/// Registers a short command, a class derived from ebb::app::Command. One of a group has the group's name before its
/// own: "runs list".
#define EBB_SUBCOMMAND(id, name, Type, about)                                                              \
  static const ebb::app::CommandEntry ebb_command_##id {                                                   \
    name, about, __FILE__, []() -> std::unique_ptr<ebb::app::Command> { return std::make_unique<Type>(); } \
  }
#define EBB_COMMAND_GROUP(name, about) \
  static const ebb::app::CommandGroup ebb_group_##name { #name, about, __FILE__ }
