#include <ebb/data/text_file.hpp>
#include <ebb/experiments/cli/inputs.hpp>
#include <ebb/experiments/cli/options.hpp>
#include <ebb/experiments/papers/papers.hpp>
#include <filesystem>

namespace ebb::app::papers {

Protocol find_protocol(const std::string& name) {
  if (name.ends_with(".toml")) {
    note_input(name);
    return protocol_of(std::filesystem::path(name).stem().string(), name, read_text(name));
  }
  std::vector<std::string> known;
  for (const BuiltIn& b : built_in_protocols()) known.emplace_back(b.name);
  check_name("paper", name, known, "ebb papers");
  for (const BuiltIn& b : built_in_protocols())
    if (name == b.name) return protocol_of(name, name + ".toml", std::string(b.text));
  throw ValueError("no paper '" + name + "'");
}

}  // namespace ebb::app::papers
