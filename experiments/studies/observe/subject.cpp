#include <fmt/format.h>
#include <ebb/experiments/studies/observe/subject.hpp>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/observe/trajectory.hpp>

namespace ebb::app::observe {

Subject Subject::of_weights(const std::string& path, const std::string& data) {
  Trained trained = Trained::read(path, {}, data);
  Subject s;
  s.name = s.cell_name = trained.architecture.cell;
  if (const std::string& remedy = trained.architecture.settings.remedy; !remedy.empty()) s.name += " + " + remedy;
  s.weights = path;
  s.settings_ = trained.architecture.settings;
  s.length = s.settings_.length;
  s.hidden = s.settings_.hidden;
  s.task_ = std::move(trained.task);
  s.model_ = std::move(trained.model);
  (void)s.cell();
  return s;
}

Subject Subject::initial(std::shared_ptr<const Task> task, const std::string& cell, const TaskSettings& settings,
                         std::uint64_t seed) {
  Subject s;
  s.name = s.cell_name = cell;
  s.seed = seed;
  s.settings_ = settings;
  s.length = settings.length;
  s.hidden = settings.hidden;
  s.model_ = std::make_shared<const Model>(*task, cell, settings, seed, 0, f64);
  s.task_ = std::move(task);
  (void)s.cell();
  return s;
}

Subject Subject::with_cell(const std::string& cell) const { return initial(task_, cell, settings_, seed); }

const Cell& Subject::cell() const { return model_->simple().cell(); }

Batch Subject::batch(int steps, int rows) const {
  return make_batch(*task_, {.split = split, .length = steps, .rows = rows});
}

Array Subject::inputs(int steps, int rows) const {
  return model_->simple().cell_inputs(batch(steps, rows).get<SimpleBatch>());
}

int Subject::state_size() const { return initial_state(cell(), 1).dim(1); }

Subject Subject::in_training(const Task& task, const Model& model, const std::string& cell,
                             const TaskSettings& settings) {
  Subject s;
  s.name = s.cell_name = cell;
  s.length = settings.length;
  s.split = Split::valid;
  s.task_ = {std::shared_ptr<const Task>(), &task};  // not owned
  s.model_ = {std::shared_ptr<const Model>(), &model};
  (void)s.cell();
  return s;
}

}  // namespace ebb::app::observe
