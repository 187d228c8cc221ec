#include <fmt/format.h>
#include <chrono>
#include <cmath>
#include <ebb/autograd/trace.hpp>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/experiments/train/treatment.hpp>
#include <ebb/experiments/train/try_out.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/optim/clip.hpp>
#include <ebb/optim/early_stopping.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <ebb/optim/schedule_list.hpp>
#include <ebb/ranks/ranks.hpp>

namespace ebb::app {
namespace {

// Locates the failure: a value of the batch or a weight that is not finite, or the first op whose result is not.
std::string whereabouts(const Model& m, const Batch& b, const ShardOptions& options, const ShardLoss& loss) {
  if (const std::string value = m.is_simple() ? nonfinite_in(b.get<SimpleBatch>()) : ""; !value.empty())
    return fmt::format("in batch {} of the train split, {}", options.update, value);
  if (const std::string weight = nonfinite_weight(m.w); !weight.empty())
    return fmt::format("the previous update made weight '{}' overflow", weight);
  const std::string found = trace_nonfinite(m.w, options, loss);
  return found.empty() ? "in the gradient" : found;
}

std::string divergence(const Model& m, const Batch& b, const Result& r, double norm, int step, double first_loss,
                       const ShardOptions& options, const ShardLoss& loss) {
  const std::string what = divergence(r.loss, norm, first_loss, m.task);
  if (what.empty()) return {};
  const bool finite = std::isfinite(r.loss) && std::isfinite(norm);
  const std::string from = m.is_simple() ? loss_name(b.get<SimpleBatch>()) : "its network";
  return fmt::format("step {}: {}{}", step, what, finite ? ", from " + from : "; " + whereabouts(m, b, options, loss));
}

class Stopwatch {
 public:
  double seconds() const {
    return before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  void resume_from(double seconds) {
    before_ = seconds;
    start_ = std::chrono::steady_clock::now();
  }

 private:
  double before_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

constexpr int curve_columns = 7;

Array table_of(const std::vector<CurvePoint>& curve) {
  if (curve.empty()) return {};
  Array table = Array::empty({static_cast<int>(curve.size()), curve_columns}, f64);
  double* x = table.data<double>();
  for (const CurvePoint& p : curve)
    for (const double value :
         {double(p.step), p.loss, p.gradient_norm, p.clipped ? 1.0 : 0.0, p.seconds, p.lr, p.valid})
      *x++ = value;
  return table;
}

std::vector<CurvePoint> curve_of(const Array& table) {
  std::vector<CurvePoint> curve;
  for (std::int64_t k = 0; table && k + curve_columns <= table.size(); k += curve_columns) {
    const auto x = [&](int column) { return table.at_flat(k + column); };
    curve.push_back({.step = static_cast<int>(x(0)),
                     .loss = x(1),
                     .gradient_norm = x(2),
                     .clipped = x(3) != 0,
                     .seconds = x(4),
                     .lr = x(5),
                     .valid = x(6)});
  }
  return curve;
}

constexpr int remedy_columns = 3;

Array table_of(const std::vector<RemedyPoint>& points) {
  if (points.empty()) return {};
  Array table = Array::empty({static_cast<int>(points.size()), remedy_columns}, f64);
  double* x = table.data<double>();
  for (const RemedyPoint& p : points)
    for (const double value : {double(p.step), double(p.remedy), p.value}) *x++ = value;
  return table;
}

std::vector<RemedyPoint> points_of(const Array& table) {
  std::vector<RemedyPoint> points;
  for (std::int64_t k = 0; table && k + remedy_columns <= table.size(); k += remedy_columns)
    points.push_back(
        {static_cast<int>(table.at_flat(k)), static_cast<int>(table.at_flat(k + 1)), table.at_flat(k + 2)});
  return points;
}

/// The state of a run between updates.
class Training {
 public:
  Training(Model& m, const Task& task, const TaskSettings& s, std::uint64_t seed, const ClipRule& clip)
      : m_(m), task_(task), s_(s), seed_(seed), clip_(clip), optimizer_(make_optimizer(s.optimizer, m.w, s.lr)),
        rate_(schedule_of(s)), stop_(m.w, {.patience = s.patience}), treatment_(m, task, s, seed) {}

  void run(const TrainWatch& watch, const TrainKeeper& keeper) {
    TrainPart part{[this](Archive& a) { visit(a); }};
    keeper_ = &keeper;
    if (keeper.load) keeper.load(part);
    time_.resume_from(record.seconds);
    if (keeper.begin) keeper.begin(record);
    if (done() == 0 || is_due(keeper)) observe(keeper);  // resumed: Ctrl-C may have ended it
    while (!ended()) {
      if (stopped()) {
        record.interrupted = true;
        break;
      }
      if (keeper.pause_at > 0 && done() >= keeper.pause_at) {
        record.paused = true;
        break;
      }
      advance();
      if (watch) watch(record.curve.back());
      if (is_due(keeper)) observe(keeper);
      if (keeper.every > 0 && done() % keeper.every == 0 && !ended()) save(keeper, part);
    }
    if (ended()) check_last_update();
    if (ended() && done() > 0 && record.diverged.empty()) observe(keeper);
    save(keeper, part);
    if (record.diverged.empty()) keep_best();  // after saving: resuming a run needs the last weights, not the best
    record.skipped = optimizer_->skipped();
    record.speed = numbers_ > 0 ? numbers_ / (record.seconds - validating_) : 0;
  }

  TrainRecord record;

 private:
  int done() const { return static_cast<int>(record.curve.size()); }
  bool ended() const { return done() >= s_.steps || record.enough || record.waited || !record.diverged.empty(); }

  void advance() {
    const int step = done() + 1;
    CurvePoint point = update(step);
    if (record.diverged.empty() && step % std::max(1, s_.steps / 20) == 0) validate(point);
    record.clip_events += point.clipped;
    record.seconds = point.seconds = time_.seconds();
    record.curve.push_back(point);
  }

  // Several ranks stop after the same update: a signal to any of them reaches all with the next gradient.
  bool stopped() const {
    if (!m_.ranks) return interrupted();
    if (signalled()) m_.ranks->raise();
    return m_.ranks->raised();
  }

  void save(const TrainKeeper& keeper, const TrainPart& part) {
    if (!keeper.save) return;
    if (m_.ranks && carry_rows_ > 0) carry_ = all_rows(carry_, {.rows = carry_rows_, .ranks = m_.ranks});
    keeper.save(part);
  }

  bool is_due(const TrainKeeper& keeper) const {
    return keeper.observe_every > 0 && done() % keeper.observe_every == 0 && !ended();
  }

  void observe(const TrainKeeper& keeper) {
    if (keeper.observe_every <= 0 || !keeper.observe) return;
    const double before = time_.seconds();
    keeper.observe(done());
    time_.resume_from(before);
  }

  void visit(Archive& a) {
    a("weights", m_.w)("optimizer", *optimizer_)("early stopping", stop_)("carry", carry_);
    a("first loss", first_loss_)("numbers", numbers_)("validating", validating_);
    a("clip events", record.clip_events)("seconds", record.seconds)("kept bytes", record.kept_bytes);
    a("enough", record.enough)("waited", record.waited)("diverged", record.diverged);
    if (!a.reading()) table_ = table_of(record.curve);
    a("curve", table_);
    a.then([this] { record.curve = curve_of(table_); });
    if (treatment_.empty()) return;
    treatment_.visit(a);
    if (!a.reading()) remedy_table_ = table_of(record.remedies);
    a("remedies", remedy_table_);
    a.then([this] { record.remedies = points_of(remedy_table_); });
  }

  // An update that diverges is noticed in the loss of the next batch; the last update has no next one.
  void check_last_update() {
    if (done() == 0 || !record.diverged.empty()) return;
    const Batch batch = batch_of(done() + 1);
    const StateArrays carry = batch.continues() ? carry_ : StateArrays{};  // carry_ itself is saved
    const Result r = evaluate(m_.w, options_of(batch, done() + 1), [&](Shard& s) { return m_.loss(s, batch, carry); });
    const std::string what = divergence_at_end(m_.w, r.loss, first_loss_, m_.task);
    if (!what.empty()) record.diverged = fmt::format("step {}: {}", done(), what);
  }

  Batch batch_of(int step) const {
    const auto number = static_cast<std::uint64_t>(step - 1);
    return make_batch(task_, {.length = s_.length, .rows = s_.batch, .number = number, .seed = seed_});
  }
  ShardOptions options_of(const Batch& batch, int step) const {
    return {.rows = batch.rows(), .update = static_cast<std::uint64_t>(step - 1), .seed = seed_, .ranks = m_.ranks};
  }

  CurvePoint update(int step) {
    const Batch batch = batch_of(step);
    if (!batch.continues()) carry_ = {};
    const std::string failed = treatment_.before(step, record.remedies);
    const ShardOptions options = treatment_.options(options_of(batch, step));
    const ShardLoss loss = [&](Shard& shard) { return treatment_.loss(shard, batch, carry_); };
    Result r = backward(m_.w, options, loss);
    treatment_.settle(r, step, record.remedies);
    look(r.grads, step);
    const auto [norm, clipped] = clip(r.grads);
    if (step == 1) first_loss_ = r.loss;
    numbers_ += static_cast<double>(batch.rows()) * batch.steps();
    record.kept_bytes = std::max(record.kept_bytes, r.kept_bytes);
    record.diverged = !failed.empty() ? failed : divergence(m_, batch, r, norm, step, first_loss_, options, loss);
    if (record.diverged.empty()) {
      carry_ = CarryingNetwork::carried(r);
      carry_rows_ = batch.rows();
      optimizer_->set_lr(rate_(step - 1));
      optimizer_->step(r.grads);
    }
    return {.step = step,
            .loss = r.loss * m_.task.unit_per_loss,
            .gradient_norm = norm,
            .clipped = clipped,
            .lr = rate_(step - 1)};
  }

  void look(const Grads& grads, int step) {
    if (keeper_->look_every <= 0 || !keeper_->look || step % keeper_->look_every != 0) return;
    const double before = time_.seconds();
    keeper_->look(grads);
    time_.resume_from(before);
  }

  Clipped clip(Grads& g) const {
    if (clip_) return clip_(g);
    if (const std::optional<Clipped> by_remedy = treatment_.clip(g)) return *by_remedy;
    const double norm = s_.clip > 0 ? clip_by_norm(g, s_.clip) : g.norm();
    return {norm, s_.clip > 0 && norm > s_.clip};
  }

  void validate(CurvePoint& point) {
    const double before = time_.seconds();
    auto meter = meter_of(task_);
    const std::optional<std::string> name = meter ? meter->validates_by() : std::nullopt;
    if (!name) meter.reset();
    point.valid = test_loss(m_, task_, Split::valid, s_, m_.task.valid_batches,
                            meter.get());  // a part of the split is enough for early stopping
    record.enough = !meter && point.valid < s_.enough;
    const Measure by = meter ? measure_named(*name, meter->measures()) : Measure{"loss", point.valid, "", 0, "", false};
    point.valid = by.value;
    if (s_.patience > 0)
      stop_.update(by.rises ? -by.value : by.value);  // otherwise it never stops and has nothing to restore
    record.waited = bool(stop_);
    validating_ += time_.seconds() - before;
  }

  void keep_best() {
    stop_.restore();
    int validations = 0;
    for (const CurvePoint& p : record.curve)
      if (p.validated() && validations++ == stop_.best_at()) record.kept = p.step;
  }

  Model& m_;
  const Task& task_;
  const TaskSettings s_;
  const std::uint64_t seed_;
  const ClipRule& clip_;
  const TrainKeeper* keeper_ = nullptr;  // while it runs
  std::unique_ptr<Optimizer> optimizer_;
  Schedule rate_;
  EarlyStopping stop_;
  StateArrays carry_;  // of ranks, the rows of this one, and all of them in checkpoints
  int carry_rows_ = 0;
  Treatment treatment_;
  Array table_, remedy_table_;  // the curve and the remedies' points in the form of a checkpoint
  Stopwatch time_;
  double first_loss_ = 0, numbers_ = 0, validating_ = 0;
};

}  // namespace

std::string divergence(double loss, double norm, double first_loss, const TaskInfo& task) {
  constexpr double blown_up = 1e6;  // times the first loss: too far off to recover
  for (const auto& [name, x] : {std::pair{"loss", loss}, {"gradient's norm", norm}})
    if (!std::isfinite(x)) return fmt::format("the {} is {}", name, std::isinf(x) ? "infinite" : "not a number");
  if (loss <= blown_up * std::max(first_loss, 1e-3)) return {};
  return fmt::format("the loss is {:.3g} {}, over a million times that of the first update", task.unit_per_loss * loss,
                     task.unit);
}

std::string divergence_at_end(const LeafSet& weights, double loss, double first_loss, const TaskInfo& task) {
  const std::string what = divergence(loss, 0, first_loss, task), weight = nonfinite_weight(weights);
  if (!weight.empty()) return fmt::format("the last update made weight '{}' overflow", weight);
  return what.empty() ? what : what + ", after the last update";
}

Schedule schedule_of(const TaskSettings& s) { return make_schedule(s.schedule, s.lr, s.steps); }

TrainRecord train(Model& m, const Task& task, const TaskSettings& s, std::uint64_t seed, const TrainWatch& watch,
                  const TrainKeeper& keeper, const ClipRule& clip) {
  Training training{m, task, s, seed, clip};
  training.run(watch, keeper);
  return std::move(training.record);
}

namespace {
// The value of a batch that makes its loss NaN or infinite; empty if the cause is not in the batch.
std::string nonfinite_value(const Model& m, const Batch& b, double loss) {
  return std::isfinite(loss) || !m.is_simple() ? "" : nonfinite_in(b.get<SimpleBatch>());
}
}  // namespace

double test_loss(const Model& m, const Task& task, Split split, const TaskSettings& s, int most_batches, Meter* meter) {
  StateArrays carry;
  double sum = 0, rows = 0;
  const int batches = std::min(most_batches, checked_batches(task, split, s));
  for (int k = 0; k < batches; ++k) {
    const Batch batch = make_batch(task, {split, s.length, s.batch, static_cast<std::uint64_t>(k), 0});
    if (!batch.continues()) carry = {};
    const auto r = evaluate(m.w, {.rows = batch.rows(), .training = false, .ranks = m.ranks},
                            [&](Shard& shard) { return m.loss(shard, batch, carry); });
    if (const std::string value = nonfinite_value(m, batch, r.loss); !value.empty())
      throw ValueError(fmt::format("the task '{}': in {}, {}", task.name(),
                                   text_of(BatchRequest{.split = split, .number = static_cast<std::uint64_t>(k)}),
                                   value));
    carry = CarryingNetwork::carried(r);
    if (meter) meter->update(batch, r);
    sum += r.loss * batch.weight();
    rows += batch.weight();
  }
  return rows > 0 ? m.task.unit_per_loss * sum / rows : 0;
}

}  // namespace ebb::app
