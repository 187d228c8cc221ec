#include <ebb/autograd/tape_impl.hpp>

#include <atomic>
#include <cstring>
#include <new>
#include <ebb/autograd/leaf_data.hpp>
#include <ebb/autograd/transformed_leaves.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/memory.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb {

Engine& engine() {
  static Engine e;
  return e;
}

Var detail_make_var(std::uint32_t node, std::uint32_t epoch) noexcept {
  Var v;
  v.node_ = node;
  v.epoch_ = epoch;
  return v;
}

namespace detail {

namespace {

constexpr std::size_t arena_block = 64 * 1024;
std::atomic<std::uint32_t> next_epoch{1};   // one counter for all threads: a captured Var is refused, never misread

std::string line_of(const std::string& path, std::uint32_t line) {
  return path.substr(path.find_last_of('/') + 1) + ":" + std::to_string(line);
}

/// Tapes that this thread has closed, kept for their memory.
struct Shelf {
  std::vector<TapeImpl*> idle;
  ~Shelf() { for (TapeImpl* t : idle) delete t; }
};
Shelf& shelf() {
  static thread_local Shelf s;
  return s;
}

}  // namespace

void TapeImpl::refuse_none(const char* who) {
  throw TapeError(std::string(who ? who : "a Var") + " needs a tape: make one first, `Tape tape;`");
}

TapeImpl* TapeImpl::open(TapeOptions o) {
  if (o.order < 1) throw ValueError("tape: the order of differentiation is at least 1");
  auto& idle = shelf().idle;
  TapeImpl* t = nullptr;
  if (idle.empty()) {
    t = new TapeImpl;
  } else {
    t = idle.back();
    idle.pop_back();
  }
  t->dtype = o.dtype;
  t->order = o.order;
  while ((t->epoch = next_epoch.fetch_add(1, std::memory_order_relaxed)) == 0) {}
  t->bytes_at_start = pool_stats().in_use;
  t->outer = innermost_;
  innermost_ = t;
  return t;
}

void TapeImpl::close(TapeImpl* t) {
  t->reset();
  if (innermost_ == t) {
    innermost_ = t->outer;
  } else {   // destroyed out of order: unlink it, the others live on
    for (TapeImpl* k = innermost_; k; k = k->outer)
      if (k->outer == t) k->outer = t->outer;
  }
  shelf().idle.push_back(t);
}

TapeImpl::TapeImpl() { chunks_.push_back(new Node[chunk_mask + 1]); }   // node 0 is the empty one

TapeImpl::~TapeImpl() {
  for (Node* c : chunks_) delete[] c;
  for (char* b : blocks_) delete[] b;
}

void TapeImpl::reset() {
  numbers_.clear();
  leaves_.clear();
  leaf_nodes_.clear();
  transformed_.clear();
  transform_at = Pass();
  found_.fill({});
  used_sets_.clear();
  marks_.clear();
  packs_.clear();
  free_packs_.clear();
  large_.clear();
  deferred.clear();
  step_ends.clear();
  for (std::uint32_t id = 1; id <= top; ++id) {
    Node& n = node(id);
    if (n.op && n.op->destroy && n.attributes) n.op->destroy(n.attributes);
    n.value = Array();
    n.grad = Array();
  }
  free_.clear();
  top = spent = 0;
  block_ = used_ = 0;
  recorded_nodes = 0;
  recording_ = true;
  sweeping = tracing = false;
  trace_found = nullptr;
  probe = nullptr;
  time = -1;
  epoch = 0;
}

void* TapeImpl::arena(std::size_t bytes) {
  bytes = (bytes + 15) / 16 * 16;
  if (bytes > arena_block) {   // the inputs of a stack of very many steps
    large_.push_back(Array::empty({static_cast<int>(bytes / sizeof(float))}, f32));
    return large_.back().raw();
  }
  if (blocks_.empty() || used_ + bytes > arena_block) {
    if (!blocks_.empty()) ++block_;
    if (block_ == blocks_.size()) blocks_.push_back(new char[arena_block]);
    used_ = 0;
  }
  void* p = blocks_[block_] + used_;
  used_ += bytes;
  return p;
}

std::uint32_t TapeImpl::fresh_node() {
  const std::uint32_t id = ++top;
  if ((id >> chunk_bits) >= chunks_.size()) chunks_.push_back(new Node[chunk_mask + 1]);
  new (&node(id)) Node;   // what a tape before left there holds nothing any more
  return id;
}

/// Only nodes outside the graph come from here: the graph's own are numbered in the order of their making.
std::uint32_t TapeImpl::recycled_node() {
  if (free_.empty()) return fresh_node();
  const std::uint32_t id = free_.back();
  free_.pop_back();
  return id;
}

Var TapeImpl::make(std::uint32_t id, Array value, const Shape& shape, const std::source_location& where) {
  Node& n = node(id);
  n.shape = shape;
  n.value = std::move(value);
  n.file = where.file_name();
  n.line = where.line();
  n.time = time;
  n.handles = 1;
  return detail_make_var(id, epoch);
}

Var TapeImpl::push(Array value, const std::source_location& where) {
  const Shape shape = value.shape();
  return make(recycled_node(), std::move(value), shape, where);
}

Var TapeImpl::record(const OpTable& op, void* attributes, const Var* inputs, int count, Array value, const Shape& shape,
                     const std::source_location& where) {
  const std::uint32_t id = fresh_node();
  Node& n = node(id);
  n.op = &op;
  n.attributes = attributes;
  n.recorded = n.requires_grad = true;
  n.keep = (op.needs & need_output) != 0;
  n.input_count = count;
  std::uint32_t* list = n.few;
  if (count > 4) list = n.many = static_cast<std::uint32_t*>(arena(sizeof(std::uint32_t) * static_cast<std::size_t>(count)));
  for (int k = 0; k < count; ++k) {
    Node& in = node(inputs[k].node());
    const bool read = (op.needs & need_inputs) != 0;
    if (!read && !in.requires_grad) {
      list[k] = 0;                     // neither read nor to be given a gradient: let it go
      continue;
    }
    list[k] = inputs[k].node();
    in.recorded = true;
    in.keep |= read;
  }
  ++recorded_nodes;
  Var v = make(id, std::move(value), shape, where);
  if (tracing && n.value) trace(id, n.value, "value");
  if (probe) [[unlikely]] probe->recorded(*this, v, inputs, count);
  return v;
}

bool TapeImpl::any_requires(const Var* inputs, int count) {
  if (!recording_) return false;
  for (int k = 0; k < count; ++k)
    if (node(inputs[k].node()).requires_grad) return true;
  return false;
}

void TapeImpl::require_order(const OpTable& op, const std::source_location& where) const {
  if (order < 2 || op.higher) return;
  try {
    throw TapeError(std::string(op.name) + ": its gradient is written on arrays and is first order only; this tape was "
                    "opened with order " + std::to_string(order));
  } catch (const Error&) {
    rethrow_at(where);
  }
}

void TapeImpl::refuse(const Var& v, const char* who) const {
  if (!v) throw TapeError(std::string(who) + ": an empty Var was used");
  throw TapeError(std::string(who) + (find(v.epoch()) ? ": this Var belongs to an outer tape; only the innermost tape's "
                                                        "Vars can be used here: pass its value() through constant()"
                                                      : ": this Var's tape is gone"));
}

void TapeImpl::make_lazy(Node& n) { n.value = transpose(value(n.inputs()[0])); }

Var TapeImpl::handle(std::uint32_t id) {
  if (id == 0) return {};
  ++node(id).handles;
  return detail_make_var(id, epoch);
}

void TapeImpl::release_handle(std::uint32_t id) noexcept {
  Node& n = node(id);
  if (--n.handles != 0) return;
  if (!n.keep && (engine().reuse || !n.recorded)) n.value = Array();
  if (!n.recorded) {
    if (n.pack) release_pack(n);
    n = Node{};
    free_.push_back(id);
  }
}

Var TapeImpl::number(double x) {
  for (const Number& k : numbers_)
    if (std::memcmp(&k.x, &x, sizeof x) == 0) return k.v;
  Var v = push(Array::number(x, dtype), std::source_location::current());
  if (numbers_.size() < 32) numbers_.push_back({x, v});
  return v;
}

Binding* binding_of(const LeafData* leaf) {
  Binding* bound = bindings();
  while (bound && bound->leaf != leaf) bound = bound->outer;
  return bound;
}

Var TapeImpl::leaf(const Leaf& l, const std::source_location& where) {
  Var raw = raw_leaf(l, where);
  if (l.get()->transforms.empty()) return raw;
  if (const Binding* bound = binding_of(l.get()); bound && bound->transformed) return raw;
  for (const TransformedLeaf& t : transformed_)
    if (t.raw == raw.node() && t.recorded == recording_) return t.v;
  transformed_.push_back({raw.node(), recording_, transformed(l, raw, transform_at)});
  return transformed_.back().v;
}

Var TapeImpl::raw_leaf(const Leaf& l, const std::source_location& where) {
  const LeafData* data = l.get();
  const Binding* bound = binding_of(data);
  if (bound && bound->var) return bound->var;
  const std::uint64_t key = bound ? bound->serial : reinterpret_cast<std::uintptr_t>(data);
  // After an edit the numbers are read anew: what was recorded with the old ones is refused by backward.
  const std::uint64_t version = bound ? 0 : data->set->version;
  FoundLeaf& last = found_[(key >> 4) % found_.size()];
  if (last.key == key && last.version == version) return handle(last.id);
  if (auto found = leaves_.find(key); found != leaves_.end()) {
    if (found->second.version == version) {
      last = {key, version, found->second.v.node()};
      return found->second.v;
    }
    leaves_.erase(found);
  }

  LeafSetData* const set = data->set;
  bool known = false;
  for (const UsedSet& u : used_sets_) known |= u.set.get() == set;
  if (!known) used_sets_.push_back({LeafSet(set), set->version});
  Array value = convert(bound ? bound->array : l.value());
  const std::uint32_t id = fresh_node();
  Var v = make(id, value, value.shape(), where);
  Node& n = node(id);
  n.leaf = l.get();
  n.version = bound ? bound->serial : version;
  n.bound = bound != nullptr;
  n.recorded = n.keep = true;
  n.requires_grad = data->trained;
  leaves_.emplace(key, LeafVar{v, version});
  leaf_nodes_.push_back(id);
  return v;
}

Var TapeImpl::variable(const Array& a, const std::source_location& where) {
  Array value = convert(a);
  const Shape shape = value.shape();
  Var v = make(fresh_node(), std::move(value), shape, where);
  node(v.node()).recorded = node(v.node()).requires_grad = true;
  return v;
}

TapeStats TapeImpl::stats() const {
  const PoolStats p = pool_stats();
  const auto over = [&](std::size_t bytes) { return static_cast<std::int64_t>(bytes) - static_cast<std::int64_t>(bytes_at_start); };
  return {recorded_nodes, over(p.in_use), over(p.peak)};
}

void TapeImpl::check_versions() {
  for (const UsedSet& u : used_sets_)
    if (u.set.version() != u.version)
      throw TapeError("backward: a parameter was edited (or added) while this tape was using it; make a new tape after an edit");
}

void TapeImpl::trace(std::uint32_t id, const Array& a, const char* what) {
  if (!trace_found || !trace_found->empty() || all_finite(a)) return;
  const Node& n = node(id);
  *trace_found = std::string(n.op ? n.op->name : "an input") + " has the first " + what + " that is not finite";
  if (time >= 0) *trace_found += ", time step " + std::to_string(time);
  if (n.file) *trace_found += " (" + line_of(n.file, n.line) + ")";
}

std::string origin_of(const Var& v) {
  TapeImpl* t = v ? TapeImpl::find(v.epoch()) : nullptr;
  if (!t || !t->node(v.node()).file) return {};
  const Node& n = t->node(v.node());
  return " (" + line_of(n.file, n.line) + (n.time >= 0 ? ", time step " + std::to_string(n.time) : "") + ")";
}

void rethrow_at(const std::source_location& where) {
  std::string at = " (" + line_of(where.file_name(), where.line());
  if (TapeImpl* t = TapeImpl::innermost(); t && t->time >= 0) at += ", time step " + std::to_string(t->time);
  at += ")";
  try {
    throw;
  } catch (const ShapeError& e) {
    throw ShapeError(e.what() + at);
  } catch (const ValueError& e) {
    throw ValueError(e.what() + at);
  } catch (const TapeError& e) {
    throw TapeError(e.what() + at);
  }
}

void hold(std::uint32_t id, std::uint32_t epoch) noexcept {
  if (TapeImpl* t = TapeImpl::find(epoch)) ++t->node(id).handles;
}
void drop(std::uint32_t id, std::uint32_t epoch) noexcept {
  if (TapeImpl* t = TapeImpl::find(epoch)) t->release_handle(id);
}

}  // namespace detail
}  // namespace ebb
