#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/commands/completion.hpp>
#include <ebb/experiments/commands/results_rows.hpp>
#include <ebb/experiments/train/remedy.hpp>
#include <ebb/experiments/train/task.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/layer_list.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <ebb/optim/schedule_list.hpp>

namespace ebb::app {
namespace completion {
namespace {

std::vector<std::string> cells() {
  std::vector<std::string> names;
  for (const CellInfo& c : cell_list()) names.push_back(c.name);
  for (const LayerEntry* l : layer_list()) names.push_back(l->name);
  return names;
}

std::vector<std::string> tasks() {
  std::vector<std::string> names;
  for (const TaskEntry* t : task_list()) names.push_back(t->name);
  return names;
}

std::vector<std::string> rows() {
  std::vector<std::string> names;
  for (const ResultRow& r : result_rows()) names.push_back(r.name);
  return names;
}

// Registered names, for the options that take them in every command.
std::vector<std::string> words_named(const std::string& name) {
  if (name == "--cell" || name == "--cells" || name == "CELL") return cells();
  if (name == "--task" || name == "--tasks" || name == "TASK") return tasks();
  if (name == "--optimizer") return Registry<OptimizerEntry>::names();
  if (name == "--remedy") return Registry<RemedyEntry>::names();
  if (name == "--schedule") return Registry<ScheduleEntry>::names();
  if (name == "ROW") return rows();
  return {};
}

// The words that the option declares or, if it declares none, those that belong to its name. A number has none.
std::vector<std::string> words_for(const detail::OptionEntry& e, const std::string& name) {
  if (!e.words.empty() || e.number) return e.words;
  return words_named(name);
}

// By the type in --help: an option that is read may also be a word, such as the name of a column.
bool takes_file(const std::string& type) { return type.starts_with("FILE") || type == "DIR" || type == "PATH"; }

Word word_of(const detail::OptionEntry& e) {
  const std::string name = e.name.substr(0, e.name.find(','));
  const std::vector<std::string> words = words_for(e, name);
  const bool file = words.empty() && takes_file(e.type);
  return {.name = name, .help = e.help, .flag = e.flag, .list = e.list, .file = file, .words = words};
}

}  // namespace

std::vector<std::string> shells() { return {"bash", "zsh", "fish"}; }

namespace {

// The commands of a group as one, since shells complete a command's words by its first one.
void join_group(CommandWords& group, const CommandWords& member) {
  group.places[0].words.push_back(member.name.substr(group.name.size() + 1));
  for (const Word& w : member.options)
    if (std::none_of(group.options.begin(), group.options.end(), [&](const Word& o) { return o.name == w.name; }))
      group.options.push_back(w);
}

}  // namespace

std::vector<CommandWords> all_commands() {
  std::vector<CommandWords> all;
  for (const CommandEntry* entry : command_list()) {
    const auto command = entry->make();
    Options options;
    command->options(options);
    CommandWords c{.name = entry->name, .about = entry->about, .options = {}, .places = {}};
    for (const auto& e : options.entries()) (e->positional ? c.places : c.options).push_back(word_of(*e));
    if (!options.entries().empty())
      c.options.push_back({.name = "--config", .help = "file with options", .file = true});
    c.options.push_back({.name = "--help", .help = "options and examples", .flag = true});
    const std::string word = c.name.substr(0, c.name.find(' '));
    if (word == c.name) {
      all.push_back(std::move(c));
      continue;
    }
    const auto* const group = Registry<CommandGroup>::find(word);
    if (all.empty() || all.back().name != word)
      all.push_back({.name = word, .about = group ? group->about : "", .options = {}, .places = {{.name = "COMMAND"}}});
    join_group(all.back(), c);
  }
  return all;
}

}  // namespace completion

namespace {

/// Prints a script with which a shell completes the commands, options, tasks, cells and other names of this program.
class CompletionCommand final : public Command {
 public:
  void options(Options& o) override {
    o.add("SHELL", shell_, "bash, zsh or fish").one_of(completion::shells()).required();
    o.example("source <(ebb completion bash)                              in ~/.bashrc");
    o.example("source <(ebb completion zsh)                               in ~/.zshrc, after compinit");
    o.example("ebb completion fish > ~/.config/fish/completions/ebb.fish");
  }

  int run() override {
    const auto commands = completion::all_commands();
    put(shell_ == "bash"  ? completion::bash(commands)
        : shell_ == "zsh" ? completion::zsh(commands)
                          : completion::fish(commands));
    return 0;
  }

 private:
  std::string shell_;
};
EBB_SUBCOMMAND(completion, "completion", CompletionCommand,
               "print a script that completes ebb's commands and options in a shell");

}  // namespace
}  // namespace ebb::app
