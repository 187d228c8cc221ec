#include <ebb/experiments/cli/command_line.hpp>
#include <ebb/experiments/cli/experiment.hpp>

namespace ebb::app {
namespace {

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const CommandEntry* c : command_list()) names.emplace_back(c->name);
  return names;
}

/// What --help prints, for those who look for it as a command.
class HelpCommand final : public Command {
 public:
  void options(Options& o) override {
    o.add("COMMAND", command_, "command to explain (default: all, briefly)").completes(command_names());
    o.example("ebb help              all commands, as ebb --help");
    o.example("ebb help train        options and examples, as ebb train --help");
  }

  int run() override {
    if (command_.empty()) return run_command({"--help"});
    check_name("command", command_, command_names());
    return run_command({command_, "--help"});
  }

 private:
  std::string command_;
};
EBB_SUBCOMMAND(help, "help", HelpCommand, "print the options and examples of a command");

}  // namespace
}  // namespace ebb::app
