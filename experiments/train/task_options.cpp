#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/remedy.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/task_options.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <ebb/optim/schedule_list.hpp>

namespace ebb::app {
namespace {

// Whole numbers in [low, 1e6]: larger ones would only run out of memory later.
std::function<bool(const PerTask&)> whole(double low) {
  return [low](const PerTask& p) {
    return std::all_of(p.given.begin(), p.given.end(), [&](const auto& item) {
      return item.second >= low && item.second <= 1e6 && item.second == std::floor(item.second);
    });
  };
}

std::function<bool(const PerTask&)> each(std::function<bool(double)> holds) {
  return [holds](const PerTask& p) {
    return std::all_of(p.given.begin(), p.given.end(), [&](const auto& item) { return holds(item.second); });
  };
}

std::function<bool(const PerTask&)> number(bool zero_too) {
  return [zero_too](const PerTask& p) {
    return std::all_of(p.given.begin(), p.given.end(),
                       [&](const auto& item) { return item.second > 0 || (zero_too && item.second == 0); });
  };
}

std::optional<double> given_or(std::optional<double> given, std::optional<double> by_default) {
  return given ? given : by_default;
}

// The options are checked when they are read; this checks the choices of the task itself.
void check_own_settings(const std::string& task, const TaskSettings& s) {
  const auto check = [&](const char* setting, double x, bool right, const char* rule) {
    if (!right)
      throw ValueError(
          fmt::format("the task '{}': its settings() have .{} = {}, which must be {}", task, setting, x, rule));
  };
  const auto at_least = [&](const char* setting, double x, double least) {
    check(setting, x, x >= least, least == 1 ? "at least 1" : "at least 0");
  };
  at_least("hidden", s.hidden, 1);
  at_least("length", s.length, 1);
  at_least("batch", s.batch, 1);
  at_least("layers", s.layers, 1);
  at_least("steps", s.steps, 0);
  at_least("patience", s.patience, 0);
  at_least("clip", s.clip, 0);
  check("lr", s.lr, s.lr > 0 && std::isfinite(s.lr), "above 0 and finite");
  check("dropout", s.dropout, s.dropout >= 0 && s.dropout < 1, "at least 0 and below 1");
  check("zoneout", s.zoneout, s.zoneout >= 0 && s.zoneout <= 1, "from 0 to 1");
}

}  // namespace

void TaskOptions::declare_hidden(Options& o) {
  o.add("--hidden", hidden, "width of the cell's state").check(whole(1), "a whole number from 1 to 1,000,000");
}

void TaskOptions::declare(Options& o, const std::vector<std::string>& but) {
  declare_hidden(o);
  o.add("--length", length, "T, steps per sequence in training").check(whole(1), "a whole number from 1 to 1,000,000");
  o.add("--batch", batch, "B, sequences per batch").check(whole(1), "a whole number from 1 to 1,000,000");
  o.add("--steps", steps, "maximum number of updates").check(whole(0), "a whole number from 0 to 1,000,000");
  o.add("--lr", lr, "learning rate").check(number(false), "above 0");
  o.add("--clip", clip, "largest global norm of the gradient, 0 for no clipping").check(number(true), "at least 0");
  inputs.declare(o, but);
}

void TaskOptions::declare_optimizer(Options& o) {
  o.add("--optimizer", optimizer, "optimiser; `ebb optimizers` lists them (default: chosen by each task)").type("NAME");
  o.add("--schedule", schedule, "learning rate schedule; `ebb schedules` lists them (default: chosen by each task)")
      .type("NAME");
}

void TaskOptions::declare_layers(Options& o) {
  o.add("--layers", layers, "number of stacked cells")
      .check(each([](double x) { return x >= 1; }), "at least 1")
      .check(each([](double x) { return x <= 8 && x == std::floor(x); }), "a whole number, at most 8");
}

void TaskOptions::declare_more(Options& o) {
  declare_layers(o);
  o.add("--dropout", dropout, "variational dropout of each layer's input and state")
      .check(number(true), "at least 0")
      .check(each([](double p) { return p < 1; }), "below 1");
  const auto share = [&](const char* name, PerTask& p, const char* help) {
    o.add(name, p, help).check(number(true), "at least 0").check(each([](double x) { return x < 1; }), "below 1");
  };
  share("--input-dropout", input_dropout, "dropout of the recurrence's inputs, in tasks with their own network");
  share("--output-dropout", output_dropout, "dropout before the output layer, in tasks with their own network");
  share("--word-dropout", word_dropout,
        "fraction of words replaced by the unknown word in training, in tasks with their own network");
  o.add("--zoneout", zoneout, "probability that a value of the state is kept")
      .check(number(true), "at least 0")
      .check(each([](double p) { return p <= 1; }), "at most 1");
  declare_optimizer(o);
  o.add("--remedy", remedy, "remedies for vanishing or exploding gradients, joined by +; `ebb remedies` lists them")
      .type("NAME");
  o.add("--checkpoint", checkpoint,
        "through time: keep states at some steps and run the steps between them again in the backward pass: sqrt, "
        "revolve, "
        "revolve:STATES, every N steps, or none")
      .type("SCHEDULE");
  o.add("--patience", patience,
        "validations (20 per run) without improvement before stopping with the best weights; 0: never")
      .check(whole(0), "a whole number from 0 to 1,000,000");
}

std::unique_ptr<Task> TaskOptions::make(const std::string& name) const {
  return std::move(make(std::vector{name}).front());
}

std::vector<std::unique_ptr<Task>> TaskOptions::make(const std::vector<std::string>& names) const {
  auto tasks = inputs.make(names);
  for (std::size_t k = 0; k < names.size(); ++k) check_sizes_read(names[k], *tasks[k]);
  return tasks;
}

void TaskOptions::check_sizes_read(const std::string& name, const Task& task) const {
  const double own = task_call(task, [&] { return task.settings(Size::standard).length; });
  check_read("length", name, length.of(name, own) != own, !task.as<FixedLength>());
  const bool recurrence = !task.as<HasFeedForward>();
  check_read("layers", name, layers.of(name, 1) > 1, recurrence);
  check_read("dropout", name, dropout.of(name, 0) > 0, recurrence);
  check_read("zoneout", name, zoneout.of(name, 0) > 0, recurrence);
  check_read("checkpoint", name, !checkpoint.empty() && checkpoint != "none", recurrence);
  const auto* const drops = task.as<HasDropout>();
  const NetworkDropout known = drops ? drops->own_dropout() : NetworkDropout{};
  check_read("input-dropout", name, input_dropout.of(name).has_value(), known.input.has_value());
  check_read("output-dropout", name, output_dropout.of(name).has_value(), known.output.has_value());
  check_read("word-dropout", name, word_dropout.of(name).has_value(), known.words.has_value());
}

TaskSettings TaskOptions::changed(const std::string& name, TaskSettings s) const {
  check_own_settings(name, s);
  s.hidden = static_cast<int>(hidden.of(name, s.hidden));
  s.length = static_cast<int>(length.of(name, s.length));
  s.batch = static_cast<int>(batch.of(name, s.batch));
  s.steps = static_cast<int>(steps.of(name, s.steps));
  s.lr = lr.of(name, s.lr);
  s.clip = clip.of(name, s.clip);
  s.layers = static_cast<int>(layers.of(name, s.layers));
  s.dropout = dropout.of(name, s.dropout);
  s.zoneout = zoneout.of(name, s.zoneout);
  s.patience = static_cast<int>(patience.of(name, s.patience));
  s.network = {given_or(input_dropout.of(name), s.network.input), given_or(output_dropout.of(name), s.network.output),
               given_or(word_dropout.of(name), s.network.words)};
  if (!optimizer.empty()) s.optimizer = optimizer;
  if (!schedule.empty()) s.schedule = schedule;
  if (!remedy.empty()) s.remedy = remedy == "none" ? "" : remedy;
  if (!checkpoint.empty()) s.checkpoint = checkpoint == "none" ? "" : checkpoint;
  return s;
}

void TaskOptions::keep(const TaskSettings& s) {
  const auto set = [&](PerTask& p, double x) { p.given = {{"", x}}; };
  set(hidden, s.hidden);
  set(length, s.length);
  set(batch, s.batch);
  set(steps, s.steps);
  set(lr, s.lr);
  set(clip, s.clip);
  set(layers, s.layers);
  set(dropout, s.dropout);
  set(zoneout, s.zoneout);
  set(patience, s.patience);
  const auto set_known = [&](PerTask& p, std::optional<double> x) {
    if (x) set(p, *x);
  };
  set_known(input_dropout, s.network.input);
  set_known(output_dropout, s.network.output);
  set_known(word_dropout, s.network.words);
  optimizer = s.optimizer;
  schedule = s.schedule;
  remedy = s.remedy;
  checkpoint = s.checkpoint;
}

void TaskOptions::check_names(const std::vector<std::string>& tasks) const {
  if (!optimizer.empty()) make_optimizer(optimizer, LeafSet{}, 1e-3);
  if (!schedule.empty()) make_schedule(schedule, 1e-3, 1000);
  make_remedies(remedy);
  if (!checkpoint.empty()) Checkpoint::parse(checkpoint);
  const std::pair<const char*, const PerTask*> options[] = {{"hidden", &hidden},
                                                            {"length", &length},
                                                            {"batch", &batch},
                                                            {"steps", &steps},
                                                            {"lr", &lr},
                                                            {"clip", &clip},
                                                            {"layers", &layers},
                                                            {"dropout", &dropout},
                                                            {"zoneout", &zoneout},
                                                            {"patience", &patience},
                                                            {"input-dropout", &input_dropout},
                                                            {"output-dropout", &output_dropout},
                                                            {"word-dropout", &word_dropout}};
  for (const auto& [option, values] : options)
    for (const auto& [name, value] : values->given) {
      if (name.empty() || std::find(tasks.begin(), tasks.end(), name) != tasks.end()) continue;
      check_task_names({name});
      throw ValueError(fmt::format("--{} names the task '{}', but the task{} of this run {} '{}'", option, name,
                                   tasks.size() > 1 ? "s" : "", tasks.size() > 1 ? "are" : "is",
                                   fmt::join(tasks, "', '")));
    }
}

}  // namespace ebb::app
