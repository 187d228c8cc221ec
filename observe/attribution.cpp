#include <algorithm>
#include <cmath>
#include <ebb/autograd/binding.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/observe/attribution.hpp>
#include <ebb/observe/parameter_vector.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/reduce.hpp>
#include <ebb/ops/text.hpp>
#include <map>
#include <numeric>

namespace ebb {

namespace {

using detail::ParameterVector;

/// One copy of the parameters per part, made at its first use on the tape.
class CopiesByTime {
 public:
  CopiesByTime(const ParameterVector& p, int every)
      : p_(p), every_(every), values_(p.values()), epoch_(detail::TapeImpl::current().epoch()) {
    for (int k = 0; k < p.count(); ++k) leaves_.push_back(std::make_unique<OfLeaf>(*this, k));
  }
  CopiesByTime(const CopiesByTime&) = delete;
  CopiesByTime& operator=(const CopiesByTime&) = delete;

  const std::map<int, Var>& copies() const { return thetas_; }  ///< [N] by the first time step of the part

 private:
  class OfLeaf final : public detail::VarByTime {
   public:
    OfLeaf(CopiesByTime& all, int k)
        : all_(all), k_(k), binding_(all.p_.leaf(k), all.p_.leaf(k).shape(), Var(),
                                     all.p_.part(all.values_, k).reshape(all.p_.leaf(k).shape()), false) {
      binding_.by_time = this;
    }
    Var at(int time) override { return all_.at(k_, time); }

   private:
    CopiesByTime& all_;
    const int k_;
    detail::Binding binding_;
  };

  Var at(int k, int time) {
    if (detail::TapeImpl::current().epoch() != epoch_) return {};  // a tape within the loss reads plain values
    const int part = time < 0 ? -1 : time / every_ * every_;
    Var& view = views_[{part, k}];
    if (view) return view;
    Var& theta = thetas_[part];
    if (!theta) theta = variable(values_);
    return view = p_.part(theta, k);
  }

  const ParameterVector& p_;
  const int every_;
  const Array values_;
  const std::uint32_t epoch_;
  std::map<int, Var> thetas_;
  std::map<std::pair<int, int>, Var> views_;
  std::vector<std::unique_ptr<OfLeaf>> leaves_;
};

void split_gradient(const Objective& objective, const ParameterVector& p, int every, GradientByTime& g) {
  Tape tape{{.dtype = f64}};
  const CopiesByTime split(p, every);
  const Var loss = objective();
  const Grads grads = tape.backward(loss);
  g.loss = loss.item();
  g.parts = Array::empty({static_cast<int>(split.copies().size()), p.size()}, f64);
  for (const auto& [time, theta] : split.copies()) {
    Array part = g.parts[static_cast<int>(g.times.size())];
    part.assign(grads[theta]);
    g.times.push_back(time);
  }
}

Array ordinary_gradient(const Objective& objective, const ParameterVector& p) {
  Tape tape{{.dtype = f64}};
  const Var loss = objective();
  for (int k = 0; k < p.count(); ++k) (void)var_of(p.leaf(k));  // in case the loss does not use the set
  const Grads grads = tape.backward(loss);
  Array whole = Array::zeros({p.size()}, f64);
  for (int k = 0; k < p.count(); ++k)
    whole.range(p.begin(k), p.end(k)).assign(grads[p.leaf(k)].reshape({p.end(k) - p.begin(k)}));
  return whole;
}

void measure_parts(const ParameterVector& p, GradientByTime& g) {
  const int n = g.parts.dim(0);
  const double squares = sum_of_squares(g.whole);
  g.norms = Array::empty({n, p.count()}, f64);
  g.shares = Array::zeros({n, p.count()}, f64);
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < p.count(); ++k) {
      const Array part = p.part(g.parts[i], k), whole = p.part(g.whole, k);
      const std::int64_t at = std::int64_t{i} * p.count() + k;
      g.norms.set_flat(at, norm_of(part));
      if (squares != 0) g.shares.set_flat(at, sum(part * whole).item() / squares);  // NaN stays NaN
    }
  const Array left = n > 0 ? sum(g.parts, {0}) - g.whole : g.whole;
  const double largest = largest_magnitude(g.whole);
  g.difference = largest_magnitude(left) / (largest > 0 ? largest : 1);
}

}  // namespace

Array GradientByTime::part(int n, const std::string& parameter) const {
  int begin = 0;
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    const int end = begin + static_cast<int>(shapes[k].size());
    if (parameters[k] == parameter) return parts[n].range(begin, end).reshape(shapes[k]);
    begin = end;
  }
  throw ValueError("gradient_by_time: there is no trained parameter " + parameter);
}

GradientByTime gradient_by_time(const Objective& objective, const GradientByTimeOptions& o) {
  if (o.every < 1)
    throw ValueError("gradient_by_time: a part has " + std::to_string(o.every) + " steps, not at least 1");
  const ParameterVector p(detail::trained_leaves(objective.parameters()));
  GradientByTime g;
  g.parameters = p.names();
  for (int k = 0; k < p.count(); ++k) g.shapes.push_back(p.leaf(k).shape());
  split_gradient(objective, p, o.every, g);
  g.whole = ordinary_gradient(objective, p);
  measure_parts(p, g);
  return g;
}

Saliency saliency(const Array& x, const VarFunction& loss) {
  if (x.rank() != 3) throw ShapeError("saliency: inputs are [steps, rows, width], these are " + text(x.shape()));
  Tape tape{{.dtype = f64}};
  const Var in = variable(x);
  const Var y = loss(in);
  Saliency s;
  s.gradient = tape.backward(y)[in].copy();
  s.loss = y.item();
  s.norms = norm(s.gradient, {-1});
  s.contributions = sum(s.gradient * x.to(f64), {-1});
  return s;
}

}  // namespace ebb
