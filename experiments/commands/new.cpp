#include <fmt/format.h>
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/commands/templates.hpp>
#include <ebb/experiments/train/remedy.hpp>
#include <ebb/experiments/train/task.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/ops/printable.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <filesystem>

namespace ebb::app {
namespace {

namespace fs = std::filesystem;

// "leaky-unit" -> "LeakyUnit"
std::string type_name(const std::string& name) {
  std::string type;
  bool upper = true;
  for (const char c : name) {
    if (c == '-' || c == '_') {
      upper = true;
    } else {
      type += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      upper = false;
    }
  }
  return type;
}

struct NewKind {
  const char* name;
  const char* a;       // "a cell"
  const char* folder;  // below experiments/
  const char* text;    // its template
  const char* then;    // commands to try once it is built
  /// The file in which that name is already registered; empty if it is not.
  std::string (*registered)(const std::string& name);
};

template <class Entry> std::string registered_as(const std::string& name) {
  const Entry* const entry = Registry<Entry>::find(name);
  return entry ? ebb::detail::file_of(*entry) : "";
}

std::string cell_registered_as(const std::string& name) {
  for (const CellInfo& c : cell_list())
    if (c.name == name) return c.file;
  return {};
}

constexpr const char *optimizer_kind = "optimizer", *prose_spelling = "optimiser";

const NewKind new_kinds[] = {
    {"cell", "a cell", "cells", templates::cell, "ebb check {0}, ebb vanish --cells rnn,lstm,{0}", cell_registered_as},
    {"task", "a task", "tasks", templates::task, "ebb train {0} --quick, ebb vanish --tasks {0} --quick",
     registered_as<TaskEntry>},
    {optimizer_kind, "an optimiser", "", templates::optimizer, "ebb train adding --quick --optimizer {0}",
     registered_as<OptimizerEntry>},
    {"remedy", "a remedy", "remedies", templates::remedy,
     "ebb train adding --cell rnn --quick --remedy {0}, ebb vanish --tasks adding --quick --remedy none,{0}",
     registered_as<RemedyEntry>},
    {"experiment", "an experiment", "", templates::experiment, "ebb {0} --quick", registered_as<CommandEntry>}};

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const NewKind& k : new_kinds) names.emplace_back(k.name);
  names.emplace_back(prose_spelling);
  return names;
}

const NewKind& kind_named(const std::string& name) {
  const std::string wanted = name == prose_spelling ? optimizer_kind : name;
  return *std::find_if(std::begin(new_kinds), std::end(new_kinds), [&](const NewKind& k) { return k.name == wanted; });
}

void check_new_name(const std::string& name, const NewKind& kind) {
  bool fine = !name.empty() && name.size() <= 40 && name[0] >= 'a' && name[0] <= 'z';
  for (const char c : name) fine = fine && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_');
  if (!fine || name.back() == '-')
    throw ValueError(
        fmt::format("'{}' is not a valid name for {}: use a letter, then letters, digits, - or _, all lower case, at "
                    "most 40 characters",
                    name, kind.a));
}

std::string filled(std::string text, const std::string& name) {
  std::string id = name;
  for (char& c : id) c = c == '-' ? '_' : c;
  const std::string arguments = id == name ? "(" + name : fmt::format("_NAMED({}, \"{}\"", id, name);
  for (const auto& [mark, word] :
       {std::pair<std::string, std::string>{"@NAME@", name}, {"@REGISTER@", arguments}, {"@TYPE@", type_name(name)}})
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += word.size())
      text.replace(at, mark.size(), word);
  return text;
}

/// Ebb's experiments/ folder, seen from its parent or from inside; empty if neither applies.
fs::path own_experiments() {
  for (const char* at : {"experiments", "."})
    if (fs::is_regular_file(fs::path(at) / "cli/experiment.hpp") && fs::is_directory(fs::path(at) / "cells")) return at;
  return {};
}

/// Writes a file that compiles as it is, as a starting point.
class NewCommand final : public Command {
 public:
  void options(Options& o) override {
    o.add("KIND", kind_, "cell, task, optimizer (or optimiser), remedy or experiment").one_of(kind_names()).required();
    o.add("NAME", name_, "its name on the command line").required();
    o.add("--dir", dir_,
          "folder of the file, made if its parent exists (default: its place in experiments if that folder is here, "
          "otherwise this folder)")
        .type("DIR");
    o.example("ebb new cell leaky             experiments/cells/leaky.cpp");
    o.example("ebb new task echo              experiments/tasks/echo.cpp");
    o.example("ebb new optimizer momentum     experiments/momentum.cpp");
    o.example("ebb new remedy steady          experiments/remedies/steady.cpp");
    o.example("ebb new experiment depth       experiments/depth.cpp");
    o.example("ebb new cell leaky --dir src   in a project of your own");
  }

  int run() override {
    const NewKind& kind = kind_named(kind_);
    check_new_name(name_, kind);
    if (const std::string file = kind.registered(name_); !file.empty())
      throw ValueError(fmt::format("{} '{}' already exists, in {}", kind.a, name_, file));
    const fs::path path = folder(kind) / (name_ + ".cpp");
    std::error_code error;
    if (fs::exists(fs::symlink_status(path, error))) throw FileError(fmt::format("'{}' already exists", path.string()));
    check_parent(path.parent_path().string());
    RunFolder out{path.parent_path().string(), true};
    out.create();
    out.write(path.filename().string(), filled(kind.text, name_));
    const std::string shown = ebb::detail::printable(path.string());
    put(fmt::format("wrote {}. ", shown));
    if (!in_tree())
      put(fmt::format("In a project of your own, add it to CMakeLists.txt: ebb_add_cells(TARGET {}). ", shown));
    put(fmt::format("Build, then: {}\n", fmt::format(fmt::runtime(kind.then), name_)));
    return 0;
  }

 private:
  bool in_tree() const { return dir_.empty() && !own_experiments().empty(); }

  fs::path folder(const NewKind& kind) const {
    if (!dir_.empty()) return dir_;
    const fs::path home = (fs::path("experiments") / kind.folder).lexically_normal();
    if (fs::is_directory(home)) return home;
    const fs::path tree = own_experiments();
    return tree.empty() ? fs::path(".") : (tree / kind.folder).lexically_normal();
  }

  std::string kind_, name_, dir_;
};
EBB_SUBCOMMAND(create, "new", NewCommand,
               "write a working file as a starting point for a cell, task, optimiser, remedy or experiment");

}  // namespace
}  // namespace ebb::app
