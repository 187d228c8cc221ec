#include <ebb/autograd/shard_run.hpp>
#include <ebb/observe/objective.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>
#include <utility>

namespace ebb {

Objective::Objective(const LeafSet& set, std::function<Var()> loss) : set_(set), loss_(std::move(loss)) {}

Objective::Objective(const LeafSet& set, const ShardOptions& o, ShardLoss loss)
    : set_(set), options_(o), shard_loss_(std::move(loss)),
      context_({.training = o.training, .seed = o.seed, .update = o.update}) {
  options_.dtype = f64;
  options_.shards = 1;
}

Var Objective::partial() const {
  detail::ShardRun run(set_, options_);
  Shard whole(run, 0, 0, options_.rows);
  return shard_loss_(whole).var();
}

Var Objective::operator()() const {
  detail::TapeImpl::current("objective").leaves().set_context(&context_);
  Var loss = shard_loss_ ? partial() : loss_();
  if (!loss) throw ValueError("objective: the loss is an empty Var");
  if (loss.shape().size() != 1)
    throw ShapeError("objective: the loss must have one element, but is " + text(loss.shape()) +
                     ": take its sum or mean");
  return loss;
}

}  // namespace ebb
