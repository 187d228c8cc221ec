#include <ebb/autograd/tape_impl.hpp>

#include <cstring>
#include <ebb/autograd/call_site.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/memory.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb::detail {

inline Var TapeImpl::make(Node& n, std::uint32_t id, Array&& y, const Shape& shape, const std::source_location& at) {
  n.shape = shape;
  new (&n.value) Array(std::move(y));  // a new node's is empty
  const std::source_location& site = site_of(at);
  n.file = site.file_name();
  n.line = site.line();
  n.time = time_;
  n.handles = 1;
  return {id, epoch()};
}

Var TapeImpl::push(Array&& value, const std::source_location& where) {
  const Shape& shape = value.shape();
  const std::uint32_t id = nodes_.take();
  Var v = make(nodes_[id], id, std::move(value), shape, where);
  if (probe_) [[unlikely]]
    probe_->pushed(*this, v);
  return v;
}

Var TapeImpl::input(Array value, bool requires_grad, const std::source_location& where) {
  const Shape shape = value.shape();
  Node& n = nodes_.append();
  n.recorded = true;
  n.requires_grad = requires_grad;
  return make(n, top(), std::move(value), shape, where);
}

Var TapeImpl::record(const OpTable& op, void* attributes, const Var* inputs, int count, Array&& value,
                     const Shape& shape, const std::source_location& where) {
  Node& n = nodes_.append();
  n.op = &op;
  n.attributes = attributes;
  n.recorded = n.requires_grad = true;
  n.keep = (op.needs & need_output) != 0;
  n.input_count = count;
  std::uint32_t* list = n.few;
  if (count > 4)
    list = n.many = static_cast<std::uint32_t*>(arena(sizeof(std::uint32_t) * static_cast<std::size_t>(count)));
  const bool read = (op.needs & need_inputs) != 0;
  for (int k = 0; k < count; ++k) {
    Node& in = nodes_[inputs[k].node()];
    if (read) in.recorded = in.keep = true;
    else if (in.requires_grad) in.recorded = true;
    list[k] = read || in.requires_grad ? inputs[k].node() : 0;  // neither read nor given a gradient: dropped
  }
  ++recorded_nodes_;
  Var v = make(n, top(), std::move(value), shape, where);
  if (probe_) [[unlikely]]
    probe_->recorded(*this, v, inputs, count);
  return v;
}

Var TapeImpl::number(double x) {
  for (const Number& k : numbers_)
    if (std::memcmp(&k.x, &x, sizeof x) == 0) return k.v;
  Var v = push(Array::number(x, dtype_), std::source_location::current());
  if (numbers_.size() < 32) numbers_.push_back({x, v});
  return v;
}

bool TapeImpl::any_requires(const Var* inputs, int count) {
  if (!recording_) return false;
  for (int k = 0; k < count; ++k)
    if (nodes_[inputs[k].node()].requires_grad) return true;
  return false;
}

void TapeImpl::require_order(const OpTable& op, const std::source_location& where) const {
  if (order_ < 2 || op.higher) return;
  throw TapeError(std::string(op.name) +
                  ": its gradient is written on arrays, so it is first-order only; this tape has order " +
                  std::to_string(order_) + place_of(where));
}

void TapeImpl::reject(const Var& v, const char* who) {
  const std::string prefix = who ? std::string(who) + ": " : "";
  if (!v) throw EmptyVarError(prefix + "an empty Var was used");
  if (find(v.epoch()))
    throw TapeError(prefix + "this Var belongs to an outer tape: pass its value() through constant() to use it here");
  check_elsewhere(v.epoch(), prefix);
  throw TapeError(prefix + "this Var's tape was destroyed");
}

void TapeImpl::make_lazy(Node& n) { n.value = transpose(value(n.inputs()[0])); }

void TapeImpl::release_handle(std::uint32_t id) noexcept {
  Node& n = nodes_[id];
  if (--n.handles != 0) return;
  if (!n.keep && (engine().reuse || !n.recorded)) n.value.reset();
  if (n.recorded) return;
  if (n.pack) packs_.release(n);
  nodes_.recycle(id);
}

TapeStats TapeImpl::stats() const {
  const PoolStats p = pool_stats();
  const auto before = static_cast<std::int64_t>(bytes_at_start_);
  return {recorded_nodes_, static_cast<std::int64_t>(p.in_use) - before, static_cast<std::int64_t>(p.peak) - before};
}

void hold(std::uint32_t id, std::uint32_t epoch) {
  if (TapeImpl* t = TapeImpl::find(epoch)) ++t->node(id).handles;
  else TapeImpl::check_elsewhere(epoch);
}
void drop(std::uint32_t id, std::uint32_t epoch) noexcept {
  if (TapeImpl* t = TapeImpl::find(epoch)) t->release_handle(id);
}

}  // namespace ebb::detail
