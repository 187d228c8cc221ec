#pragma once
#include <string>
#include <vector>

/// Completion scripts for shells, generated from the declarations of the commands.
namespace ebb::app::completion {

/// An option, or an argument without a name.
struct Word {
  std::string name, help{};
  bool flag = false, list = false, file = false;  ///< list: names separated by commas; file: completed by a path
  std::vector<std::string> words{};               ///< the possible values, if known
};
struct CommandWords {
  std::string name, about;
  std::vector<Word> options, places;
};

std::vector<std::string> shells();
std::vector<CommandWords> all_commands();
std::string bash(const std::vector<CommandWords>&);
std::string zsh(const std::vector<CommandWords>&);
std::string fish(const std::vector<CommandWords>&);

}  // namespace ebb::app::completion
