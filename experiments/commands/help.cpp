#include <ebb/experiments/cli/command_line.hpp>
#include <ebb/experiments/cli/experiment.hpp>

namespace ebb::app {
namespace {

/// What --help prints, for those who look for it as a command.
class HelpCommand final : public Command {
 public:
  void options(Options& o) override {
    o.add("COMMAND", command_, "command to explain (default: all, briefly)").completes(first_words());
    o.add("ARGUMENT", rest_, "arguments of that command, as they would follow it; its help is the same");
    o.example("ebb help              all commands, as ebb --help");
    o.example("ebb help train        options and examples, as ebb train --help");
    o.example("ebb help new remedy   those of ebb new");
  }

  int run() override {
    if (command_.empty()) return run_command({"--help"});
    check_name("command", command_, first_words());
    std::vector<std::string> words{command_};
    words.insert(words.end(), rest_.begin(), rest_.end());
    words.emplace_back("--help");
    return run_command(words);
  }

 private:
  std::string command_;
  std::vector<std::string> rest_;
};
EBB_SUBCOMMAND(help, "help", HelpCommand, "print the options and examples of a command");

}  // namespace
}  // namespace ebb::app
