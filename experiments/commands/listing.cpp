#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/remedy.hpp>
#include <ebb/experiments/train/task.hpp>
#include <ebb/nn/sequence/layer_list.hpp>
#include <ebb/ops/printable.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <ebb/optim/schedule_list.hpp>
#include <functional>

namespace ebb::app {
namespace {

/// Prints one entry. If its options cannot be listed, prints the reason instead and continues with the other entries.
void print(const std::string& name, const std::string& about,
           const std::function<std::vector<OptionInfo>(const std::string&)>& options_of) {
  put(fmt::format("{} {}\n", fit(name, 16), about));
  try {
    for (const OptionInfo& o : options_of(name))
      put(fmt::format("{} {}={}  {}\n", fit("", 18), o.name, o.default_value, o.help));
  } catch (const std::exception& e) {
    put(fmt::format("{} options unknown: {}\n", fit("", 18), ebb::detail::printable(e.what())));
  }
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
      if (wanted(c.name)) print(c.name, c.about, cell_options);
    if (cells_.empty())
      put("\nLayers over whole sequences: not cells, but --cell accepts them for tasks that do not step a cell. They "
          "carry no state:\n");
    for (const LayerEntry* l : layer_list())
      if (wanted(l->name)) print(l->name, l->about, layer_options);
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
EBB_SUBCOMMAND(cells, "cells", CellsCommand, "list the recurrent cells, and the layers that can replace them");

struct Optimizers {
  using Entry = OptimizerEntry;
  static constexpr auto options_of = optimizer_options;
  static constexpr const char *what = "optimisers", *example = "ebb optimizers lion",
                              *use = "Options follow a name: ebb train adding --optimizer lion:beta2=.98";
};

struct Schedules {
  using Entry = ScheduleEntry;
  static constexpr auto options_of = schedule_options;
  static constexpr const char
      *what = "schedules",
      *example = "ebb schedules cosine",
      *use = "Options follow a name, + chains several: ebb train adding --schedule warmup:500+cosine:least=1e-5";
};

struct Remedies {
  using Entry = RemedyEntry;
  static constexpr auto options_of = remedy_options;
  static constexpr const char *what = "remedies", *example = "ebb remedies omega",
                              *use =
                                  "Options follow a name, + joins several: ebb train temporal-order --cell rnn "
                                  "--remedy omega:4,form=paper+clip:1. A remedy of your own: ebb new remedy NAME";
};

/// All registered entries of one kind, or those that are named, with their options.
template <class Kind> class ListCommand final : public Command {
 public:
  void options(Options& o) override {
    o.add("NAME", names_, std::string(Kind::what) + " to list (default: all)");
    o.example(Kind::example);
  }
  int run() override {
    const bool all = names_.empty();
    if (all) names_ = Registry<typename Kind::Entry>::names();
    for (const std::string& name : names_)
      print(name, Registry<typename Kind::Entry>::get(name).about, Kind::options_of);
    if (all) put(fmt::format("\n{}\n", Kind::use));
    return 0;
  }

 private:
  std::vector<std::string> names_;
};
EBB_SUBCOMMAND(optimizers, "optimizers", ListCommand<Optimizers>, "list the optimisers with their options");
EBB_SUBCOMMAND(schedules, "schedules", ListCommand<Schedules>, "list the learning rate schedules with their options");
EBB_SUBCOMMAND(remedies, "remedies", ListCommand<Remedies>,
               "list the remedies for vanishing and exploding gradients with their options");

class TasksCommand final : public Command {
 public:
  void options(Options& o) override { o.example("ebb tasks"); }
  int run() override {
    for (const TaskEntry* t : task_list()) {
      put(fmt::format("{} {}\n", fit(t->name, 14), t->about));
      try {
        const TaskSettings s = make_task(t->name, {.data = "generated"})->settings(Size::standard);
        put(fmt::format("{} T {}, hidden {}, batch {}, at most {}, {} {}, clip {}\n", fit("", 14), s.length, s.hidden,
                        s.batch, count_text(s.steps, "update"), s.optimizer, s.lr, s.clip));
      } catch (const std::exception& e) {  // continues with the other tasks
        put(fmt::format("{} sizes unknown: {}\n", fit("", 14), ebb::detail::printable(e.what())));
      }
    }
    return 0;
  }
};
EBB_SUBCOMMAND(tasks, "tasks", TasksCommand, "list the tasks and their default sizes");

}  // namespace
}  // namespace ebb::app
