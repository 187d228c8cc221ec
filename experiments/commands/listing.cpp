#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/task.hpp>
#include <ebb/nn/sequence/layer_list.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <ebb/optim/schedule_list.hpp>

namespace ebb::app {
namespace {

template <class O> void print(const std::string& name, const std::string& about, const std::vector<O>& options) {
  put(fmt::format("{} {}\n", fit(name, 16), about));
  for (const O& o : options) put(fmt::format("{} {}={}  {}\n", fit("", 18), o.name, o.default_value, o.help));
}

class CellsCommand final : public Command {
 public:
  void options(Options& o) override {
    o.add("CELL", cells_, "cells to list (default: all)");
    o.example("ebb cells            every cell with its options");
    o.example("ebb cells lstm       one");
  }
  int run() override {
    check_recurrence_names(cells_);
    for (const CellInfo& c : cell_list())
      if (wanted(c.name)) print(c.name, c.about, cell_options(c.name));
    if (cells_.empty())
      put("\nOver whole sequences: no cells, but --cell takes them where a task needs no single steps. None carries a "
          "state:\n");
    for (const LayerEntry* l : layer_list())
      if (wanted(l->name)) print(l->name, l->about, layer_options(l->name));
    if (cells_.empty())
      put("\nOptions follow a name: rnn:recurrent=orthogonal. A cell of your own: ebb new cell NAME\n");
    return 0;
  }

 private:
  bool wanted(const std::string& name) const {
    return cells_.empty() || std::find(cells_.begin(), cells_.end(), name) != cells_.end();
  }

  std::vector<std::string> cells_;
};
EBB_SUBCOMMAND(cells, "cells", CellsCommand, "list the recurrent cells, and the layers that may stand in their place");

struct Optimizers {
  using Entry = OptimizerEntry;
  static constexpr auto options_of = optimizer_options;
  static constexpr const char *example = "ebb optimizers lion",
                              *use = "Options follow a name: ebb train adding --optimizer lion:beta2=.98";
};

struct Schedules {
  using Entry = ScheduleEntry;
  static constexpr auto options_of = schedule_options;
  static constexpr const char
      *example = "ebb schedules cosine",
      *use = "Options follow a name, + joins several: ebb train adding --schedule warmup:500+cosine:least=1e-5";
};

/// All that is registered of one kind, or some of it by name, with its options.
template <class Kind> class ListCommand final : public Command {
 public:
  void options(Options& o) override {
    o.add("NAME", names_, std::string(Kind::Entry::kind) + "s to list (default: all)");
    o.example(Kind::example);
  }
  int run() override {
    const bool all = names_.empty();
    if (all) names_ = Registry<typename Kind::Entry>::names();
    for (const std::string& name : names_)
      print(name, Registry<typename Kind::Entry>::get(name).about, Kind::options_of(name));
    if (all) put(fmt::format("\n{}\n", Kind::use));
    return 0;
  }

 private:
  std::vector<std::string> names_;
};
EBB_SUBCOMMAND(optimizers, "optimizers", ListCommand<Optimizers>, "list the optimisers with their options");
EBB_SUBCOMMAND(schedules, "schedules", ListCommand<Schedules>,
               "list the schedules of the learning rate with their options");

class TasksCommand final : public Command {
 public:
  void options(Options& o) override { o.example("ebb tasks"); }
  int run() override {
    for (const TaskEntry* t : task_list()) {
      const TaskSettings s = make_task(t->name, {.data = "generated"})->settings(Size::standard);
      put(fmt::format("{} {}\n", fit(t->name, 14), t->about));
      put(fmt::format("{} T {}, hidden {}, batch {}, at most {} updates, Adam {}, clip {}\n", fit("", 14), s.length,
                      s.hidden, s.batch, count_text(s.steps), s.lr, s.clip));
    }
    return 0;
  }
};
EBB_SUBCOMMAND(tasks, "tasks", TasksCommand, "list the tasks and the sizes they are run at");

}  // namespace
}  // namespace ebb::app
