#include <cmath>
#include <ebb/autograd/differences.hpp>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/gradcheck_parts.hpp>
#include <ebb/autograd/nonfinite.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>

/// The check of a function of arrays.
namespace ebb {

namespace {

using Function = std::function<Var(const std::vector<Var>&)>;

class FunctionCheck {
 public:
  FunctionCheck(const Function& f, const std::vector<Array>& x, const GradcheckOptions& o,
                const std::vector<std::string>& names)
      : f_(f), o_(o) {
    for (const Array& a : x) x_.push_back(a.to(f64).copy());
    for (std::size_t k = 0; k < x.size(); ++k)
      names_.push_back(k < names.size() ? names[k] : "input " + std::to_string(k));
  }

  GradcheckReport run() {
    GradcheckReport report;
    try {
      for (int order = 1; order <= o_.order && report.finding.empty(); ++order) check(order, report);
    } catch (const Error& e) { report.failure = e.what(); }
    return report;
  }

 private:
  std::vector<Var> variables() const {
    std::vector<Var> in;
    for (const Array& a : x_) in.push_back(variable(a.copy()));  // a copy, since the op may overwrite its inputs
    return in;
  }
  /// <y, r> with fixed random r, so that every element of y contributes and none cancels.
  Var project(const Var& y, const char* purpose) const {
    return sum(y * constant(uniform(y.shape(), Key{o_.seed}.named(purpose), .5, 1.5, f64)));
  }
  /// Order 1: the projected result. Order 2: its projected gradient.
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
  std::vector<Array> gradients(int order) const {
    Tape tape{{.dtype = f64, .order = order}};
    const std::vector<Var> in = variables();
    const Var y = number(in, order);
    check_untouched(in);
    const Grads g = tape.backward(y);
    std::vector<Array> out;
    for (const Var& v : in) out.push_back(g[v].copy());
    return out;
  }
  /// Checks that values still referenced were not overwritten.
  void check_untouched(const std::vector<Var>& in) const {
    for (std::size_t k = 0; k < in.size(); ++k)
      if (!detail::same_bits(in[k].value(), x_[k]))
        throw ValueError(names_[k] +
                         " was overwritten by the checked function: Arrays share their elements, so write to x.copy()");
  }
  void check(int order, GradcheckReport& report) {
    const std::vector<Array> analytic = gradients(order), again = gradients(order);
    bool finite = std::isfinite(value(order));
    for (const Array& a : analytic) finite &= all_finite(a);
    if (!finite) {
      NonFinite watch;
      {
        const NonFinite::Scope on(watch);
        gradients(order);
      }
      report.finding = detail::not_finite(watch.first() ? watch.first()->text() : "");
      return;
    }
    for (std::size_t k = 0; k < x_.size(); ++k) {
      report.deterministic &= detail::same_bits(analytic[k], again[k]);
      report.entries.push_back(
          detail::compare(names_[k], order, x_[k], analytic[k], o_, k, [&](std::int64_t i, double v) {
            const double before = x_[k].at_flat(i);
            x_[k].set_flat(i, v);
            const double y = value(order);
            x_[k].set_flat(i, before);
            return y;
          }));
    }
    report.deterministic &= detail::same_bits(value(order), value(order));
    if (order == 1 && !report.ok()) report.wrong_ops = wrong_ops();
  }
  /// Runs the function with its ops probed and its inputs moved by `step` along random directions.
  void run_moved(detail::NodeCheck& nodes, double step) const {
    Tape tape{{.dtype = f64}};
    std::vector<Var> in;
    for (std::size_t k = 0; k < x_.size(); ++k)
      in.push_back(variable(x_[k] + step * nodes.direction(x_[k].shape(), nodes.key().named("input").at(k))));
    detail::TapeImpl::current().set_probe(&nodes.probe(0));
    (void)f_(in);
  }
  std::vector<std::string> wrong_ops() const {
    return detail::wrong_ops(o_.seed, [&](detail::NodeCheck& nodes, double step) { run_moved(nodes, step); });
  }

  const Function& f_;
  GradcheckOptions o_;
  std::vector<Array> x_;
  std::vector<std::string> names_;
};

}  // namespace

GradcheckReport gradcheck(const Function& f, const std::vector<Array>& inputs, GradcheckOptions o,
                          const std::vector<std::string>& names) {
  return FunctionCheck(f, inputs, o, names).run();
}

}  // namespace ebb
