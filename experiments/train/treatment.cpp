#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/treatment.hpp>
#include <ebb/nn/archive.hpp>
#include <ebb/optim/optimizer_list.hpp>

namespace ebb::app {
namespace {

constexpr const char* loss_of_task = "loss of the task";

std::string penalty_name(std::size_t k) { return fmt::format("penalty {}", k); }

/// The first steps and rows of a batch.
SimpleBatch first_part(const SimpleBatch& b, int steps, int rows) {
  if (const auto* const values = std::get_if<Array>(&b.inputs)) {
    Array part = Array::empty({steps, rows, values->dim(2)}, values->dtype());
    for (int t = 0; t < steps; ++t) part[t].assign((*values)[t].range(0, rows));
    return {.inputs = part};
  }
  const auto& tokens = std::get<Tokens>(b.inputs);
  Tokens part({steps, rows});
  for (int t = 0; t < steps; ++t) std::copy_n(tokens[t].data(), rows, part[t].data());
  return {.inputs = part};
}

Result own_result(const Model& m, const OwnUpdates& own, const SimpleBatch& part, const ShardOptions& options) {
  return backward(m.w, options, [&](Shard& s) {
    const Sequence x = m.simple().cell_inputs(s, part);
    return own.loss(s, m.simple().cell(), x);
  });
}

ShardOptions own_options(const OwnUpdates& own, int rows, std::uint64_t number, std::uint64_t seed) {
  return {.rows = rows, .update = number, .seed = seed, .order = own.order()};
}

/// The first two rows are one shard of several.
ShardOptions first_rows_of(const Batch& batch, int order) {
  return {.rows = batch.rows(), .order = order, .shards = std::max(1, batch.rows() / 2)};
}

}  // namespace

struct Treatment::Own {
  std::size_t remedy;
  const OwnUpdates* of;
  std::unique_ptr<Optimizer> optimizer;
};

Treatment::Treatment(Model& m, const Task& task, const TaskSettings& s, std::uint64_t seed)
    : model_(m), task_(task), settings_(s), seed_(seed), remedies_(make_remedies(s.remedy)) {
  for (std::size_t k = 0; k < remedies_.size(); ++k) {
    penalties_.push_back(remedies_[k]->as<PenaltyOnRun>());
    const auto* const own = remedies_[k]->as<OwnUpdates>();
    if (!own) continue;
    own_.push_back(std::make_unique<Own>(Own{k, own, make_optimizer(own->optimizer(), m.w, own->lr())}));
    own_.back()->optimizer->only({"cell/*"});
  }
}

Treatment::~Treatment() = default;

double Treatment::own_update(Own& own, int number) {
  const Batch batch = make_batch(task_, {.length = settings_.length,
                                         .rows = settings_.batch,
                                         .number = static_cast<std::uint64_t>(number),
                                         .seed = seed_});
  const int steps = std::min(own.of->steps(settings_), batch.steps()), rows = std::min(own.of->rows(), batch.rows());
  const SimpleBatch part = first_part(batch.get<SimpleBatch>(), steps, rows);
  const Result r =
      own_result(model_, *own.of, part, own_options(*own.of, rows, static_cast<std::uint64_t>(number), seed_));
  if (std::isfinite(r.loss) && std::isfinite(r.grads.norm())) own.optimizer->step(r.grads);
  return std::isfinite(r.grads.norm()) ? r.loss : std::nan("");
}

double Treatment::own_update_of(std::size_t remedy, int number) {
  for (const auto& own : own_)
    if (own->remedy == remedy) return own_update(*own, number);
  return NAN;
}

std::string Treatment::before(int step, std::vector<RemedyPoint>& record, const std::function<void()>& each) {
  for (const auto& own : own_)
    for (int k = 0, due = own->of->due(step); k < due; ++k) {
      if (each) each();
      const auto number = static_cast<int>(own->optimizer->updates());
      const double loss = own_update(*own, number);
      record.push_back({step, static_cast<int>(own->remedy), loss});
      if (!std::isfinite(loss))
        return fmt::format("step {}: in own update {} of the remedy '{}', the loss or its gradient is not finite{}",
                           step, number + 1, remedies_[own->remedy]->text(), remedies_[own->remedy]->hint());
    }
  return {};
}

ShardOptions Treatment::options(ShardOptions o) const {
  for (const PenaltyOnRun* p : penalties_) {
    if (!p) continue;
    o.order = std::max(o.order, p->order());
    if (p->whole_batch()) o.shards = 1;
  }
  return o;
}

PartialLoss Treatment::loss(Shard& shard, const Batch& batch, const StateArrays& carried) const {
  if (std::all_of(penalties_.begin(), penalties_.end(), [](const auto* p) { return !p; }))
    return model_.loss(shard, batch, carried);
  return model_.simple().penalised_loss(shard, batch, carried, [&](Shard& s, const UnrolledRun& run) {
    s.count(loss_of_task, run.loss.item());
    std::optional<PartialLoss> all;
    for (std::size_t k = 0; k < penalties_.size(); ++k) {
      if (!penalties_[k]) continue;
      const PartialLoss one = penalties_[k]->penalty(s, run);
      s.count(penalty_name(k).c_str(), one.var().item());
      all = all ? *all + one : one;
    }
    return *all;
  });
}

void Treatment::settle(Result& r, int step, std::vector<RemedyPoint>& record) const {
  for (std::size_t k = 0; k < penalties_.size(); ++k)
    if (penalties_[k]) {
      record.push_back({step, static_cast<int>(k), r.counts.at(penalty_name(k))});
      r.loss = r.counts.at(loss_of_task);
    }
}

std::optional<Clipped> Treatment::clip(Grads& g) const {
  std::optional<Clipped> all;
  for (const auto& remedy : remedies_)
    if (const auto* const rule = remedy->as<GradientRule>()) {
      const Clipped one = rule->apply(g);
      all = all ? Clipped{all->norm, all->clipped || one.clipped} : one;
    }
  return all;
}

void Treatment::visit(Archive& a) {
  for (const auto& own : own_) a(fmt::format("remedy {}", own->remedy).c_str(), *own->optimizer);
}

void try_remedies(const Model& m, const Task& task, const TaskSettings& s, const Batch& first) {
  const auto remedies = make_remedies(s.remedy);
  if (!remedies.empty() && s.steps == 0)
    throw ValueError(fmt::format("the remedy '{}' acts in updates of training, and --steps 0 makes none", s.remedy));
  for (const auto& remedy : remedies) {
    const auto* const penalty = remedy->as<PenaltyOnRun>();
    const auto* const own = remedy->as<OwnUpdates>();
    if (!penalty && !own) continue;
    if (penalty && !s.checkpoint.empty())
      throw ValueError(
          fmt::format("the remedy '{}' reads the values of all steps, which checkpoints do not keep: leave "
                      "out --checkpoint or this remedy",
                      remedy->text()));
    try {
      const SimpleNetwork& network = m.simple();
      remedy->check(network.cell(), s);
      const auto check_finite = [&](const Result& r) {
        if (!std::isfinite(r.loss) || !std::isfinite(r.grads.norm()))
          throw ValueError("its loss or gradient is not finite on the first batch" + remedy->hint());
      };
      if (penalty)
        check_finite(backward(m.w, first_rows_of(first, penalty->order()), [&](Shard& shard) {
          if (shard.number() > 0) return shard.sum(constant(Array::zeros({1}, f32)));
          return network.penalised_loss(
              shard, first, {}, [&](Shard& part, const UnrolledRun& run) { return penalty->penalty(part, run); });
        }));
      if (own) {
        const int steps = std::min(own->steps(s), first.steps()), rows = std::min(own->rows(), first.rows());
        const SimpleBatch part = first_part(first.get<SimpleBatch>(), steps, rows);
        check_finite(own_result(m, *own, part, own_options(*own, rows, 0, 1)));
      }
    } catch (Error& e) {
      e.with_context(fmt::format("; this is what the remedy '{}' needs of the task '{}'", remedy->text(), task.name()));
      throw;
    }
  }
}

}  // namespace ebb::app
