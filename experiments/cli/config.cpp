#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ebb/experiments/cli/config.hpp>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/ops/lower_case.hpp>
#include <optional>
#include <set>
#include <sstream>

namespace ebb::app {
namespace {

// "--checkpoint-every" -> "checkpoint-every", "TASK" -> "task"
std::string key_of(const detail::OptionEntry& e) {
  const std::string name = e.name.substr(0, e.name.find(','));
  return e.positional ? ebb::detail::lower_case(name) : name.substr(2);
}

std::string quoted(const std::string& key, const std::string& text) {
  const bool lines = std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; });
  const bool basic = text.find_first_of("\"\\") == std::string::npos, literal = text.find('\'') == std::string::npos;
  if (lines || (!basic && !literal))
    throw ValueError(fmt::format(
        "--{} '{}' cannot be written to a configuration file: it contains a line break or both kinds of quotes", key,
        text));
  return basic ? '"' + text + '"' : '\'' + text + '\'';
}

// The quote that begins a string and is not closed; 0 if there is none. An apostrophe within a word is none.
struct Uncommented {
  std::string text;
  char open = 0;
};

// CLI11 would also cut at a # inside a string, and take a quote that is not closed for a part of the value.
Uncommented without_comment(const std::string& line) {
  char quote = 0, before = '=';  // before: the last character that is not blank
  bool begins = false;
  for (std::size_t k = 0; k < line.size(); ++k) {
    if (quote == '"' && line[k] == '\\') ++k;
    else if (quote) quote = line[k] == quote ? '\0' : quote;
    else if (line[k] == '#') return {line.substr(0, k)};
    else if (line[k] == '"' || line[k] == '\'') {
      quote = line[k];
      begins = before == '=' || before == '[' || before == ',';
    }
    if (k < line.size() && line[k] != ' ' && line[k] != '\t') before = line[k];
  }
  return {line, begins ? quote : '\0'};
}

struct Given {
  std::string key, value;
  int line;      // of the file, from 1
  bool several;  // an array, or words without quotes
};

// Reads a file's keys for one command; sections of other commands are ignored.
class ConfigReader {
 public:
  ConfigReader(std::string command, std::string source, const std::string& text, std::vector<std::string> others = {})
      : command_(std::move(command)), source_(std::move(source)), others_(std::move(others)) {
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
      Uncommented kept = without_comment(line);
      lines_.push_back(CLI::detail::trim(kept.text));
      if (kept.open)
        fail(static_cast<int>(lines_.size()), fmt::format("a {} is not closed: {}", kept.open, lines_.back()));
    }
    check_lines();
  }

  std::vector<Given> all() const {
    std::vector<Given> found;
    std::set<std::string> seen;
    for (const CLI::ConfigItem& item : items()) {
      if (!ours(item)) continue;
      const int line = line_of(item);
      found.push_back(
          {item.name, CLI::detail::join(item.inputs, ","), line, item.inputs.size() != 1 || array_at(line)});
      if (!seen.insert(item.name).second) fail(found.back().line, fmt::format("'{}' occurs twice", item.name));
    }
    return found;
  }

  std::vector<std::pair<std::string, std::vector<std::string>>> section(const std::string& name) const {
    std::vector<std::pair<std::string, std::vector<std::string>>> found;
    for (const CLI::ConfigItem& item : items())
      if (item.parents == std::vector{name}) found.emplace_back(item.name, item.inputs);
    return found;
  }

  std::vector<ConfigLine> lines() const {
    check_sections();
    std::vector<ConfigLine> found;
    for (const CLI::ConfigItem& item : items())
      found.push_back({CLI::detail::join(item.parents, "."), item.name, item.inputs, line_of(item)});
    return found;
  }

  [[noreturn]] void fail(int line, const std::string& what) const {
    throw ValueError(fmt::format("'{}', line {}: {}", source_, line, what));
  }

 private:
  std::vector<CLI::ConfigItem> items() const {
    std::string clean;
    bool in_list = false;  // CLI11 reads further lines only of an array that has an item in its first one
    for (const std::string& line : lines_) {
      in_list = in_list ? !line.ends_with(']') : opens_list(line);
      clean += line + (in_list ? " " : "\n");
    }
    std::istringstream in(clean);
    CLI::ConfigTOML toml;
    toml.comment('\x01');
    try {
      std::vector<CLI::ConfigItem> all = toml.from_config(in);
      std::erase_if(all, [](const CLI::ConfigItem& i) { return i.name == "++" || i.name == "--"; });  // of sections
      return all;
    } catch (const std::exception& e) {  // from CLI11, or from its string operations
      throw ValueError(fmt::format("'{}': not a file of options: {}", source_, e.what()));
    }
  }
  // CLI11 treats a line without = as a flag and ignores lines of fewer than three characters.
  // Nor does it report a key that occurs twice: it joins the values.
  void check_lines() const {
    bool in_list = false;
    std::string section;
    std::set<std::string> keys;
    for (std::size_t k = 0; k < lines_.size(); ++k) {
      const std::string& line = lines_[k];
      const std::size_t equals = line.find('=');
      if (in_list || line.empty() || (line.front() == '[' && line.back() == ']')) {
        if (!in_list && !line.empty()) section = line;
        in_list = in_list && !line.ends_with(']');
        continue;
      }
      if (equals == 0 || equals == std::string::npos || line.size() < 3)
        fail(static_cast<int>(k) + 1, fmt::format("'{}' is not of the form key = value", line));
      if (const std::string key = key_in(line); !keys.insert(section + key).second)
        fail(static_cast<int>(k) + 1, fmt::format("'{}' occurs twice", key));
      in_list = opens_list(line);
    }
  }
  static bool opens_list(const std::string& line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) return false;
    const std::size_t value = line.find_first_not_of(" \t", equals + 1);
    return value != std::string::npos && line[value] == '[' && !line.ends_with(']');
  }
  // CLI11 merges sections of the same name and leaves out those without keys.
  void check_sections() const {
    std::set<std::string> seen;
    int begin = 0, keys = 1;
    for (std::size_t k = 0; k <= lines_.size(); ++k) {
      const bool end = k == lines_.size();
      if (!end && (lines_[k].empty() || lines_[k].front() != '[')) {
        keys += !lines_[k].empty();
        continue;
      }
      if (keys == 0)
        fail(begin, fmt::format("the section {} has no keys", lines_[static_cast<std::size_t>(begin) - 1]));
      if (end) return;
      begin = static_cast<int>(k) + 1;
      keys = 0;
      if (lines_[k].starts_with("[["))
        fail(begin, fmt::format("'{}': an array of tables cannot be read; give each section a name", lines_[k]));
      if (!seen.insert(lines_[k]).second) fail(begin, fmt::format("the section {} occurs twice", lines_[k]));
    }
  }
  static std::string key_in(const std::string& line) {
    std::string name = line.substr(0, line.find('='));
    CLI::detail::trim(name);
    return CLI::detail::remove_quotes(name);
  }
  bool array_at(int number) const {
    const std::string& line = lines_[static_cast<std::size_t>(number - 1)];
    const std::size_t value = line.find_first_not_of(" \t", line.find('=') + 1);
    return value != std::string::npos && line[value] == '[';
  }
  bool ours(const CLI::ConfigItem& item) const {
    if (item.parents.empty()) return true;
    if (item.parents.size() == 1 && item.parents[0] == command_) return true;
    if (item.parents.size() == 1 && std::find(others_.begin(), others_.end(), item.parents[0]) != others_.end())
      return false;
    std::vector<std::string> commands;
    for (const CommandEntry* c : command_list()) commands.push_back(c->name);
    if (std::find(commands.begin(), commands.end(), item.parents[0]) == commands.end())
      fail(line_of(item),
           fmt::format("'{}' is not in a section of a command: [{}]", item.name, CLI::detail::join(item.parents, ".")));
    return false;
  }
  // CLI11 does not report it: the line in the item's section that begins with its key.
  int line_of(const CLI::ConfigItem& item) const {
    std::string section;
    for (std::size_t k = 0; k < lines_.size(); ++k) {
      const std::string& line = lines_[k];
      if (line.size() > 2 && line.front() == '[' && line.back() == ']') section = line.substr(1, line.size() - 2) + ".";
      else if (section + key_in(line) == item.fullname()) return static_cast<int>(k) + 1;
    }
    return 1;
  }

  std::string command_, source_;
  std::vector<std::string> others_, lines_;
};

detail::OptionEntry* entry_of(const Options& options, const Given& g) {
  for (const auto& e : options.entries())
    if (key_of(*e) == g.key) return e.get();
  return nullptr;
}

[[noreturn]] void reject_unknown(const Options& options, const ConfigReader& reader, const Given& g) {
  std::vector<std::string> keys;
  for (const auto& e : options.entries()) keys.push_back(key_of(*e));
  const std::string near = nearest(g.key, keys);
  reader.fail(g.line, fmt::format("unknown option '{}'{}", g.key,
                                  near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
}

void read(detail::OptionEntry& e, const ConfigReader& reader, const Given& g) {
  if (e.flag && g.value != "true" && g.value != "false")
    reader.fail(g.line, fmt::format("{} must be true or false, not '{}'", g.key, g.value));
  if (g.several && !e.list && !g.value.empty())
    reader.fail(g.line, fmt::format("'{}' takes one value, not several (text must be quoted): {}", g.key, g.value));
  try {
    e.read(g.value);
  } catch (const ValueError& error) { reader.fail(g.line, error.what()); }
  e.given = true;
}

// Reads each option of the file by `read_one`. The options of something that this program lacks are unknown too: if the
// file names such a thing, that is the error.
void read_all(const Options& options, const ConfigReader& reader,
              const std::function<void(detail::OptionEntry&, const Given&)>& read_one) {
  std::optional<Given> unknown;
  std::string missing;
  int line = 0;
  for (const Given& g : reader.all()) {
    detail::OptionEntry* const e = entry_of(options, g);
    if (!e && !unknown) unknown = g;
    if (!e) continue;
    read_one(*e, g);
    if (!e->missing || !missing.empty()) continue;
    missing = e->missing();
    line = g.line;
  }
  if (!missing.empty()) reader.fail(line, missing);
  if (unknown) reject_unknown(options, reader, *unknown);
}

}  // namespace

std::string config_text(const std::string& command, const Options& options, const std::vector<std::string>& without) {
  std::string text = fmt::format("# To repeat this run: ebb {} --config THIS_FILE\n", command);
  for (const auto& e : options.entries()) {
    const std::vector<std::string> words = detail::option_words(e->json());
    const std::string key = key_of(*e);
    if (e->kept && !e->utf8) throw ValueError(e->name + " is not UTF-8, so it cannot be recorded with the run");
    if (!e->kept || words.empty() || std::find(without.begin(), without.end(), key) != without.end()) continue;
    if (!e->list) {
      text += fmt::format("{} = {}\n", key, detail::option_is_word(e->json()) ? quoted(key, words[0]) : words[0]);
      continue;
    }
    std::string items;
    for (const std::string& word : words) items += (items.empty() ? "" : ", ") + quoted(key, word);
    text += fmt::format("{} = [{}]\n", key, items);
  }
  return text;
}

void apply_config(Options& options, const std::string& command, const std::string& source, const std::string& text,
                  const std::vector<std::string>& others) {
  const ConfigReader reader{command, source, text, others};
  options.take_from(source);
  read_all(options, reader, [&](detail::OptionEntry& e, const Given& g) {
    if (!e.given) read(e, reader, g);
  });
}

std::vector<std::pair<std::string, std::vector<std::string>>> config_section(const std::string& section,
                                                                             const std::string& source,
                                                                             const std::string& text) {
  return ConfigReader{"", source, text}.section(section);
}

std::vector<ConfigLine> config_lines(const std::string& source, const std::string& text) {
  return ConfigReader{"", source, text}.lines();
}

void restore_config(Options& options, const std::string& command, const std::string& source, const std::string& text,
                    const std::vector<std::string>& free_ones) {
  const ConfigReader reader{command, source, text};
  options.take_from(source);
  read_all(options, reader, [&](detail::OptionEntry& e, const Given& g) {
    if (e.given && std::find(free_ones.begin(), free_ones.end(), g.key) != free_ones.end()) return;
    const bool was_given = e.given;
    const std::string wanted = e.json();
    read(e, reader, g);
    if (was_given && e.json() != wanted)
      throw ValueError(fmt::format("{} is {} in '{}', not {}: a run resumes with its original options", e.name,
                                   detail::option_text(e.json()), source, detail::option_text(wanted)));
  });
}

}  // namespace ebb::app
