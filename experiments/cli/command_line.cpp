#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <ebb/data/text_file.hpp>
#include <ebb/experiments/cli/command_line.hpp>
#include <ebb/experiments/cli/config.hpp>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/help.hpp>
#include <ebb/experiments/cli/inputs.hpp>
#include <ebb/experiments/cli/launch.hpp>
#include <ebb/experiments/cli/outcome.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/cli/version.hpp>
#include <ebb/nn/given_options.hpp>
#include <ebb/nn/nearest.hpp>
#include <ebb/ops/parallel.hpp>
#include <sstream>

namespace ebb::app {
namespace {

struct Declared {
  const CommandEntry* entry;
  CLI::App* app;
  std::unique_ptr<Command> command;
  Options options;
  std::string config;  // --config FILE, empty if not given
};

int bad_input(const std::string& where, const std::string& what) { return complain(where, what, 2); }

void declare_option(CLI::App& app, detail::OptionEntry& e) {
  CLI::Option* option = nullptr;
  // CLI11 must not require it, because --config may set it; Options::settle checks it.
  const std::string help = e.required ? e.help + " (required)" : e.help;
  if (e.flag) {
    option = app.add_flag(e.name, e.word, help);
  } else if (e.rest) {
    option = app.add_option_function<std::vector<std::string>>(
        e.name,
        [&e](const std::vector<std::string>& words) {
          e.read(CLI::detail::join(words, ","));
          e.given = true;
        },
        help);
  } else {
    option = app.add_option_function<std::string>(
        e.name,
        [&e](const std::string& text) {
          if (text.starts_with("--")) throw ValueError(fmt::format("{} needs a value, not '{}'", e.name, text));
          e.read(text);
          e.given = true;
        },
        help);
  }
  if (e.flag) return;
  if (e.joint) option->join(e.joint);
  option->type_name(e.type);
  const std::string json = e.json(), standard = json == "null" ? "" : detail::option_text(json);
  const bool in_words = e.help.find("(default: ") != std::string::npos;
  if (!standard.empty() && !e.required && !in_words) option->default_str(standard);
}

std::string examples_text(const std::vector<std::string>& examples) {
  std::string text;
  for (const std::string& e : examples) text += (text.empty() ? "Examples:\n  " : "\n  ") + e;
  return text;
}

// Explains the placeholder of options that take a value per task, if the command has any.
std::string values_text(const Options& options) {
  const std::string type = detail::option_type(static_cast<const PerTask*>(nullptr));
  const auto& all = options.entries();
  const auto first = std::find_if(all.begin(), all.end(), [&](const auto& e) { return e->type == type; });
  if (first == all.end()) return {};
  return fmt::format(  // lines that fit a narrow terminal, because the footer is not wrapped
      "{}: one value for all tasks, or values for some,\n"
      "as in {} adding=32,chars=64; each task has a default.\n\n",
      type, (*first)->name);
}

// An "extra" of CLI11 is an unknown command or option: suggest the most similar known one.
std::string unknown_word(const std::string& word, const std::vector<std::string>& known, const char* kind,
                         const std::string& help) {
  const std::string near = nearest(word, known);
  return fmt::format("unknown {} '{}'; {}", kind, word,
                     near.empty() ? fmt::format("see {} --help", help) : fmt::format("did you mean '{}'?", near));
}

// The option that takes this word, for an argument that only lacks it: "adding" for --tasks. Empty if there is none.
std::string option_of(const std::string& word, const Options& options) {
  for (const auto& e : options.entries()) {
    const auto& words = e->words;
    if (!e->positional && std::find(words.begin(), words.end(), name_before_options(word)) != words.end())
      return e->name.substr(0, e->name.find(','));
  }
  return {};
}

// The commands that have an option of this name: "`ebb train` has it". Empty if none has.
std::string elsewhere(const std::string& option, const std::vector<Declared>& all) {
  std::vector<std::string> names;
  for (const Declared& d : all)
    for (const auto& e : d.options.entries())
      if (e->name == option) names.push_back(fmt::format("`ebb {}`", d.entry->name));
  if (names.empty()) return {};
  const bool many = names.size() > 3;
  if (many) names.resize(2);
  return fmt::format("{}{} {} it", fmt::join(names, ", "), many ? " and others" : "",
                     many || names.size() > 1 ? "have" : "has");
}

// The messages of CLI11 about the number of an option's values, reworded.
std::string about_values(const std::string& text) {
  const std::string name = text.substr(0, text.find(':')), once = ": 1 required ", missing = " missing";
  if (text.find(": At Most 1 required") != std::string::npos) return name + " is given more than once";
  if (text.find(once) != name.size() || !text.ends_with(missing)) return text;
  const std::string type = text.substr(name.size() + once.size());
  return fmt::format("{0} needs a value: {0} {1}", name, type.substr(0, type.size() - missing.size()));
}

std::string complaint(const CLI::ParseError& e, const Declared& d, const std::vector<Declared>& all) {
  std::vector<std::string> known{"--config"};
  for (const auto& o : d.options.entries()) known.push_back(o->name);
  const bool extra = e.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
  for (const auto& o : d.options.entries())  // its options are unknown too
    if (const std::string why = extra && o->given && o->missing ? o->missing() : ""; !why.empty()) return why;
  for (const std::string& word : extra ? d.app->remaining() : std::vector<std::string>{}) {
    const bool option = word.size() > 1 && word[0] == '-';
    const std::string name = word.substr(0, word.find('='));
    const std::string others = option && nearest(name, known).empty() ? elsewhere(name, all) : "";
    if (!others.empty()) return fmt::format("unknown option '{}'; {}, see ebb {} --help", name, others, d.entry->name);
    if (option) return unknown_word(name, known, "option", fmt::format("ebb {}", d.entry->name));
    if (const std::string taker = option_of(word, d.options); !taker.empty())
      return fmt::format("unexpected argument '{0}'; did you mean {1} {0}?", word, taker);
    return fmt::format("unexpected argument '{}'; see ebb {} --help", word, d.entry->name);
  }
  std::string text = e.what();
  return about_values(text.substr(0, text.find('\n')));
}

// The command that the words begin with comes first, so that a clash of names is reported for the command that is run.
void check_options(const std::vector<Declared>& all, const std::string& word) {
  const auto check = [](const Declared& d) {
    d.options.check_names(fmt::format("`ebb {}` ({})", d.entry->name, ebb::detail::file_of(*d.entry)));
  };
  for (const bool run : {true, false})
    for (const Declared& d : all)
      if ((d.entry->name == word) == run) check(d);
}

// Where a command is added: the program, or its group, which is added with its first command.
CLI::App& parent_of(CLI::App& app, const CommandEntry& entry) {
  const std::string name = entry.name, word = name.substr(0, name.find(' '));
  if (word == name) return app;
  const auto there = app.get_subcommands([&](const CLI::App* a) { return a->get_name() == word; });
  if (!there.empty()) return *there.front();
  const auto* const about = Registry<CommandGroup>::find(word);
  CLI::App* const group = app.add_subcommand(word, about ? about->about : "");
  group->require_subcommand(1);
  group->footer(fmt::format("ebb {} COMMAND --help prints options and examples.", word));
  return *group;
}

CLI::App* add_command(CLI::App& app, const CommandEntry& entry) {
  const std::string name = entry.name, first = name.substr(0, name.find(' '));
  const std::string last = first == name ? name : name.substr(first.size() + 1);
  for (const std::string& word : {first, last})
    if (!detail::is_command_name(word))
      throw ValueError(fmt::format(
          "'{}' ({}) is not a valid name for a command: a name consists of letters, digits, dashes and underscores",
          name, ebb::detail::file_of(entry)));
  return parent_of(app, entry).add_subcommand(last, entry.about);
}

std::vector<Declared> declare_commands(CLI::App& app, const std::string& word) {
  std::vector<Declared> all;
  for (const CommandEntry* entry : command_list())
    all.push_back({entry, add_command(app, *entry), entry->make(), {}, {}});
  for (Declared& d : all)
    d.command->options(d.options);  // only now: an option points to its Options, which must not move
  check_options(all, word);
  for (Declared& d : all) {
    for (const auto& e : d.options.entries()) declare_option(*d.app, *e);
    if (!d.options.entries().empty() &&
        !d.app->get_option_no_throw("--config"))  // unless an experiment has one of its own
      d.app
          ->add_option("--config", d.config,
                       "file with options, `hidden = 64` for --hidden 64; the command line takes precedence")
          ->type_name("FILE");
    d.app->footer(values_text(d.options) + examples_text(d.options.examples()));
  }
  return all;
}

// A wrong value may come from a file of options, which the message then names.
int of_the_file(const Options& options, const std::function<int()>& body) {
  try {
    return body();
  } catch (const ValueError& e) {
    const std::string& file = options.source();
    if (file.empty() || std::string_view(e.what()).find(file) != std::string_view::npos) throw;
    throw ValueError(fmt::format("{}; options were read from '{}'", e.what(), file));
  }
}

int run_chosen(Declared& d) {
  return outcome_of(fmt::format("ebb {}", d.entry->name), [&] {
    for (const auto& e : d.options.entries())
      if (e->flag && !e->word.empty()) {
        e->read(e->word);
        e->given = true;
      }
    if (world() && !d.command->uses_ranks())
      throw ValueError(
          "it runs in one process: start it without mpirun; `ebb train` shares its batches among processes, and "
          "EBB_MPI=off lets each run alone");
    const InputScope inputs;
    if (!d.config.empty()) apply_config(d.options, d.entry->name, d.config, read_text(d.config));
    d.command->prepare(d.options);
    note_input(d.config);
    for (const auto& e : d.options.entries())
      for (const std::string& word : e->input ? detail::option_words(e->json()) : std::vector<std::string>{})
        note_input(word);
    return of_the_file(d.options, [&] {
      d.options.settle(d.command->size());
      return d.command->run();
    });
  });
}

// The name of the command that the words begin with, if they do: "train" or "runs list".
std::string name_in(const std::vector<std::string>& words) {
  if (words.empty()) return {};
  const bool of_group = words.size() > 1 && Registry<CommandGroup>::find(words[0]);
  return of_group ? words[0] + " " + words[1] : words[0];
}

// A complaint about the word in place of a command, if it is not one.
std::string stray_command(const std::vector<std::string>& words) {
  if (words.empty()) return "a command is missing; see ebb --help";
  std::string word = words[0], where = "ebb";
  std::vector<std::string> names = first_words();
  if (Registry<CommandGroup>::find(word)) {
    where += " " + word;
    names.clear();
    for (const CommandEntry* c : command_list())
      if (const std::string name = c->name; name.starts_with(word + " ")) names.push_back(name.substr(word.size() + 1));
    if (words.size() == 1) return fmt::format("a command is missing after '{}'; see {} --help", word, where);
    word = words[1];
  }
  if (std::find(names.begin(), names.end(), word) != names.end()) return {};
  return unknown_word(word, names, word.starts_with('-') ? "option" : "command", where);
}

// The command that the words begin with; null if they begin with another word.
const Declared* command_of(const std::vector<std::string>& words, const std::vector<Declared>& commands) {
  const std::string name = name_in(words);
  for (const Declared& d : commands)
    if (d.entry->name == name) return &d;
  return nullptr;
}

int run_words(const std::vector<std::string>& words) {
  CLI::App app{"Ebb: how gradients ebb away through time in recurrent cells", "ebb"};
  app.set_version_flag("--version", version_line);
  app.require_subcommand(1);
  app.formatter(help_formatter());
  app.footer(examples_text({"ebb vanish --quick                        the main job at a toy size",
                            "ebb vanish --cells rnn,lstm,gru,mgu       compare four cells",
                            "ebb train adding --cell gru --hidden 64   train one cell on one task",
                            "ebb train --resume runs/mine              resume an interrupted run",
                            "ebb runs list --sort valid                the runs so far, best first",
                            "ebb evaluate --weights runs/mine/weights.safetensors",
                            "ebb generate --weights runs/mine/weights.safetensors --prompt 'To be'",
                            "ebb check mgu                             check its gradients",
                            "ebb new cell mycell                       write the file of a new cell",
                            "ebb COMMAND --help                        options and examples"}));
  std::vector<Declared> commands = declare_commands(app, name_in(words));
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));  // which takes the last word first
  } catch (const CLI::Success& e) {                                     // --help or --version
    std::ostringstream text;
    const int code = app.exit(e, text, text);
    put(text.str());
    return code;
  } catch (const CLI::ParseError& e) {
    if (const Declared* d = command_of(words, commands))
      return bad_input(fmt::format("ebb {}", d->entry->name), complaint(e, *d, commands));
    const std::string stray = stray_command(words);
    return bad_input("ebb", stray.empty() ? e.what() : stray);
  } catch (const Error& e) {  // an option's value was rejected
    const Declared* const d = command_of(words, commands);
    return bad_input(d ? fmt::format("ebb {}", d->entry->name) : "ebb", e.what());
  }
  const auto chosen = std::find_if(commands.begin(), commands.end(), [](const Declared& d) { return d.app->parsed(); });
  return run_chosen(*chosen);
}

// The number of threads is global to the process, so a command's --threads is reset when it ends.
class ThreadScope {
 public:
  ThreadScope() = default;
  ~ThreadScope() { set_threads(before_); }
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_ = threads();
};

}  // namespace

int run_command(const std::vector<std::string>& words) {
  const ThreadScope scope;
  return with_output("ebb", outcome_of("ebb", [&] { return run_words(words); }));
}

}  // namespace ebb::app
