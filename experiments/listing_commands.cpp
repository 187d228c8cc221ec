#include <cstdio>
#include <ebb/experiments/experiment.hpp>
#include <ebb/experiments/text_format.hpp>
#include <ebb/experiments/task.hpp>
#include <ebb/nn/cell_list.hpp>
#include <fmt/format.h>

namespace ebb {
namespace {

class CellsCommand final : public Command {
 public:
  void options(Options& o) override { o.example("ebb cells"); }
  int run() override {
    for (const CellInfo& c : cell_list()) fmt::print("{} {}\n", fit(c.name, 14), c.about);
    fmt::print("\nOptions follow a name: rnn:recurrent=orthogonal. A cell of your own: ebb new cell NAME\n");
    return 0;
  }
};
EBB_SUBCOMMAND(cells, "cells", CellsCommand, "list the recurrent cells");

class TasksCommand final : public Command {
 public:
  void options(Options& o) override { o.example("ebb tasks"); }
  int run() override {
    for (const TaskEntry* t : task_list()) {
      const TaskSettings s = make_task(t->name)->settings(Size::standard);
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
