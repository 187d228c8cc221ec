#include <ebb/autograd/gradcheck.hpp>

#include <cmath>
#include <cstring>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/shard_run.hpp>
#include <ebb/autograd/trace.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/reduce.hpp>
#include <iomanip>
#include <memory>
#include <ostream>
#include <sstream>

namespace ebb {

namespace {

std::string element_name(const Shape& s, std::int64_t i) {
  int index[Shape::max_rank] = {};
  for (int k = s.rank() - 1; k >= 0; --k) {
    index[k] = static_cast<int>(i % s[k]);
    i /= s[k];
  }
  std::string out = "[";
  for (int k = 0; k < s.rank(); ++k) out += (k ? ", " : "") + std::to_string(index[k]);
  return out + "]";
}

/// All elements, or a sample by seed if there are more than wanted.
std::vector<std::int64_t> elements_of(const Array& a, const GradcheckOptions& o, std::uint64_t stream) {
  if (o.most_elements < 1) throw ValueError("gradcheck: most_elements must be at least 1, not " + std::to_string(o.most_elements));
  std::vector<std::int64_t> out;
  const std::int64_t n = a.size();
  if (n <= o.most_elements) {
    for (std::int64_t i = 0; i < n; ++i) out.push_back(i);
  } else {
    const Key key = Key{o.seed}.named("gradcheck elements").at(stream);
    for (int k = 0; k < o.most_elements; ++k)
      out.push_back(static_cast<std::int64_t>(key.bits(static_cast<std::uint64_t>(k)) % static_cast<std::uint64_t>(n)));
  }
  return out;
}

/// Compares an analytic gradient with central differences of `at`, the function's value with one element moved.
GradcheckEntry compare(const std::string& name, int order, const Array& x, const Array& analytic, const GradcheckOptions& o,
                       std::uint64_t stream, const std::function<double(std::int64_t, double)>& at) {
  GradcheckEntry e;
  e.input = name;
  e.order = order;
  e.scale = std::max(1.0, largest_magnitude(analytic));
  e.influence = largest_magnitude(analytic) != 0;
  for (const std::int64_t i : elements_of(x, o, stream)) {
    const double v = x.at_flat(i), h = o.step * std::max(1.0, std::abs(v));
    const double up = v + h, down = v - h;
    const double numeric = (at(i, up) - at(i, down)) / (up - down);
    const double a = analytic.at_flat(i), error = std::abs(a - numeric);
    e.influence |= numeric != 0;
    if (error > e.error || !(error == error) || e.element.empty()) {
      e.element = element_name(x.shape(), i);
      e.analytic = a;
      e.numeric = numeric;
      e.error = error;
    }
    if (error != error) break;   // NaN: nothing is worse
  }
  e.ok = e.error <= o.tolerance * e.scale;
  return e;
}

bool same_bits(double x, double y) { return std::memcmp(&x, &y, sizeof x) == 0; }   // NaN is the same as itself
bool same_bits(const Array& a, const Array& b) {
  if (!(a.shape() == b.shape())) return false;
  for (std::int64_t i = 0; i < a.size(); ++i)
    if (!same_bits(a.at_flat(i), b.at_flat(i))) return false;
  return true;
}
std::string not_finite(const std::string& trace) { return "not finite: " + (trace.empty() ? "the result or its gradient" : trace); }

// ---- a function of arrays

using Function = std::function<Var(const std::vector<Var>&)>;

class FunctionCheck {
 public:
  FunctionCheck(const Function& f, const std::vector<Array>& x, const GradcheckOptions& o, const std::vector<std::string>& names)
      : f_(f), o_(o) {
    for (const Array& a : x) x_.push_back(a.to(f64).copy());
    for (std::size_t k = 0; k < x.size(); ++k) names_.push_back(k < names.size() ? names[k] : "input " + std::to_string(k));
  }

  GradcheckReport run() {
    GradcheckReport report;
    try {
      for (int order = 1; order <= o_.order && report.finding.empty(); ++order) check(order, report);
    } catch (const Error& e) {
      report.failure = e.what();
    }
    return report;
  }

 private:
  std::vector<Var> variables() const {
    std::vector<Var> in;
    for (const Array& a : x_) in.push_back(variable(a.copy()));   // a copy: the op may overwrite what it is given
    return in;
  }
  /// <y, r> with r fixed random numbers, so that every element of y matters and none cancels.
  Var project(const Var& y, const char* purpose) const {
    return sum(y * constant(uniform(y.shape(), Key{o_.seed}.named(purpose), .5, 1.5, f64)));
  }
  /// Order 1: the projected result. Order 2: the projected gradient of it.
  Var number(const std::vector<Var>& in, int order) const {
    Var s = project(f_(in), "gradcheck projection");
    if (order == 1) return s;
    const std::vector<Var> g = grad(s, in, {.create_graph = true});
    Var all;
    for (std::size_t k = 0; k < g.size(); ++k) {
      const Var term = project(g[k], ("gradcheck projection of gradient " + std::to_string(k)).c_str());
      all = all ? all + term : term;
    }
    return all;
  }
  double value(int order) const {
    Tape tape{{.dtype = f64, .order = order}};
    return number(variables(), order).item();
  }
  std::vector<Array> gradients(int order, std::string* trace = nullptr) const {
    Tape tape{{.dtype = f64, .order = order}};
    detail::TapeImpl::current().tracing = trace != nullptr;
    detail::TapeImpl::current().trace_found = trace;
    const std::vector<Var> in = variables();
    const Var y = number(in, order);
    check_untouched(in);
    const Grads g = tape.backward(y);
    std::vector<Array> out;
    for (const Var& v : in) out.push_back(g[v].copy());
    return out;
  }
  /// A value that somebody holds is not written to, or what reads it later reads something else.
  void check_untouched(const std::vector<Var>& in) const {
    for (std::size_t k = 0; k < in.size(); ++k)
      if (!same_bits(in[k].value(), x_[k]))
        throw ValueError(names_[k] + " was overwritten by the function that is checked: an Array shares its numbers, write to x.copy()");
  }
  void check(int order, GradcheckReport& report) {
    const std::vector<Array> analytic = gradients(order), again = gradients(order);
    bool finite = std::isfinite(value(order));
    for (const Array& a : analytic) finite &= all_finite(a);
    if (!finite) {
      std::string trace;
      gradients(order, &trace);
      report.finding = not_finite(trace);
      return;
    }
    for (std::size_t k = 0; k < x_.size(); ++k) {
      report.deterministic &= same_bits(analytic[k], again[k]);
      report.entries.push_back(compare(names_[k], order, x_[k], analytic[k], o_, k, [&](std::int64_t i, double v) {
        const double before = x_[k].at_flat(i);
        x_[k].set_flat(i, v);
        const double y = value(order);
        x_[k].set_flat(i, before);
        return y;
      }));
    }
    report.deterministic &= same_bits(value(order), value(order));
  }

  const Function& f_;
  GradcheckOptions o_;
  std::vector<Array> x_;
  std::vector<std::string> names_;
};

// ---- the parameters of a model, through the path that trains

class ModelCheck {
 public:
  ModelCheck(const LeafSet& set, const ShardOptions& s, const ShardLoss& loss, const GradcheckOptions& o)
      : set_(set), s_(s), loss_(loss), o_(o) {
    s_.dtype = f64;
    add(set);
  }

  void add(const LeafSet& set) {
    for (int k = 0; k < set.count(); ++k) {
      const Leaf leaf = set[k];
      if (!leaf.trained()) continue;
      const detail::Binding* bound = detail::binding_of(leaf.get());
      leaves_.push_back(leaf);
      x_.push_back((bound && bound->array ? bound->array : leaf.value()).to(f64).copy());
    }
  }

  GradcheckReport run() {
    GradcheckReport report;
    try {
      first_order(report);
      if (o_.order >= 2 && report.finding.empty()) second_order(report);
    } catch (const Error& e) {
      report.failure = e.what();
    }
    return report;
  }

 private:
  /// Runs f with every leaf bound to the float64 numbers in x_, one of them moved.
  template <class F> auto bound(const F& f) const {
    std::vector<std::unique_ptr<Bind>> binds;
    for (std::size_t k = 0; k < leaves_.size(); ++k) binds.push_back(std::make_unique<Bind>(leaves_[k], x_[k]));
    const auto result = f();
    while (!binds.empty()) binds.pop_back();
    return result;
  }
  /// The loss alone, with the options of training, masks included.
  double loss_value() const {
    return bound([&] {
      detail::ShardRun run(set_, s_);
      run.run_all(detail::LossRef(loss_), false, false);
      run.publish(false);
      return run.result.loss;
    });
  }

  template <class F> double moved(std::size_t k, std::int64_t i, double v, const F& f) {
    const double before = x_[k].at_flat(i);
    x_[k].set_flat(i, v);
    const double y = f();
    x_[k].set_flat(i, before);
    return y;
  }

  void first_order(GradcheckReport& report) {
    const Result a = bound([&] { return backward(set_, s_, loss_); }), b = bound([&] { return backward(set_, s_, loss_); });
    report.deterministic = same_bits(a.loss, b.loss);
    const std::vector<Array> one = a.grads.flats(), other = b.grads.flats();
    for (std::size_t k = 0; k < one.size(); ++k) report.deterministic &= same_bits(one[k], other[k]);
    if (!std::isfinite(a.loss) || !a.grads.finite()) {
      report.finding = not_finite(bound([&] { return trace_nonfinite(set_, s_, loss_); }));
      return;
    }
    for (std::size_t k = 0; k < leaves_.size(); ++k)
      report.entries.push_back(compare(leaves_[k].name(), 1, x_[k], a.grads[leaves_[k]], o_, k, [&](std::int64_t i, double v) {
        return moved(k, i, v, [&] { return loss_value(); });
      }));
  }

  /// The shard's loss replaced by the projection of its own gradient, <dL/dw, r>: its gradient is H r.
  Part projected(Shard& s) const {
    const Part part = loss_(s);
    std::vector<Var> w;
    for (const Leaf& l : leaves_) w.push_back(var_of(l));
    const std::vector<Var> g = grad(part.var(), w, {.create_graph = true});
    Var all;
    for (std::size_t k = 0; k < g.size(); ++k) {
      const Array r = uniform(g[k].shape(), Key{o_.seed}.named("gradcheck projection").at(k), .5, 1.5, f64);
      const Var term = sum(g[k] * constant(r));
      all = all ? all + term : term;
    }
    return s.sum(all);
  }
  void second_order(GradcheckReport& report) {
    ShardOptions twice = s_;
    twice.order = 2;
    const ShardLoss f = [&](Shard& s) { return projected(s); };
    const Result a = bound([&] { return backward(set_, twice, f); });
    for (std::size_t k = 0; k < leaves_.size(); ++k)
      report.entries.push_back(compare(leaves_[k].name(), 2, x_[k], a.grads[leaves_[k]], o_, k, [&](std::int64_t i, double v) {
        return moved(k, i, v, [&] { return bound([&] { return backward(set_, twice, f).loss; }); });
      }));
  }

  const LeafSet& set_;
  ShardOptions s_;
  const ShardLoss& loss_;
  GradcheckOptions o_;
  std::vector<Leaf> leaves_;
  std::vector<Array> x_;
};

}  // namespace

bool GradcheckReport::ok() const {
  if (!deterministic || !failure.empty() || !finding.empty() || entries.empty()) return false;
  for (const GradcheckEntry& e : entries)
    if (!e.ok) return false;
  return true;
}

std::ostream& operator<<(std::ostream& s, const GradcheckReport& r) {
  std::ostringstream out;
  for (const GradcheckEntry& e : r.entries)
    out << (e.ok ? "ok    " : "WRONG ") << std::left << std::setw(20) << e.input << " order " << e.order << "  largest error "
        << std::scientific << std::setprecision(2) << e.error << " at " << e.element << ": analytic " << std::setprecision(9)
        << e.analytic << ", numeric " << e.numeric << (e.influence ? "" : "  (has no influence)")
        << (e.pass == "training" || e.pass == "evaluation" ? "  in " + e.pass : "") << "\n";
  if (!r.deterministic) out << "not deterministic: two calls with the same numbers gave different results\n";
  if (!r.finding.empty()) out << r.finding << "\n";
  if (!r.failure.empty()) out << "failed: " << r.failure << "\n";
  return s << out.str();
}

GradcheckReport gradcheck(const Function& f, const std::vector<Array>& inputs, GradcheckOptions o,
                          const std::vector<std::string>& names) {
  return FunctionCheck(f, inputs, o, names).run();
}

GradcheckReport gradcheck(const LeafSet& set, const ShardOptions& s, const ShardLoss& loss, GradcheckOptions o) {
  return ModelCheck(set, s, loss, o).run();
}

GradcheckReport gradcheck(const LeafSet& set, const LeafSet& inputs, const ShardOptions& s, const ShardLoss& loss, GradcheckOptions o) {
  ModelCheck check(set, s, loss, o);
  check.add(inputs);
  return check.run();
}

std::string detail::in_value(const char* op, const std::vector<Array>& inputs) {
  std::ostringstream s;
  s << "in " << op << "::value with inputs ";
  for (std::size_t k = 0; k < inputs.size(); ++k) s << (k ? ", " : "") << inputs[k].shape();
  s << ": ";
  return s.str();
}

void detail::throw_wrong_count(const char* op, std::size_t given) {
  throw ValueError(std::string("gradcheck_op: ") + op + " does not take " + std::to_string(given) + " inputs");
}

}  // namespace ebb
