#include <fmt/format.h>
#include <cctype>
#include <cstdio>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/commands/templates.hpp>
#include <ebb/experiments/train/task.hpp>
#include <ebb/nn/cell_list.hpp>
#include <filesystem>

namespace ebb::app {
namespace {

namespace fs = std::filesystem;

// "leaky-unit" -> "LeakyUnit"
std::string type_name(const std::string& name) {
  std::string type;
  bool upper = true;
  for (const char c : name) {
    if (c == '-' || c == '_') upper = true;
    else type += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c, upper = false;
  }
  return type;
}

void check_new_name(const std::string& name, const std::string& kind) {
  bool fine = !name.empty() && name.size() <= 40 && name[0] >= 'a' && name[0] <= 'z';
  for (const char c : name) fine = fine && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_');
  if (!fine || name.back() == '-')
    throw ValueError(
        fmt::format("'{}' cannot name {}: use a letter, then letters, digits, - or _, all lower case, at most 40", name,
                    kind == "cell" ? "a cell" : "an experiment"));
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

/// Writes a file that compiles as it stands, to be changed from there.
class NewCommand final : public Command {
 public:
  void options(Options& o) override {
    o.add("KIND", kind_, "cell or experiment").required();
    o.add("NAME", name_, "its name on the command line").required();
    o.add("--dir", dir_,
          "where to write it (default: experiments/cells or experiments if they are here, else this folder)")
        .type("DIR");
    o.example("ebb new cell leaky             experiments/cells/leaky.cpp");
    o.example("ebb new experiment depth       experiments/depth.cpp");
    o.example("ebb new cell leaky --dir src   in a project of your own");
  }

  int run() override {
    const bool cell = kind_ == "cell";
    if (!cell && kind_ != "experiment")
      throw ValueError(fmt::format("KIND must be cell or experiment, not '{}'", kind_));
    check_new_name(name_, kind_);
    reject_known(cell);
    const fs::path path = folder(cell) / (name_ + ".cpp");
    std::error_code error;
    if (fs::exists(fs::symlink_status(path, error))) throw FileError(fmt::format("'{}' exists already", path.string()));
    RunFolder out{path.parent_path().string(), true};
    out.create();
    out.write(path.filename().string(), filled(cell ? templates::cell : templates::experiment, name_));
    put(fmt::format("{} is written. ", path.string()));
    if (!in_tree())
      put(fmt::format("In a project of your own, name it in CMakeLists.txt: ebb_add_cells(TARGET {}). ",
                      path.string()));
    if (cell) put(fmt::format("Build, then: ebb check {0}, ebb vanish --cells rnn,lstm,{0}\n", name_));
    else put(fmt::format("Build, then: ebb {} --quick\n", name_));
    return 0;
  }

 private:
  void reject_known(bool cell) const {
    if (cell) {
      for (const CellInfo& c : cell_list())
        if (c.name == name_) throw ValueError(fmt::format("there is a cell '{}' already, in {}", name_, c.file));
    } else {
      for (const CommandEntry* c : command_list())
        if (c->name == name_) throw ValueError(fmt::format("there is a command '{}' already", name_));
    }
  }

  /// Ebb's own experiments/, from its parent or from inside; empty if neither is here.
  static fs::path experiments() {
    for (const char* at : {"experiments", "."})
      if (fs::is_regular_file(fs::path(at) / "cli/experiment.hpp") && fs::is_directory(fs::path(at) / "cells"))
        return at;
    return {};
  }
  bool in_tree() const { return dir_.empty() && !experiments().empty(); }

  fs::path folder(bool cell) const {
    if (!dir_.empty()) return dir_;
    const fs::path home = cell ? "experiments/cells" : "experiments";
    if (fs::is_directory(home)) return home;
    const fs::path tree = experiments();
    return tree.empty() || !cell ? fs::path(".") : (tree / "cells").lexically_normal();
  }

  std::string kind_, name_, dir_;
};
EBB_SUBCOMMAND(create, "new", NewCommand, "write a file to start a cell or an experiment from");

}  // namespace
}  // namespace ebb::app
