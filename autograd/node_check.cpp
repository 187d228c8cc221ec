#include <ebb/autograd/node_check.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/reduce.hpp>
#include <limits>

namespace ebb::detail {
namespace {

constexpr double node_tolerance = 1e-6, node_rounding = 64 * std::numeric_limits<double>::epsilon();

/// Stops a sweep at these nodes, as if no op had produced them.
class Cut {
 public:
  Cut(TapeImpl& t, const std::vector<Var>& at) : t_(t), at_(at) {
    for (const Var& v : at_) {
      ops_.push_back(t_.node(v.node()).op);
      t_.node(v.node()).op = nullptr;
    }
  }
  ~Cut() {
    for (std::size_t k = at_.size(); k-- > 0;) t_.node(at_[k].node()).op = ops_[k];
  }
  Cut(const Cut&) = delete;
  Cut& operator=(const Cut&) = delete;

 private:
  TapeImpl& t_;
  const std::vector<Var>& at_;
  std::vector<const OpTable*> ops_;
};

double inner_product(const Array& a, const Array& b) { return sum(a * b).item(); }

}  // namespace

Probe& NodeCheck::probe(int lane) {
  const std::lock_guard lock(mutex_);
  return lanes_.try_emplace(lane, *this, lane).first->second;
}

void NodeCheck::begin(Run run, double step) {
  run_ = run;
  step_ = step;
  for (auto& [number, lane] : lanes_) {
    lane.at_ = 0;
    lane.passed_.clear();
  }
}

Array NodeCheck::direction(const Shape& s, Key key) const { return uniform(s, key, -1, 1, f64); }

Key NodeCheck::Lane::key_of(const char* what) const {
  return check_.key_.named(what).at(static_cast<std::uint64_t>(number_)).at(at_);
}

/// The distinct inputs that require a gradient, looking through ops without a value, such as a fused lambda with
/// several results.
std::vector<Var> NodeCheck::Lane::inputs_of(TapeImpl& t, const Var* inputs, int count) {
  std::vector<std::uint32_t> ids;
  for (int k = 0; k < count; ++k) {
    const auto passed = passed_.find(inputs[k].node());
    if (passed != passed_.end()) ids.insert(ids.end(), passed->second.begin(), passed->second.end());
    else if (t.node(inputs[k].node()).requires_grad) ids.push_back(inputs[k].node());
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::vector<Var> out;
  for (const std::uint32_t id : ids) out.push_back(t.handle(id));
  return out;
}

void NodeCheck::Lane::take_vjp(TapeImpl& t, Op& op, const Var& y, const std::vector<Var>& in) {
  const Cut cut(t, in);
  const Var r = constant(check_.direction(op.value.shape(), key_of("adjoint")));
  op.vjp.clear();
  for (const Var& g : vjp(y, r, in)) op.vjp.push_back(g.value());
}

void NodeCheck::Lane::note_moved(TapeImpl& t, Op& op, const Var& y, const std::vector<Var>& in,
                                 const std::vector<Array>& outside) {
  Node& n = t.node(y.node());
  const bool plus = check_.run_ == Run::plus;
  (plus ? op.plus : op.minus) = n.value;
  auto& moved = plus ? op.in_plus : op.in_minus;
  moved.clear();
  for (const Var& v : in) moved.push_back(t.value(v.node()));
  if (plus) op.outside = outside;
  op.checked &= op.outside.size() == outside.size();
  for (std::size_t k = 0; op.checked && k < outside.size();
       ++k)  // values behind detach() move too, but are not part of the op's gradient
    op.checked = outside[k].shape() == op.outside[k].shape() && largest_magnitude(outside[k] - op.outside[k]) == 0;
  n.value = op.value + (plus ? check_.step_ : -check_.step_) * check_.direction(n.shape, key_of("move"));
}

void NodeCheck::Lane::recorded(TapeImpl& t, const Var& y, const Var* inputs, int count) {
  if (t.sweep().running()) return;  // by a part that is recorded again
  Node& n = t.node(y.node());
  const std::vector<Var> in = inputs_of(t, inputs, count);
  if (n.lazy) return;  // a transpose: its consumer reads the moved original
  if (!n.value) {
    auto& passed = passed_[y.node()];
    for (const Var& v : in) passed.push_back(v.node());
    return;
  }
  if (check_.run_ == Run::centre) {
    if (ops_.size() == at_) ops_.emplace_back();
    Op& op = ops_[at_];
    op.name = n.op->name + origin_of(y);
    op.value = n.value;
    op.checked = true;
    take_vjp(t, op, y, in);
  } else if (at_ < ops_.size() && ops_[at_].value.shape() == n.shape) {
    std::vector<Array> outside;
    for (int k = 0; k < count; ++k)
      if (const Node& from = t.node(inputs[k].node()); !from.requires_grad) outside.push_back(from.value);
    note_moved(t, ops_[at_], y, in, outside);
  }
  ++at_;
}

void NodeCheck::Lane::sweep(Sweep& s, std::uint32_t node) { s.tape.node(node).op->sweep(s, node); }

void NodeCheck::judge(Op& op, Key key) const {
  if (!op.checked || !op.plus || !op.minus || op.in_plus.size() != op.vjp.size() || op.in_minus.size() != op.vjp.size())
    return;
  const Array r = direction(op.value.shape(), key);
  double analytic = 0, size = 0;
  for (std::size_t k = 0; k < op.vjp.size(); ++k) {
    const Array terms = op.vjp[k] * (op.in_plus[k] - op.in_minus[k]);
    analytic += sum(terms).item();
    size += sum(abs(terms)).item();
  }
  const double numeric = inner_product(r, op.plus - op.minus);
  const double noise = node_rounding * (inner_product(abs(r), abs(op.plus)) + inner_product(abs(r), abs(op.minus)));
  if (std::abs(analytic - numeric) <= node_tolerance * std::max(size, std::abs(numeric)) + noise) return;
  ++op.wrong;
  op.analytic = analytic / (2 * step_);
  op.numeric = numeric / (2 * step_);
}

void NodeCheck::judge() {
  ++steps_;
  for (auto& [number, lane] : lanes_)
    for (std::size_t k = 0; k < lane.ops_.size(); ++k) {
      lane.at_ = k;
      judge(lane.ops_[k], lane.key_of("adjoint"));
    }
}

std::vector<std::string> NodeCheck::wrong() const {
  std::vector<std::string> out;
  std::vector<std::string> seen;
  for (const auto& [number, lane] : lanes_)
    for (std::size_t k = lane.ops_.size(); k-- > 0;) {
      const Op& op = lane.ops_[k];
      const std::string place = op.name.substr(0, op.name.find(", time step"));
      if (steps_ == 0 || op.wrong < steps_ || std::find(seen.begin(), seen.end(), place) != seen.end()) continue;
      seen.push_back(place);
      char figures[96];
      std::snprintf(figures, sizeof figures, ": along a random direction %.9e, by differences %.9e", op.analytic,
                    op.numeric);
      out.push_back(op.name + figures);
    }
  return out;
}

}  // namespace ebb::detail
