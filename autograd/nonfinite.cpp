#include <ebb/autograd/nonfinite.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/fuse_run.hpp>
#include <ebb/autograd/leaf_data.hpp>
#include <ebb/autograd/nonfinite_lane.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/elementwise.hpp>

namespace ebb {

namespace detail {

namespace {

template <class T> void measure(const Array& a, ValueRange& r) {
  const T* x = a.data<T>();
  for (std::int64_t k = 0; k < a.size(); ++k) {
    const double v = static_cast<double>(x[k]);
    if (!std::isfinite(v)) {
      ++(std::isnan(v) ? r.nan : r.infinite);
      if (r.first < 0) r.first = k;
      continue;
    }
    r.low = r.finite == 0 ? v : std::min(r.low, v);
    r.high = r.finite == 0 ? v : std::max(r.high, v);
    ++r.finite;
  }
}

ValueRange measured(const Array& value, std::string name = {}) {
  ValueRange r;
  r.name = std::move(name);
  r.shape = value.shape();
  if (!value) return r;
  const Array a = value.contiguous() ? value : value.copy();
  if (a.dtype() == f32) measure<float>(a, r);
  else measure<double>(a, r);
  return r;
}

std::string name_of(TapeImpl& t, std::uint32_t id) {
  const Node& n = t.node(id);
  if (n.leaf) return "parameter " + n.leaf->name;
  const char* what = n.op ? n.op->name : n.requires_grad ? "a variable" : "a value outside the graph";
  return what + origin_of(t.handle(id));
}

}  // namespace

ValueRange NonFiniteLane::range_of(TapeImpl& t, std::uint32_t id, const Array& value) {
  if (tape_ != t.epoch()) {
    ranges_.clear();
    deferred_.clear();
    tape_ = t.epoch();
  }
  if (const auto known = ranges_.find(id); known != ranges_.end() && t.node(id).recorded) return known->second;
  ValueRange r = measured(value, name_of(t, id));
  if (t.node(id).recorded) ranges_.insert_or_assign(id, r);
  return r;
}

void NonFiniteLane::began(TapeImpl& t, const char* op, const Var* inputs, int count) {
  if (found_ || t.sweep().running()) return;
  op_ = op;
  held_.clear();
  for (int k = 0; k < count; ++k) held_.push_back({{}, t.node(inputs[k].node()).value});
}

void NonFiniteLane::recorded(TapeImpl& t, const Var& y, const Var* inputs, int count) {
  if (found_ || t.sweep().running()) return;
  const Node& n = t.node(y.node());
  look(t, y, n.op->name, inputs, count);
  op_ = nullptr;
  held_.clear();
}

void NonFiniteLane::pushed(TapeImpl& t, const Var& y) {
  if (found_ || t.sweep().running() || !op_ || held_.empty()) return;
  look(t, y, op_, nullptr, 0);
  if (std::strcmp(op_, fuse_table.name) == 0) return;  // more results may follow
  op_ = nullptr;
  held_.clear();
}

/// `inputs` is null for a value outside the graph; its operands are those that were held.
void NonFiniteLane::look(TapeImpl& t, const Var& y, const char* op, const Var* inputs, int count) {
  const Node& n = t.node(y.node());
  std::vector<ValueRange> operands;
  for (int k = 0; k < count; ++k) {
    const std::uint32_t id = inputs[k].node();
    const bool held = held_.size() == static_cast<std::size_t>(count);
    operands.push_back(range_of(t, id, held ? held_[static_cast<std::size_t>(k)].value : t.node(id).value));
  }
  if (!n.value) return;  // a transpose, or a fused lambda with several results, which are looked at next
  if (inputs) range_of(t, y.node(), n.value);
  if (all_finite(n.value)) return;
  if (n.op == &fuse_table && look_inside(t, y, inputs, count)) return;
  if (!inputs)
    for (const Held& h : held_) operands.push_back(measured(h.value, "an operand"));
  found_.emplace();
  found_->op = op;
  found_->file = n.file ? n.file : "";
  found_->line = n.line;
  found_->step = n.time;
  found_->result = measured(n.value, op);
  found_->operands = std::move(operands);
}

/// Runs a fused lambda on Vars, op by op.
bool NonFiniteLane::look_inside(TapeImpl& t, const Var& y, const Var* inputs, int count) {
  if (inside_) return false;
  const auto& record = *static_cast<const FuseRecord*>(t.node(y.node()).attributes);
  const std::vector<Held> outer = std::move(held_);
  std::vector<Var> in;
  for (int k = 0; k < count; ++k) {
    const Array held =
        outer.size() == static_cast<std::size_t>(count) ? outer[static_cast<std::size_t>(k)].value : Array();
    in.push_back(held ? t.push(Array(held), std::source_location::current()) : inputs[k]);
  }
  Var out[fuse_results];
  const bool recording = t.set_recording(false);
  inside_ = true;
  record.program->plain(in.data(), out);
  inside_ = false;
  t.set_recording(recording);
  held_.clear();
  return found_.has_value();
}

void NonFiniteLane::sweep(Sweep& s, std::uint32_t node) {
  const std::uint32_t outer = std::exchange(visiting_, node);
  const Node& at = s.tape.node(node);
  const bool several = at.op == &fuse_table && static_cast<const FuseRecord*>(at.attributes)->program->results > 1;
  const Array received = found_ || several ? Array() : at.grad.copy();  // which the op may pass on
  s.tape.node(node).op->sweep(s, node);
  visiting_ = outer;
  if (found_) return;
  const Node& n = s.tape.node(node);
  for (int k = 0; k < n.input_count; ++k)
    if (look_at_gradient(s, node, n.inputs()[k], k)) {
      found_->adjoint = measured(received, "gradient");
      return;
    }
}

bool NonFiniteLane::look_at_gradient(Sweep& s, std::uint32_t node, std::uint32_t input, int k) {
  if (!s.wants(input)) return false;
  std::uint32_t holder = input;
  while (s.tape.node(holder).in_parent()) holder = s.tape.node(holder).inputs()[0];
  close_gaps(s.tape.node(holder));
  const Array& whole = s.tape.node(holder).grad;
  if (!whole || all_finite(whole)) return false;
  found_.emplace();
  found_->gradient = true;
  found_->of = k;
  found_->result = measured(whole, name_of(s.tape, holder));
  describe_sweep(s.tape, node);
  return true;
}

void NonFiniteLane::describe_sweep(TapeImpl& t, std::uint32_t node) {
  const Node& n = t.node(node);
  found_->op = n.op->name;
  found_->file = n.file ? n.file : "";
  found_->line = n.line;
  found_->step = n.time;
  for (int k = 0; k < n.input_count; ++k) {
    const std::uint32_t in = n.inputs()[k];
    const auto known = t.epoch() == tape_ ? ranges_.find(in) : ranges_.end();
    if (known != ranges_.end()) found_->operands.push_back(known->second);
    else if (in != 0 && t.node(in).value) found_->operands.push_back(measured(t.node(in).value, name_of(t, in)));
  }
}

void NonFiniteLane::deferred(Sweep&, std::uint32_t operand, std::int64_t) {
  if (!found_) deferred_.insert_or_assign(operand, visiting_);
}

/// The gradients that it multiplied were finite, so the product overflowed.
void NonFiniteLane::flush(Sweep& s, std::uint32_t operand, bool begins) {
  const auto by = deferred_.find(operand);
  if (begins || found_ || by == deferred_.end()) return;
  const Array& whole = s.tape.node(operand).grad;
  if (!whole || all_finite(whole)) return;
  found_.emplace();
  found_->gradient = true;
  found_->result = measured(whole, name_of(s.tape, operand));
  describe_sweep(s.tape, by->second);
}

Observer& NonFiniteLane::shard(int number) {
  const std::lock_guard lock(mutex_);
  auto& lane = shards_[number];
  if (!lane) lane = std::make_unique<NonFiniteLane>();
  return *lane;
}

const std::optional<NonFiniteValue>& NonFiniteLane::found() const {
  if (found_) return found_;
  for (const auto& [number, lane] : shards_)
    if (lane->found()) return lane->found();
  return found_;
}

}  // namespace detail

NonFinite::Scope::Scope(NonFinite& n) : on_(std::make_unique<detail::Observed>(n.lane_.get())) {}
NonFinite::Scope::~Scope() = default;
NonFinite::NonFinite() : lane_(std::make_unique<detail::NonFiniteLane>()) {}
NonFinite::~NonFinite() = default;
const std::optional<NonFiniteValue>& NonFinite::first() const { return lane_->found(); }

}  // namespace ebb
