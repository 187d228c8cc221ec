#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/studies/observe/stop.hpp>
#include <ebb/experiments/studies/observe/subject.hpp>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/treatment.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/ops/elementwise.hpp>
#include <map>
#include <numeric>

namespace ebb::app::observe {
namespace {

/// Rejects what observed initial weights cannot show.
void check_before_training(const std::string& remedies, const std::string& task, const std::string& cell) {
  for (const auto& r : make_remedies(remedies)) {
    const auto* const own = r->as<OwnUpdates>();
    if (own && own->due(1) > 0) continue;
    throw ValueError(fmt::format(
        "the remedy '{0}' acts only in updates of training, which ebb observe does not make: `ebb vanish --tasks {1} "
        "--cells {2} --remedy none,{0}` compares before and after, `ebb train {1} --cell {2} --remedy {0} --observe "
        "lyapunov` measures in between",
        r->text(), task, cell));
  }
}

/// Rejects weights of which every measure would be NaN.
void check_finite(const std::string& from, const LeafSet& w) {
  if (const std::string weight = nonfinite_weight(w); !weight.empty())
    throw ValueError(fmt::format("'{}': {} has values that are infinite or NaN", from, weight));
}

int steps_of_training(const Task& task, const TaskSettings& s) {
  return task.as<FixedLength>() ? task.steps(s) : s.length;
}

Array first_steps(const Array& x, int steps) { return x.dim(0) > steps ? x.range(0, steps).copy() : x; }

Array recurrence_inputs(const Model& m, const Batch& batch) {
  Array all;
  evaluate(m.w, {.rows = batch.rows(), .dtype = f64, .training = false, .shards = 1}, [&](Shard& s) {
    all = m.recurrent().recurrence_inputs(s, batch).all().value().copy();
    return s.sum(constant(Array::zeros({1}, f64)));
  });
  return all;
}

/// The longest rows, from their beginning to the end of the shortest of them.
Array longest_rows(const Array& x, const Lengths& lengths, int steps, int rows) {
  std::vector<int> order(static_cast<std::size_t>(lengths.dim(0)));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    const int x = lengths.data()[a], y = lengths.data()[b];
    return x != y ? x > y : a < b;
  });
  order.resize(std::min(order.size(), static_cast<std::size_t>(rows)));
  const int T = std::min(steps, lengths.data()[order.back()]), B = static_cast<int>(order.size());
  Array chosen = Array::empty({T, B, x.dim(2)}, x.dtype());
  for (int t = 0; t < T; ++t)
    for (int k = 0; k < B; ++k) chosen[t][k].assign(x[t][order[static_cast<std::size_t>(k)]]);
  return chosen;
}

}  // namespace

Subject Subject::of_weights(const std::string& path, const std::string& data) {
  Trained trained = Trained::read(path, {}, data);
  check_finite(path, trained.model->w);
  Subject s;
  s.name = s.cell_name = trained.architecture.cell;
  if (const std::string& remedy = trained.architecture.settings.remedy; !remedy.empty()) s.name += " + " + remedy;
  s.variant = s.name;
  s.weights = path;
  s.settings_ = trained.architecture.settings;
  s.length = steps_of_training(*trained.task, s.settings_);
  s.hidden = s.settings_.hidden;
  s.task_ = std::move(trained.task);
  s.take(std::move(trained.model));
  return s;
}

Subject Subject::initial(std::shared_ptr<const Task> task, const std::string& cell, const TaskSettings& settings,
                         std::uint64_t seed) {
  Subject s;
  s.name = s.cell_name = s.variant = cell;
  s.seed = seed;
  s.settings_ = settings;
  s.length = steps_of_training(*task, settings);
  s.hidden = settings.hidden;
  s.remedy = settings.remedy;
  s.task_ = std::move(task);
  const DType dtype = s.remedy.empty() ? f64 : f32;
  const auto model = std::make_shared<Model>(*s.task_, cell, settings, seed, 0, dtype);
  check_finite(cell, model->w);
  s.take(model);
  s.drawn_ = s.remedy.empty();
  if (s.drawn_) return s;
  check_before_training(s.remedy, s.task_->name(), cell);
  const BatchRequest first{.length = settings.length, .rows = settings.batch, .seed = seed};
  try_remedies(*model, *s.task_, settings, make_batch(*s.task_, first));
  s.name += " + " + s.remedy;
  s.variant = s.name;
  s.untreated_ = model;
  return s;
}

void Subject::treat() {
  const std::shared_ptr<Model> model = std::move(untreated_);
  if (!model) return;
  std::vector<RemedyPoint> record;
  const std::string failed = Treatment(*model, *task_, settings_, seed).before(1, record, check_stop);
  if (!failed.empty()) throw ValueError(failed);
}

void Subject::release() {
  if (!drawn_) return;
  model_.reset();
}

Subject Subject::with_weights() const {
  if (model_) return *this;
  Subject s = initial(task_, cell_name, settings_, seed);
  s.name = name;
  s.label = label;
  return s;
}

Subject Subject::with_cell(const std::string& cell) const { return initial(task_, cell, settings_, seed); }

void Subject::take(std::shared_ptr<const Model> model) {
  model_ = std::move(model);
  try {
    (void)cell();
  } catch (const ValueError& e) { throw ValueError(fmt::format("the task '{}': {}", task_->name(), e.what())); }
  state_size_ = ebb::state_size(cell());
}

Batch Subject::batch(int steps, int rows) const {
  return make_batch(*task_, {.split = split, .length = steps, .rows = rows});
}

Array Subject::inputs(int steps, int rows) const {
  constexpr int choice = 32;  // of sequences with lengths of their own
  Batch read = batch(steps, rows);
  if (model_->is_simple()) return first_steps(model_->simple().cell_inputs(read.get<SimpleBatch>()), steps);
  const RecurrentNetwork& network = model_->recurrent();
  if (network.recurrence_lengths(read)) read = batch(steps, std::max(rows, choice));
  const Array all = recurrence_inputs(*model_, read);
  const Lengths lengths = network.recurrence_lengths(read);
  return lengths ? longest_rows(all, lengths, steps, rows) : first_steps(all, steps);
}

Subject Subject::in_training(const Task& task, const Model& model, const std::string& cell,
                             const TaskSettings& settings) {
  Subject s;
  s.name = s.cell_name = s.variant = cell;
  s.length = steps_of_training(task, settings);
  s.split = Split::valid;
  s.task_ = {std::shared_ptr<const Task>(), &task};  // not owned
  s.take({std::shared_ptr<const Model>(), &model});
  return s;
}

void label_alike(std::vector<Subject>& subjects) {
  constexpr std::size_t most_characters = 12;  // of a label at the end of a line
  std::map<std::string, std::vector<Subject*>> variants;
  for (Subject& s : subjects) variants[s.variant].push_back(&s);
  for (auto& [variant, alike] : variants) {
    if (alike.size() < 2) continue;
    bool numbered = false;
    for (Subject* s : alike) {
      s->label = s->name.substr(std::min(variant.size(), s->name.size()));  // ", seed 2" or " (run)"
      const std::size_t from = s->label.find_first_not_of(", (");
      s->label.erase(0, from == std::string::npos ? s->label.size() : from);
      if (!s->label.empty() && s->label.back() == ')') s->label.pop_back();
      numbered = numbered || s->label.empty() || s->label.size() > most_characters;
    }
    for (std::size_t k = 0; numbered && k < alike.size(); ++k) alike[k]->label = fmt::format("#{}", k + 1);
  }
}

}  // namespace ebb::app::observe
