#include <cmath>
#include <ebb/autograd/differences.hpp>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/gradcheck_parts.hpp>
#include <ebb/autograd/shard_run.hpp>
#include <ebb/autograd/trace.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <memory>

/// The check of a model's parameters, through the path that trains.
namespace ebb {

namespace {

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
    } catch (const Error& e) { report.failure = e.what(); }
    return report;
  }

 private:
  /// Runs f with every leaf bound to the float64 values in x_.
  template <class F> auto bound(const F& f) const {
    std::vector<std::unique_ptr<Bind>> binds;
    for (std::size_t k = 0; k < leaves_.size(); ++k) binds.push_back(std::make_unique<Bind>(leaves_[k], x_[k]));
    const auto result = f();
    while (!binds.empty()) binds.pop_back();
    return result;
  }
  /// The loss only, with the options of training, including masks.
  double loss_value() const {
    return bound([&] {
      detail::ShardRun run(set_, s_);
      run.run_all(detail::LossRef(loss_), false);
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
    const Result a = bound([&] { return backward(set_, s_, loss_); }),
                 b = bound([&] { return backward(set_, s_, loss_); });
    report.deterministic = detail::same_bits(a.loss, b.loss);
    const std::vector<Array> one = a.grads.flats(), other = b.grads.flats();
    for (std::size_t k = 0; k < one.size(); ++k) report.deterministic &= detail::same_bits(one[k], other[k]);
    if (!std::isfinite(a.loss) || !a.grads.finite()) {
      report.finding = detail::not_finite(bound([&] { return trace_nonfinite(set_, s_, loss_); }));
      return;
    }
    for (std::size_t k = 0; k < leaves_.size(); ++k)
      report.entries.push_back(
          detail::compare(leaves_[k].name(), 1, x_[k], a.grads[leaves_[k]], o_, k,
                          [&](std::int64_t i, double v) { return moved(k, i, v, [&] { return loss_value(); }); }));
    if (!report.ok()) report.wrong_ops = wrong_ops();
  }
  /// Runs the loss with its ops probed and all leaves moved by `step` along random directions.
  void run_moved(detail::NodeCheck& nodes, double step) {
    const std::vector<Array> before = x_;
    for (std::size_t k = 0; k < x_.size(); ++k)
      x_[k] = before[k] + step * nodes.direction(before[k].shape(), nodes.key().named("leaf").at(k));
    const ShardLoss watched = [&](Shard& s) {
      detail::TapeImpl& t = detail::TapeImpl::current();
      t.set_probe(&nodes.probe(s.number()));
      PartialLoss part = loss_(s);
      t.set_probe(nullptr);
      return part;
    };
    try {
      bound([&] { return backward(set_, s_, watched).loss; });
    } catch (const Error&) {  // the ops recorded so far are judged
    }
    x_ = before;
  }
  std::vector<std::string> wrong_ops() {
    return detail::wrong_ops(o_.seed, [&](detail::NodeCheck& nodes, double step) { run_moved(nodes, step); });
  }

  /// The shard's loss replaced by the projection of its own gradient, <dL/dw, r>: its gradient is H r.
  PartialLoss projected(Shard& s) const {
    const PartialLoss part = loss_(s);
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
      report.entries.push_back(
          detail::compare(leaves_[k].name(), 2, x_[k], a.grads[leaves_[k]], o_, k, [&](std::int64_t i, double v) {
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

GradcheckReport gradcheck(const LeafSet& set, const ShardOptions& s, const ShardLoss& loss, GradcheckOptions o) {
  return ModelCheck(set, s, loss, o).run();
}

GradcheckReport gradcheck(const LeafSet& set, const LeafSet& inputs, const ShardOptions& s, const ShardLoss& loss,
                          GradcheckOptions o) {
  ModelCheck check(set, s, loss, o);
  check.add(inputs);
  return check.run();
}

}  // namespace ebb
