#include <fmt/format.h>
#include <chrono>
#include <cmath>
#include <ebb/autograd/trace.hpp>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/optim/clip.hpp>
#include <ebb/optim/early_stopping.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <ebb/optim/schedule_list.hpp>

namespace ebb::app {
namespace {

constexpr double blown_up = 1e6;  // times the first loss: weights are far from any that could come back

// Names where it went wrong: a weight that is no number any more, or the first op whose result is not.
std::string whereabouts(const Model& m, const ShardOptions& options, const ShardLoss& loss) {
  for (int k = 0; k < m.w.count(); ++k)
    if (!all_finite(m.w[k].value())) return fmt::format("the update before made weight '{}' overflow", m.w[k].name());
  const std::string found = trace_nonfinite(m.w, options, loss);
  return found.empty() ? "in the gradient" : found;
}

std::string divergence(const Model& m, const Batch& b, const Result& r, double norm, int step, double first_loss,
                       const ShardOptions& options, const ShardLoss& loss) {
  const double unit = m.task.unit_per_loss;
  if (!std::isfinite(r.loss) || !std::isfinite(norm))
    return fmt::format("step {}: the {} is {}; {}", step, std::isfinite(r.loss) ? "gradient's norm" : "loss",
                       std::isinf(std::isfinite(r.loss) ? norm : r.loss) ? "infinite" : "not a number",
                       whereabouts(m, options, loss));
  if (r.loss > blown_up * std::max(first_loss, 1e-3))
    return fmt::format("step {}: the loss is {:.3g} {}, over a million times that of step 1, out of {}", step,
                       unit * r.loss, m.task.unit, m.is_simple() ? loss_name(b.get<SimpleBatch>()) : "its network");
  return {};
}

class Stopwatch {
 public:
  double seconds() const {
    return before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  void go_on_from(double seconds) { before_ = seconds, start_ = std::chrono::steady_clock::now(); }

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

/// What lives from one update to the next.
class Training {
 public:
  Training(Model& m, const Task& task, const TaskSettings& s, std::uint64_t seed, const ClipRule& clip)
      : m_(m), task_(task), s_(s), seed_(seed), clip_(clip), optimizer_(make_optimizer(s.optimizer, m.w, s.lr)),
        rate_(schedule_of(s)), stop_(m.w, {.patience = s.patience}) {}

  void run(const TrainWatch& watch, const TrainKeeper& keeper) {
    TrainPart part{[this](Archive& a) { visit(a); }};
    if (keeper.load) keeper.load(part);
    time_.go_on_from(record.seconds);
    if (keeper.begin) keeper.begin(record);
    while (!ended()) {
      if (interrupted()) {
        record.interrupted = true;
        break;
      }
      advance();
      if (watch) watch(record.curve.back());
      if (keeper.save && keeper.every > 0 && done() % keeper.every == 0 && !ended()) keeper.save(part);
    }
    if (keeper.save) keeper.save(part);
    if (record.diverged.empty())
      keep_best();  // after it was saved: a run that goes on needs the last weights, not the best
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

  void visit(Archive& a) {
    a("weights", m_.w)("optimizer", *optimizer_)("early stopping", stop_)("carry", carry_);
    a("first loss", first_loss_)("numbers", numbers_)("validating", validating_);
    a("clip events", record.clip_events)("seconds", record.seconds)("kept bytes", record.kept_bytes);
    a("enough", record.enough)("waited", record.waited)("diverged", record.diverged);
    if (!a.reading()) table_ = table_of(record.curve);
    a("curve", table_);
    a.then([this] { record.curve = curve_of(table_); });
  }

  CurvePoint update(int step) {
    const auto number = static_cast<std::uint64_t>(step - 1);
    const Batch batch = task_.batch({.length = s_.length, .rows = s_.batch, .number = number, .seed = seed_});
    if (!batch.continues()) carry_ = {};
    const ShardOptions options{.rows = batch.rows(), .update = number, .seed = seed_};
    const ShardLoss loss = [&](Shard& shard) { return m_.loss(shard, batch, carry_); };
    Result r = backward(m_.w, options, loss);
    const auto [norm, clipped] = clip(r.grads);
    if (step == 1) first_loss_ = r.loss;
    numbers_ += static_cast<double>(batch.rows()) * batch.steps();
    record.kept_bytes = std::max(record.kept_bytes, r.kept_bytes);
    record.diverged = divergence(m_, batch, r, norm, step, first_loss_, options, loss);
    if (record.diverged.empty()) {
      carry_ = CarryingNetwork::carried(r);
      optimizer_->set_lr(rate_(step - 1));
      optimizer_->step(r.grads);
    }
    return {.step = step,
            .loss = r.loss * m_.task.unit_per_loss,
            .gradient_norm = norm,
            .clipped = clipped,
            .lr = rate_(step - 1)};
  }

  Clipped clip(Grads& g) const {
    if (clip_) return clip_(g);
    const double norm = s_.clip > 0 ? clip_by_norm(g, s_.clip) : g.norm();
    return {norm, s_.clip > 0 && norm > s_.clip};
  }

  void validate(CurvePoint& point) {
    const double before = time_.seconds();
    auto meter = meter_of(task_);
    const std::optional<std::string> name = meter ? meter->validates_by() : std::nullopt;
    if (!name) meter.reset();
    point.valid = test_loss(m_, task_, Split::valid, s_, m_.task.valid_batches,
                            meter.get());  // a part is enough to see when to stop
    record.enough = !meter && point.valid < s_.enough;
    const Measure by = meter ? measure_named(*name, meter->measures()) : Measure{"loss", point.valid, "", 0, "", false};
    point.valid = by.value;
    if (s_.patience > 0)
      stop_.update(by.rises ? -by.value : by.value);  // else it sees nothing, ends nothing and has nothing to restore
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
  std::unique_ptr<Optimizer> optimizer_;
  Schedule rate_;
  EarlyStopping stop_;
  StateArrays carry_;
  Array table_;  // the curve as a checkpoint has it
  Stopwatch time_;
  double first_loss_ = 0, numbers_ = 0, validating_ = 0;
};

}  // namespace

Schedule schedule_of(const TaskSettings& s) { return make_schedule(s.schedule, s.lr, s.steps); }

TrainRecord train(Model& m, const Task& task, const TaskSettings& s, std::uint64_t seed, const TrainWatch& watch,
                  const TrainKeeper& keeper, const ClipRule& clip) {
  Training training{m, task, s, seed, clip};
  training.run(watch, keeper);
  return std::move(training.record);
}

double test_loss(const Model& m, const Task& task, Split split, const TaskSettings& s, int most_batches, Meter* meter) {
  StateArrays carry;
  double sum = 0, rows = 0;
  const int batches = std::min(most_batches, task.batches(split, s.length, s.batch));
  for (int k = 0; k < batches; ++k) {
    const Batch batch = task.batch({split, s.length, s.batch, static_cast<std::uint64_t>(k), 0});
    if (!batch.continues()) carry = {};
    const auto r = evaluate(m.w, {.rows = batch.rows(), .training = false},
                            [&](Shard& shard) { return m.loss(shard, batch, carry); });
    carry = CarryingNetwork::carried(r);
    if (meter) meter->update(batch, r);
    sum += r.loss * batch.weight();
    rows += batch.weight();
  }
  return rows > 0 ? m.task.unit_per_loss * sum / rows : 0;
}

void try_out(const Model& m, const Task& task) {
  const Batch batch = task.batch({.length = 2, .rows = 1});
  evaluate(m.w, {.rows = 1, .training = false}, [&](Shard& shard) { return m.loss(shard, batch); });
}

}  // namespace ebb::app
