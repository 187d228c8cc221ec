#include <ebb/autograd/profile_lane.hpp>

#include <ebb/autograd/fuse_run.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/memory.hpp>
#include <unordered_set>

namespace ebb::detail {

namespace {

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::int64_t in_use() { return static_cast<std::int64_t>(pool_stats().in_use); }

}  // namespace

std::size_t ProfileLane::Hash::operator()(const ProfileSite& s) const noexcept {
  std::size_t h = reinterpret_cast<std::uintptr_t>(s.op) * 31 + reinterpret_cast<std::uintptr_t>(s.file);
  h = h * 1'000'003 + s.line;
  return h * 1'000'003 + static_cast<std::size_t>(s.step);
}

/// The results of a fused lambda count as the lambda.
ProfileSite ProfileLane::site_of(const Node& n) {
  const char* op = n.op == nullptr              ? (n.requires_grad ? "variable" : "constant")
                   : n.op == &fuse_result_table ? fuse_table.name
                                                : n.op->name;
  return {op, n.file, n.line, n.time};
}

void ProfileLane::keep(const ProfileEvent& e) {
  if (static_cast<std::int64_t>(events_.size()) < Profile::most_events) events_.push_back(e);
  else ++left_out_;
}

void ProfileLane::began(TapeImpl& t, const char* op, const Var*, int) {
  if (t.sweep().running()) return;
  op_ = op;
  in_use_ = in_use();
  began_ = now();
}

/// A fused lambda may have more results, which are recorded after its call.
void ProfileLane::end_of_call(const Node& n) {
  const std::int64_t end = now(), bytes = in_use();
  forward_ = true;
  if (!op_) return;
  const ProfileSite site{op_, n.file, n.line, n.time};
  ProfileSum& sum = sums_[site];
  ++sum.calls;
  sum.forward += end - began_;
  sum.forward_bytes += bytes - in_use_;
  keep({ProfileEvent::Pass::forward, site, began_, end, static_cast<std::size_t>(bytes)});
  op_ = nullptr;
}

void ProfileLane::recorded(TapeImpl& t, const Var& y, const Var*, int) {
  if (!t.sweep().running()) end_of_call(t.node(y.node()));
}

void ProfileLane::pushed(TapeImpl& t, const Var& y) {
  if (!t.sweep().running()) end_of_call(t.node(y.node()));
}

/// A sweep within another's, of an inner tape, is subtracted from that one.
void ProfileLane::sweep(Sweep& s, std::uint32_t node) {
  const Node& n = s.tape.node(node);
  if (std::exchange(forward_, false)) count_kept(s.tape);
  const ProfileSite outer = std::exchange(visiting_, site_of(n)), site = visiting_;
  const bool several = n.op == &fuse_table && static_cast<const FuseRecord*>(n.attributes)->program->results > 1;
  const std::int64_t around = std::exchange(within_, 0);
  const auto bytes = several ? std::size_t{0} : n.grad.bytes();  // each result's arrived at its own node
  const std::int64_t begin = now();
  n.op->sweep(s, node);
  const std::int64_t end = now();
  ProfileSum& sum = sums_[site];
  sum.backward += end - begin - within_;
  sum.backward_bytes += static_cast<std::int64_t>(bytes);
  keep({ProfileEvent::Pass::backward, site, begin, end, pool_stats().in_use});
  within_ = around + (end - begin);
  visiting_ = outer;
}

std::uint64_t ProfileLane::key(Sweep& s, std::uint32_t operand) {
  return operand | std::uint64_t{s.tape.epoch()} << 32;
}

void ProfileLane::deferred(Sweep& s, std::uint32_t operand, std::int64_t rows) {
  deferred_[key(s, operand)].push_back({visiting_, rows});
}

void ProfileLane::flush(Sweep& s, std::uint32_t operand, bool begins) {
  if (begins) {
    flush_began_ = now();
    return;
  }
  const std::int64_t end = now(), ns = end - flush_began_;
  const auto of = deferred_.find(key(s, operand));
  if (of == deferred_.end()) return;  // from before the scope
  share(of->second, ns);
  ProfileSite site = of->second.front().site;
  site.step = -1;
  keep({ProfileEvent::Pass::deferred, site, flush_began_, end, pool_stats().in_use});
  within_ += ns;
  deferred_.erase(of);
}

/// Divides the time of a product among the ops that deferred it, by their rows; to the nanosecond.
void ProfileLane::share(const std::vector<Deferral>& all, std::int64_t ns) {
  std::int64_t rows = 0, before = 0, given = 0;
  for (const Deferral& d : all) rows += d.rows;
  for (const Deferral& d : all) {
    before += d.rows;
    const std::int64_t until = rows == 0 ? ns : ns * before / rows;
    sums_[d.site].backward += until - given;
    given = until;
  }
}

/// The values that are alive when a sweep begins, each once, for the op that made it; a view counts if its parent is
/// gone. The time that this takes is not part of what is measured.
void ProfileLane::count_kept(TapeImpl& t) {
  const std::int64_t begin = now();
  std::unordered_set<const void*> places;
  const auto add = [&](const Node& n, const Array& a) {
    if (!a || n.leaf || !places.insert(a.raw()).second) return;
    sums_[site_of(n)].kept_bytes += static_cast<std::int64_t>(a.bytes());
  };
  for (std::uint32_t id = 1; id <= t.top(); ++id) {
    const Node& n = t.node(id);
    if (!n.op || !n.op->place || !t.node(n.inputs()[0]).value) add(n, n.value);
    if (n.op != &fuse_table) continue;
    const auto& record = *static_cast<const FuseRecord*>(n.attributes);
    for (int k = 0; k < record.program->slots; ++k) add(n, record.slot[k]);
  }
  kept_bytes_ += t.stats().kept_bytes;
  active_ -= now() - begin;
}

Observer& ProfileLane::shard(int number) {
  const std::lock_guard lock(mutex_);
  auto& lane = shards_[number];
  if (!lane)
    lane = std::make_unique<ProfileLane>((name_ == "caller" ? "" : name_ + ", ") + "shard " + std::to_string(number));
  return *lane;
}

/// Scopes of one Profile may be nested, with those of others between them: the outermost is measured, less the time in
/// which the thread waits, at any depth.
void ProfileLane::enter() {
  if (depth_++ == 0) resume();
}

void ProfileLane::leave() noexcept {
  op_ = nullptr;
  if (--depth_ == 0) pause();
}

void ProfileLane::pause() noexcept {
  active_ += now() - entered_;
  entered_ = -1;
}

void ProfileLane::resume() noexcept { entered_ = now(); }

std::int64_t ProfileLane::active() const { return active_ + (entered_ >= 0 ? now() - entered_ : 0); }

void ProfileLane::each_sum(const std::function<void(const ProfileSite&, const ProfileSum&)>& f) const {
  for (const auto& [site, sum] : sums_) f(site, sum);
}

void ProfileLane::each(const std::function<void(const ProfileLane&)>& f) const {
  f(*this);
  for (const auto& [number, lane] : shards_) lane->each(f);
}

}  // namespace ebb::detail
