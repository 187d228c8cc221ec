#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ebb/experiments/commands/completion.hpp>

namespace ebb::app::completion {
namespace {

std::string names_of(const std::vector<CommandWords>& commands) {
  std::string all;
  for (const CommandWords& c : commands) all += (all.empty() ? "" : " ") + c.name;
  return all;
}

std::string names_of(const std::vector<Word>& words) {
  std::string all;
  for (const Word& w : words) all += (all.empty() ? "" : " ") + w.name;
  return all;
}

// The call by which bash and zsh complete an option's value or an argument; the functions are in their scripts.
std::string answer(const Word& w) {
  if (w.file) return "_ebb_files";
  if (w.words.empty()) return ":";  // a number or a text: nothing to offer
  return fmt::format("{} {}", w.list ? "_ebb_list" : "_ebb_words", fmt::join(w.words, " "));
}

// case "$command $before" in ...: the completions at the cursor. `$before` is the word before it.
std::string cases(const std::vector<CommandWords>& commands) {
  std::string text = "  case \"$command $before\" in\n";
  for (const CommandWords& c : commands)
    for (const Word& w : c.options)
      if (!w.flag) text += fmt::format("    '{} {}') {}; return ;;\n", c.name, w.name, answer(w));
  text += "  esac\n  case $command in\n";
  for (const CommandWords& c : commands) {
    const std::string place =
        c.places.empty() || c.places[0].words.empty() ? "" : fmt::format(" {}", fmt::join(c.places[0].words, " "));
    text += fmt::format("    {}) _ebb_words {}{} ;;\n", c.name, names_of(c.options), place);
  }
  return text + "  esac\n";
}

// Within single quotes.
std::string quoted(const std::string& text) {
  std::string safe;
  for (const char c : text) safe += c == '\'' ? "\\'" : c == '\\' ? "\\\\" : std::string(1, c);
  return "'" + safe + "'";
}

}  // namespace

std::string bash(const std::vector<CommandWords>& commands) {
  return "# Completion of ebb in bash: source <(ebb completion bash)\n"
         "_ebb_words() { mapfile -t COMPREPLY < <(compgen -W \"$*\" -- \"$current\"); }\n"
         "_ebb_files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); }\n"
         "_ebb_list() {  # names separated by commas: the last one is completed\n"
         "  local done=\n"
         "  [[ $current != *,* ]] || done=${current%,*},\n"
         "  compopt -o nospace 2>/dev/null\n"
         "  mapfile -t COMPREPLY < <(compgen -P \"$done\" -W \"$*\" -- \"${current##*,}\")\n"
         "}\n"
         "_ebb() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}\n"
         "  COMPREPLY=()\n"
         "  if [[ $current == = ]]; then current=; elif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; "
         "fi   # --cell=lstm\n"
         "  if ((COMP_CWORD == 1)); then _ebb_words " +
         names_of(commands) + " --help --version; return; fi\n" + cases(commands) +
         "}\n"
         "complete -F _ebb ebb\n";
}

std::string zsh(const std::vector<CommandWords>& commands) {
  return "#compdef ebb\n"
         "# Completion of ebb in zsh: source <(ebb completion zsh), after compinit; or as a file _ebb in a folder of "
         "$fpath\n"
         "_ebb_words() { compadd -- \"$@\"; }\n"
         "_ebb_files() { _files; }\n"
         "_ebb_list() { compset -P '*,'; compadd -S '' -- \"$@\"; }   # names separated by commas: the last one is "
         "completed\n"
         "_ebb() {\n"
         "  local before=${words[CURRENT-1]} command=${words[2]}\n"
         "  if ((CURRENT == 2)); then _ebb_words " +
         names_of(commands) + " --help --version; return; fi\n" + cases(commands) +
         "}\n"
         "compdef _ebb ebb\n";
}

std::string fish(const std::vector<CommandWords>& commands) {
  std::string text =
      "# Completion of ebb in fish: ebb completion fish > ~/.config/fish/completions/ebb.fish\n"
      "complete -c ebb -f\n"
      "complete -c ebb -n __fish_use_subcommand -l version -d 'commit, compiler and instruction set'\n";
  for (const CommandWords& c : commands) {
    text += fmt::format("complete -c ebb -n __fish_use_subcommand -a {} -d {}\n", c.name, quoted(c.about));
    const std::string within = fmt::format("complete -c ebb -n '__fish_seen_subcommand_from {}'", c.name);
    for (const Word& w : c.options) {
      const std::string takes = w.flag            ? ""
                                : w.file          ? " -r -F"
                                : w.words.empty() ? " -x"
                                                  : fmt::format(" -x -a '{}'", fmt::join(w.words, " "));
      text += fmt::format("{} -l {}{} -d {}\n", within, w.name.substr(2), takes, quoted(w.help));
    }
    if (!c.places.empty() && !c.places[0].words.empty())
      text += fmt::format("{} -a '{}'\n", within, fmt::join(c.places[0].words, " "));
  }
  return text;
}

}  // namespace ebb::app::completion
