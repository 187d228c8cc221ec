#include <ebb/autograd/nonfinite.hpp>
#include <ebb/autograd/rank_results.hpp>
#include <ebb/autograd/shard_run.hpp>
#include <ebb/autograd/sum_grads.hpp>
#include <ebb/autograd/trace.hpp>
#include <ebb/autograd/watched_values.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ranks/ranks.hpp>

namespace ebb {

int shard_count(int rows) {
  int n = rows < 16 ? 1 : 2;
  while (rows / (2 * n) >= 16) n *= 2;
  return n;
}

namespace detail {

ShardRun::ShardRun(const LeafSet& s, const ShardOptions& o) : set(s), options(o) {
  if (o.rows < 1) throw ValueError("backward: a batch needs at least one row, got " + std::to_string(o.rows));
  if (o.shards < 0 || o.shards > o.rows)
    throw ValueError("backward: shards must be between 0 (automatic) and the number of rows");
  shards = o.shards > 0 ? o.shards : shard_count(o.rows);
  own = {0, shards};
  if (o.ranks && o.ranks->size() > 1) own = tree.emplace(shards, o.ranks->size()).shards_of(o.ranks->rank());
  const auto n = static_cast<std::size_t>(shards);
  grads.resize(n);
  losses.resize(n);
  counts.resize(n);
  kept.resize(n);
  errors.resize(n);
}

Array ShardRun::whole(std::map<std::string, Array>& in, const std::string& name, const Shape& part, int axis) {
  const Shape shape = part.with(axis, options.rows);
  const std::lock_guard lock(mutex);
  Array& a = in[name];
  if (!a) a = Array::zeros(shape, options.dtype);
  if (!(a.shape() == shape)) throw ShapeError("shard: output " + name + " has different shapes in different shards");
  return a;
}

void ShardRun::run(int shard, const LossRef& loss, bool gradients) {
  const auto k = static_cast<std::size_t>(shard);
  try {
    Tape tape{{.dtype = options.dtype, .order = options.order}};
    TapeImpl& t = TapeImpl::current();
    t.set_recording(gradients);
    Shard s(*this, shard, begin(shard), begin(shard + 1));
    const WatchShard watched(watcher, s.begin(), s.rows());
    const PartialLoss part = loss(s);
    kept[k] = tape.stats().kept_bytes;
    if (!part.var()) throw ValueError("shard: the loss is an empty PartialLoss");
    if (gradients) {
      grads[k] = t.backward(part.var(), false);
      s.publish(grads[k]);
      grads[k].forget_vars();  // nothing from a shard's tape may outlive it
      grads[k].lead_with(set, options.dtype);
    } else {
      s.publish({});
    }
    losses[k] = part.var().item();
  } catch (...) { errors[k] = std::current_exception(); }
}

void ShardRun::run_all(const LossRef& loss, bool gradients) {
  const StepContext context({.training = options.training, .seed = options.seed, .update = options.update});
  transformed.emplace(set, options.dtype, context, gradients);
  Binding* const outer = bindings();
  watcher = watch_point;
  observed = observer;
  const ObservedWait wait;
  parallel_for(own.second - own.first, 1, [&](std::int64_t first, std::int64_t last) {
    Binding* const before = bindings();
    bindings() = outer;  // the caller's bindings apply in its shards
    first += own.first;
    last += own.first;
    for (std::int64_t k = first; k < last; ++k) {
      const Observed own_lane(observed ? &observed->shard(static_cast<int>(k)) : nullptr);
      run(static_cast<int>(k), loss, gradients);
      if (gradients) sum_behind(k, first);
    }
    bindings() = before;
  });
  if (tree) return;  // gather_results() looks for errors, on all ranks
  for (const std::exception_ptr& e : errors)
    if (e) std::rethrow_exception(e);
}

/// Sums the subtrees completed by shard k, among the shards run by this thread, so that only a few gradients are alive
/// at a time.
void ShardRun::sum_behind(std::int64_t k, std::int64_t first) {
  for (std::int64_t size = 2; (k + 1) % size == 0 && k + 1 - size >= first; size *= 2) {
    const auto left = static_cast<std::size_t>(k + 1 - size), right = left + static_cast<std::size_t>(size / 2);
    Grads pair[2] = {std::move(grads[left]), std::move(grads[right])};
    sum_grads(pair, 2);
    grads[left] = std::move(pair[0]);
    grads[right] = Grads();
  }
}

/// The sum of the gradients of all shards, in the first.
void ShardRun::sum_gradients(bool gaps) {
  Grads* const mine = grads.data() + own.first;
  if (own.first < own.second) sum_grads(mine, static_cast<std::size_t>(own.second - own.first));
  if (tree) {
    if (own.first > 0) grads[0] = std::move(*mine);
    GradParts::sum_over_ranks(grads[0], set, options.dtype, *options.ranks, *tree, gaps);
  }
  grads[0].close_gaps();
}

/// Sums over shards are pairwise, in shard order.
void ShardRun::publish(bool gradients) {
  const bool gaps = tree && gather_results(*this);
  const auto n = static_cast<std::size_t>(shards);
  for (std::size_t stride = 1; stride < n; stride *= 2)
    for (std::size_t k = 0; k + stride < n; k += 2 * stride) {
      losses[k] += losses[k + stride];
      kept[k] += kept[k + stride];
      for (auto& [name, x] : counts[k + stride]) counts[k][name] += x;
    }
  if (gradients) {
    sum_gradients(gaps);
    transformed->pull_back(grads[0]);
  }
  result.loss = losses[0];
  result.kept_bytes = kept[0];
  result.counts = std::move(counts[0]);
  result.grads = std::move(grads[0]);
}

Result backward(const LeafSet& set, const ShardOptions& o, const LossRef& loss) {
  ShardRun run(set, o);
  run.run_all(loss, true);
  run.publish(true);
  return std::move(run.result);
}

Result evaluate(const LeafSet& set, const ShardOptions& o, const LossRef& loss) {
  ShardOptions quiet = o;
  quiet.training = false;
  ShardRun run(set, quiet);
  run.run_all(loss, false);
  run.publish(false);
  return std::move(run.result);
}

}  // namespace detail

std::string trace_nonfinite(const LeafSet& set, const ShardOptions& o, const ShardLoss& loss) {
  NonFinite watch;
  try {
    const NonFinite::Scope on(watch);
    ShardOptions all_here = o;
    all_here.ranks = nullptr;
    backward(set, all_here, loss);
  } catch (const Error&) {  // the caller has seen this error already; report what was traced up to it
  }
  return watch.first() ? watch.first()->text() : "";
}

const Array& StateArrays::operator[](const std::string& name) const {
  for (std::size_t k = 0; k < names.size(); ++k)
    if (names[k] == name) return fields[k];
  throw ValueError("state: there is no field " + name);
}

namespace {
template <class M> const auto& find_in(const M& map, const std::string& name, const char* what) {
  if (auto it = map.find(name); it != map.end()) return it->second;
  std::string known;
  for (auto& [k, v] : map) known += (known.empty() ? "" : ", ") + k;
  throw ValueError(std::string(what) + ": there is no " + name + "; there is " + (known.empty() ? "none" : known));
}
}  // namespace

const Array& Result::rows(const std::string& name) const { return find_in(outputs, name, "result rows"); }
const Array& Result::grad(const std::string& name) const { return find_in(retained, name, "result gradients"); }
const StateArrays& Result::state(const std::string& name) const { return find_in(states, name, "result states"); }

}  // namespace ebb
