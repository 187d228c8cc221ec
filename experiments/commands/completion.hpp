#pragma once
#include <string>
#include <vector>

/// Scripts for shells. Each is made from the commands as they declare themselves.
namespace ebb::app::completion {

/// An option, or an argument without a name.
struct Word {
  std::string name, help{};
  bool flag = false, list = false, file = false;  ///< list: names with commas between; file: a path completes it
  std::vector<std::string> words{};               ///< what it may be, if that is known
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
