#include <algorithm>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/jvp.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/online/product_probe.hpp>
#include <ebb/online/step_map.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb {

namespace {

using detail::ParameterVector;
using detail::ProductProbe;
using detail::StandIn;

/// Each row `times` times, padded to at least B entries, since a StepContext draws for as many rows as there are.
Tokens rows_repeated(int B, int times) {
  Tokens order({B * times});
  for (int k = 0; k < B * times; ++k) order.data()[k] = k / times;
  return order;
}

/// seeds [C, S] or [B, C, S] as [B C, S].
Array adjoints_of(const Array& seeds, int B) {
  if (seeds.rank() == 3) return seeds.reshape({seeds.dim(0) * seeds.dim(1), seeds.dim(2)});
  return gather(seeds.reshape({1, seeds.dim(0), seeds.dim(1)}), Tokens({B})).reshape({B * seeds.dim(0), seeds.dim(1)});
}

Array each_row_once(const Array& a, int B, int C) {
  return a.reshape({B, C * a.columns()}).column_block(0, a.columns()).copy();
}

std::vector<Leaf> leaves_read(const Cell& cell, const LeafSet& set, const Array& x) {
  if (dynamic_cast<const StackedCell*>(&cell))
    throw ValueError(std::string("online gradients are those of one layer, but ") + cell.name() +
                     " is a stack of several; train it by truncated backpropagation through time");
  std::vector<Leaf> leaves = detail::leaves_of_step(cell, set, x, {});
  if (leaves.empty())
    throw ValueError(std::string("a step of cell ") + cell.name() + " reads no trained parameter of this set");
  return leaves;
}

/// The stand-ins of all parameters on the current tape: matrices, and vectors with a row for each of `rows`.
std::vector<std::unique_ptr<StandIn>> stand_ins(const ParameterVector& p, const Array& theta, int rows,
                                                const std::vector<char>& dense) {
  std::vector<std::unique_ptr<StandIn>> all;
  for (int k = 0; k < p.count(); ++k) {
    const Shape& shape = p.leaf(k).shape();
    const Array values = p.part(theta, k).reshape(shape);
    if (dense[static_cast<std::size_t>(k)]) all.push_back(std::make_unique<StandIn>(p.leaf(k), constant(values)));
    else if (shape.rank() == 2) all.push_back(std::make_unique<StandIn>(p.leaf(k), variable(values)));
    else
      all.push_back(
          std::make_unique<StandIn>(p.leaf(k), variable(gather(values.reshape({1, shape[0]}), Tokens({rows})))));
  }
  return all;
}

State state_of(const Cell& cell, const Array& flat, bool differentiated, std::vector<Var>& wrt) {
  State s = as_state(cell, constant(flat));
  for (int k = 0; k < s.size(); ++k) {
    if (!differentiated) continue;
    s[k] = variable(s[k].value());
    wrt.push_back(s[k]);
  }
  return s;
}

Array joined_fields(const std::vector<Var>& g, int fields, int B, int C) {
  std::vector<Array> parts;
  for (int k = 0; k < fields; ++k)
    parts.push_back(g[static_cast<std::size_t>(k)].value().reshape(
        {B, C, static_cast<int>(g[static_cast<std::size_t>(k)].shape().size() / (std::int64_t{B} * C))}));
  return fields == 1 ? parts[0] : concat(parts.data(), fields, -1);
}

}  // namespace

StepMap::StepMap(const Cell& cell, const LeafSet& set, const Array& x, DType dtype)
    : cell_(cell), dtype_(dtype), size_(state_size(cell)), inputs_(x.dim(1)), p_(leaves_read(cell, set, x)),
      dense_(static_cast<std::size_t>(p_.count()), 0) {
  find_dense();
}

int StepMap::rows_of(int k) const {
  const Shape& s = p_.leaf(k).shape();
  return s.rank() == 2 ? s[0] : 1;
}
int StepMap::columns_of(int k) const { return static_cast<int>(p_.leaf(k).shape().size() / rows_of(k)); }

Array StepMap::theta() const {
  Array all = Array::empty({p_.size()}, dtype_);
  const Tape tape{{.dtype = dtype_}};
  const NoGrad off;
  for (int k = 0; k < p_.count(); ++k)
    all.range(p_.begin(k), p_.end(k)).assign(var_of(p_.leaf(k)).value().reshape({p_.end(k) - p_.begin(k)}));
  return all;
}

Array StepMap::next(const StepPoint& at) const {
  const Tape tape{{.dtype = dtype_}};
  const NoGrad off;
  const auto bound = stand_ins(p_, at.theta, 1, std::vector<char>(dense_.size(), 1));
  return flat_state(cell_.step(constant(at.x), as_state(cell_, constant(at.state)), at.at)).value();
}

StepDerivatives StepMap::derivatives(const StepPoint& at, const Array& seeds, StepPaths paths) const {
  const int B = at.x.dim(0), C = seeds.dim(-2);
  const Tokens order = rows_repeated(B, C);
  StepDerivatives d;
  const Tape tape{{.dtype = dtype_}};
  const auto stand = stand_ins(p_, at.theta, B * C, dense_);
  std::vector<Var> wrt;
  const State s = state_of(cell_, gather(at.state, order), true, wrt);
  const Var next = flat_state(cell_.step(constant(gather(at.x, order)), s, at.at.of_rows(order)));
  std::vector<std::uint32_t> matrices;
  for (int k = 0; k < p_.count(); ++k) {
    const Var& v = stand[static_cast<std::size_t>(k)]->var();
    if (!is_dense(k)) wrt.push_back(v);
    if (!is_dense(k) && p_.leaf(k).shape().rank() == 2) matrices.push_back(v.node());
  }
  const ProductProbe probe(matrices, paths == StepPaths::local);
  const std::vector<Var> g = vjp(next, constant(adjoints_of(seeds, B)), wrt);
  d.next = each_row_once(next.value(), B, C);
  d.J = joined_fields(g, s.size(), B, C);
  int at_wrt = s.size();
  for (int k = 0; k < p_.count(); ++k) {
    if (is_dense(k)) {
      d.dense.push_back({k, parameter_jacobian(at, seeds, k)});
      continue;
    }
    const Array& own = g[static_cast<std::size_t>(at_wrt++)].value();
    if (p_.leaf(k).shape().rank() == 1) d.terms.push_back({k, Array(), own.reshape({B, C, own.columns()})});
    for (const ProductProbe::Product& p : probe.products())
      if (p.matrix == stand[static_cast<std::size_t>(k)]->var().node())
        d.terms.push_back({k, each_row_once(p.x.compact(), B, C), p.g.compact().reshape({B, C, p.g.columns()})});
  }
  return d;
}

Array StepMap::along(const StepPoint& at, const Array& v) const {
  const Tape tape{{.dtype = dtype_, .order = 2}};
  const auto bound = stand_ins(p_, at.theta, 1, std::vector<char>(dense_.size(), 1));
  const auto step = [&](const Var& flat) {
    return flat_state(cell_.step(constant(at.x), as_state(cell_, flat), at.at));
  };
  return jvp(step, variable(at.state), constant(v)).second.value();
}

/// [B, C, K M] of one parameter by reverse passes of single rows.
Array StepMap::parameter_jacobian(const StepPoint& at, const Array& seeds, int k) const {
  const int B = at.x.dim(0), C = seeds.dim(-2), n = p_.end(k) - p_.begin(k);
  const Array adjoints = adjoints_of(seeds, B);
  Array D = Array::empty({B, C, n}, dtype_);
  for (int b = 0; b < B; ++b) {
    Tokens order({B});
    std::fill_n(order.data(), B, b);
    const Tape tape{{.dtype = dtype_}};
    const auto bound = stand_ins(p_, at.theta, 1, std::vector<char>(dense_.size(), 1));
    const StandIn own(p_.leaf(k), variable(p_.part(at.theta, k).reshape(p_.leaf(k).shape())));
    std::vector<Var> none;
    const State s = state_of(cell_, at.state.range(b, b + 1), false, none);
    const Var next = flat_state(cell_.step(constant(at.x.range(b, b + 1)), s, at.at.of_rows(order)));
    for (int c = 0; c < C; ++c) {
      const Var u = constant(adjoints.range(b * C + c, b * C + c + 1));
      Array row = D[b][c];
      row.assign(vjp(next, u, {own.var()})[0].value().reshape({n}));
    }
  }
  return D;
}

/// Whether the terms found for one parameter add up to its gradient: whether all of its uses are products or
/// elementwise.
bool StepMap::holds(const StepPoint& at, int k) const {
  const int B = at.x.dim(0), K = rows_of(k), M = columns_of(k);
  const Array seeds = normal({B, 1, size_}, Key{11}.named("seeds"), 0, 1, dtype_);
  Array sum = Array::zeros({K, M}, dtype_);
  try {
    for (const ImmediateTerm& t : derivatives(at, seeds).terms)
      for (int b = 0; b < B && t.parameter == k; ++b)
        add_into(sum, (t.a ? t.a[b] : Array::full({1}, 1, dtype_)).reshape({K, 1}) * t.G[b].reshape({1, M}));
  } catch (const Error&) {
    return false;  // an op that does not take a vector with rows
  }
  const Array truth = ebb::sum(parameter_jacobian(at, seeds, k), {0, 1}).reshape({K, M});
  return norm_of(truth - sum) <= 1e-9 * norm_of(truth);
}

void StepMap::find_dense() {
  const DType asked = dtype_;
  dtype_ = f64;
  const int B = 2;
  StepPoint at{.x = normal({B, inputs_}, Key{11}.named("x"), 0, 1, f64),
               .state = initial_state(cell_, B).copy(),
               .theta = theta()};
  at.theta = at.theta + normal(at.theta.shape(), Key{11}.named("theta"), 0, .1, f64);
  at.state.range(1, B).fill(0);  // a state may begin where nothing has an effect, such as -10,000
  at.state = at.state + normal({B, size_}, Key{11}.named("state"), 0, .5, f64);
  const auto all = std::vector<char>(dense_.size(), 1);
  std::vector<char> found = all;
  for (int k = 0; k < p_.count(); ++k) {
    dense_ = all;
    dense_[static_cast<std::size_t>(k)] = p_.leaf(k).shape().rank() > 2;
    found[static_cast<std::size_t>(k)] = is_dense(k) || !holds(at, k);
  }
  dense_ = found;
  dtype_ = asked;
}

Array identity_matrix(int n, DType dtype) {
  Array I = Array::zeros({n, n}, dtype);
  for (int k = 0; k < n; ++k) I.set_flat(std::int64_t{k} * n + k, 1);
  return I;
}

}  // namespace ebb
