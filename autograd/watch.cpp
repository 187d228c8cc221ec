#include <algorithm>
#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/autograd/watch.hpp>
#include <ebb/autograd/watched_values.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace detail {

namespace {

[[noreturn]] void twice(const std::string& name, const WatchedValues::Named& first, const WatchedValues::Named& now) {
  throw ValueError("watch: one step of the cell names two values '" + name + "', the first at " +
                   line_of(first.where.file_name(), first.where.line()) +
                   ": use different names, or a WatchScope for each" + place_of(now.where));
}

}  // namespace

/// A time step that this shard has already recorded begins the next run of the sequence. Outside a loop over time,
/// steps are counted.
void WatchedValues::add(const std::string& name, const Named& now, std::vector<int> rows, Array value) {
  const std::lock_guard lock(mutex_);
  Collected& n = all_[name];
  if (const auto last = n.last.find(now.first_row); last != n.last.end() && now.step && last->second.step == now.step)
    twice(name, last->second, now);
  n.last.insert_or_assign(now.first_row, now);
  std::vector<bool>& seen = n.seen[now.first_row];
  std::size_t& run = n.run_of[now.first_row];
  const auto t = now.time < 0 ? seen.size() : static_cast<std::size_t>(now.time);
  if (run == 0 || (t < seen.size() && seen[t])) {
    ++run;
    seen.clear();
  }
  if (seen.size() <= t) seen.resize(t + 1);
  seen[t] = true;
  if (n.runs.size() < run) n.runs.resize(run);
  n.runs[run - 1].push_back({static_cast<int>(t), now.first_row, std::move(rows), std::move(value)});
}

std::vector<std::string> WatchedValues::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> list;
  for (const auto& [name, n] : all_) list.push_back(name);
  return list;
}

const WatchedValues::Collected& WatchedValues::collected(const std::string& name) const {
  if (const auto found = all_.find(name); found != all_.end()) return found->second;
  std::string known;
  for (const auto& [other, n] : all_) known += (known.empty() ? "" : ", ") + other;
  throw ValueError("watch: there is no value '" + name + "'; " +
                   (known.empty() ? "no values were named" : "there are " + known));
}

int WatchedValues::runs(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(collected(name).runs.size());
}

Array WatchedValues::run(const std::string& name, int k) const {
  const std::lock_guard lock(mutex_);
  const auto& runs = collected(name).runs;
  const int count = static_cast<int>(runs.size()), at = k < 0 ? k + count : k;
  if (at < 0 || at >= count)
    throw ValueError("watch: '" + name + "' has " + std::to_string(count) + (count == 1 ? " run" : " runs") +
                     "; there is no run " + std::to_string(k));
  const std::vector<Part>& parts = runs[static_cast<std::size_t>(at)];
  int T = 0, B = 0, first = parts.front().first_row;
  for (const Part& p : parts) {
    T = std::max(T, p.time + 1);
    first = std::min(first, p.first_row);
    for (const int row : p.rows) B = std::max(B, row + 1);
  }
  const Array& one = parts.front().value;
  const bool by_row = B > 0;
  const Shape step = by_row ? one.shape().with(0, B) : one.shape();
  Array whole = Array::zeros(step.inserted(0, T), one.dtype());
  for (const Part& p : parts) {
    const Shape shape = p.value.shape();
    if (shape.rank() != step.rank() || p.rows.empty() == by_row || !((by_row ? shape.with(0, B) : shape) == step))
      throw ShapeError("watch: '" + name + "' is " + text(one.shape()) + " at one step and " + text(shape) +
                       " at another");
    if (!by_row && p.first_row == first) whole[p.time].assign(p.value);  // from the first shard
    for (std::size_t r = 0; r < p.rows.size(); ++r) whole[p.time][p.rows[r]].assign(p.value[static_cast<int>(r)]);
  }
  return whole;
}

void WatchedValues::clear() {
  const std::lock_guard lock(mutex_);
  all_.clear();
}

void WatchPoint::add(const char* name, const Var& v, const std::source_location& where) {
  Array value = v.value().copy();
  std::vector<int> places;
  const bool by_row = value.rank() > 0 && (rows < 0 || value.dim(0) == rows);
  for (int r = 0; by_row && r < value.dim(0); ++r) places.push_back(first_row_ + (order ? order->data()[r] : r));
  const WatchedValues::Named now{step, TapeImpl::current("watch").time(), first_row_, where};
  to_->add(scopes + name, now, std::move(places), std::move(value));
}

WatchShard::WatchShard(const WatchPoint* callers, int first_row, int rows) : before_(watch_point) {
  if (!callers) return;
  own_ = std::make_unique<WatchPoint>(callers->values(), first_row, rows);
  own_->scopes = callers->scopes;
  watch_point = own_.get();
}

void watched(const char* name, const Var& v, const std::source_location& where) { watch_point->add(name, v, where); }

void WatchStep::enter() {
  outermost_ = point_->step == 0;
  if (outermost_) point_->step = point_->values().next_step();
}
void WatchStep::leave() noexcept {
  if (outermost_) point_->step = 0;
}

}  // namespace detail

void WatchScope::enter(const char* part) {
  outer_ = point_->scopes.size();
  point_->scopes += std::string(part) + "/";
}
void WatchScope::leave() noexcept { point_->scopes.resize(outer_); }

Watch::Watch()
    : values_(std::make_unique<detail::WatchedValues>()), point_(std::make_unique<detail::WatchPoint>(*values_)),
      outer_(detail::watch_point) {
  detail::watch_point = point_.get();
}
Watch::~Watch() { detail::watch_point = outer_; }
Array Watch::operator[](const std::string& name) const { return values_->run(name, -1); }
std::vector<std::string> Watch::names() const { return values_->names(); }
int Watch::runs(const std::string& name) const { return values_->runs(name); }
Array Watch::run(const std::string& name, int k) const {
  if (k < 0) throw ValueError("watch: runs are counted from 0, there is no run " + std::to_string(k));
  return values_->run(name, k);
}
void Watch::clear() { values_->clear(); }

}  // namespace ebb
