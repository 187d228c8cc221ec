#include <algorithm>
#include <cstdio>
#include <ebb/experiments/experiment.hpp>
#include <ebb/experiments/model.hpp>
#include <ebb/experiments/text_format.hpp>
#include <ebb/experiments/task.hpp>
#include <ebb/nn/cell_list.hpp>
#include <fmt/format.h>

namespace ebb {
namespace {

class CellsCommand final : public Command {
 public:
  void options(Options& o) override {
    o.add("CELL", cells_, "cells to list (standard: all)");
    o.example("ebb cells            every cell with its options");
    o.example("ebb cells lstm       one");
  }
  int run() override {
    check_cell_names(cells_);
    for (const CellInfo& c : cell_list())
      if (cells_.empty() || std::find(cells_.begin(), cells_.end(), c.name) != cells_.end()) print(c);
    if (cells_.empty()) fmt::print("\nOptions follow a name: rnn:recurrent=orthogonal. A cell of your own: ebb new cell NAME\n");
    return 0;
  }

 private:
  static void print(const CellInfo& c) {
    fmt::print("{} {}\n", fit(c.name, 16), c.about);
    for (const CellOption& o : cell_options(c.name)) fmt::print("{} {}={}  {}\n", fit("", 18), o.name, o.standard, o.help);
  }

  std::vector<std::string> cells_;
};
EBB_SUBCOMMAND(cells, "cells", CellsCommand, "list the recurrent cells");

class TasksCommand final : public Command {
 public:
  void options(Options& o) override { o.example("ebb tasks"); }
  int run() override {
    for (const TaskEntry* t : task_list()) {
      const TaskSettings s = make_task(t->name, {.data = "generated"})->settings(Size::standard);
      fmt::print("{} {}\n", fit(t->name, 14), t->about);
      fmt::print("{} T {}, hidden {}, batch {}, at most {} updates, Adam {}, clip {}\n", fit("", 14), s.length, s.hidden,
                 s.batch, count_text(s.steps), s.lr, s.clip);
    }
    return 0;
  }
};
EBB_SUBCOMMAND(tasks, "tasks", TasksCommand, "list the tasks and the sizes they are run at");

}  // namespace
}  // namespace ebb
