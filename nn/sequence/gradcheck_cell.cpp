#include <cstring>
#include <ebb/autograd/tape.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/autograd/watch.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/cell_spec.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/gradcheck_cell.hpp>
#include <ebb/nn/sequence/row_dependence.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>
#include <memory>

namespace ebb {

namespace {

// sum(v * fixed random values), so that no symmetry of the loss hides an error.
PartialLoss projected(Shard& s, const Var& v, const char* name, Key key) {
  const Shape mine = v.shape();
  const std::uint64_t first = static_cast<std::uint64_t>(s.begin()) * static_cast<std::uint64_t>(mine.size() / mine[0]);
  return s.sum(v * constant(uniform(mine, key.named(name), -1, 1, f64, first)));
}

bool same_bits(const Array& a, const Array& b) {
  return a.size() == b.size() && std::memcmp(a.compact().raw(), b.compact().raw(), a.bytes()) == 0;
}

class CellCheck {
 public:
  CellCheck(const Cell& cell, const Params& w, CellSizes sizes, const GradcheckCellOptions& o)
      : cell_(cell), w_(w), o_(o), key_(Key{o.seed}.named("gradcheck_cell")), inputs_(f64),
        x_(inputs_.add("x", uniform({o.steps, o.rows, sizes.input}, key_.named("x"), -1, 1, f64))) {
    const std::vector<Array> start = states_near_start(cell, o.rows, key_);
    for (int k = 0; k < cell.field_count(); ++k)
      initial_.push_back(
          inputs_.add((std::string("start/") + cell.field(k).name).c_str(), start[static_cast<std::size_t>(k)]));
  }

  GradcheckReport run() {
    GradcheckReport report;
    const std::vector<std::unique_ptr<Bind>> moved = moved_from_start();
    try {
      for (const bool training : {false, true})
        if (report.finding.empty()) report.finding = finding(training);
      if (report.finding.empty()) gradients(report);
    } catch (const Error& e) { report.failure = e.what(); }
    return report;
  }

 private:
  // A parameter whose initial value is zero would hide a wrong gradient of its other factor.
  std::vector<std::unique_ptr<Bind>> moved_from_start() const {
    std::vector<std::unique_ptr<Bind>> moved;
    for (int k = 0; k < w_.count(); ++k) {
      const Leaf leaf = w_[k];
      if (!leaf.trained()) continue;
      const Array noise = uniform(leaf.shape(), key_.named("parameters").named(leaf.name()), -.1, .1, f64);
      moved.push_back(std::make_unique<Bind>(leaf, leaf.value().to(f64) + noise));
    }
    return moved;
  }

  Run unrolled(int begin, int end, const StepContext& context) const {
    return unroll(cell_, Sequence(slice(x_, 1, begin, end)), initial(begin, end), context);
  }

  State initial(int begin, int end) const {
    State s(cell_.field_names(), cell_.field_count());
    for (int k = 0; k < s.size(); ++k) s[k] = slice(initial_[static_cast<std::size_t>(k)], 0, begin, end);
    return s;
  }

  PartialLoss loss(Shard& s) const {
    const Run run = unrolled(s.begin(), s.end(), s.context());
    PartialLoss total = projected(s, run[0], "output 0", key_);
    for (int t = 1; t < run.steps(); ++t)
      total = total + projected(s, run[t], ("output " + std::to_string(t)).c_str(), key_);
    for (int k = 0; k < cell_.field_count(); ++k) total = total + projected(s, run.end()[k], cell_.field(k).name, key_);
    return total;
  }

  ShardOptions shards(bool training) const {
    return {.rows = o_.rows,
            .seed = o_.seed,
            .dtype = f64,
            .order = o_.order,
            .training = training,
            .shards = o_.rows < 4 ? 1 : 2};
  }

  void gradients(GradcheckReport& report) const {
    const ShardLoss f = [&](Shard& s) { return loss(s); };
    const Result evaluated = backward(w_, shards(false), f), trained = backward(w_, shards(true), f);
    const std::vector<Array> one = evaluated.grads.flats(), other = trained.grads.flats();
    bool same = std::memcmp(&evaluated.loss, &trained.loss, sizeof(double)) == 0 && one.size() == other.size();
    for (std::size_t k = 0; same && k < one.size(); ++k) same = same_bits(one[k], other[k]);
    add(report, f, false, same ? "both" : "evaluation");
    if (!same) add(report, f, true, "training");
  }

  void add(GradcheckReport& report, const ShardLoss& f, bool training, const char* pass) const {
    GradcheckReport r = gradcheck(w_, inputs_, shards(training), f, o_);
    for (GradcheckEntry& e : r.entries) {
      e.pass = pass;
      report.entries.push_back(std::move(e));
    }
    const std::string where = pass == std::string("both") ? "" : std::string(" (in ") + pass + ")";
    for (std::string& op : r.wrong_ops) report.wrong_ops.push_back(std::move(op));
    report.deterministic &= r.deterministic;
    if (!r.failure.empty()) report.failure = r.failure + where;
    if (!r.finding.empty()) report.finding = r.finding + where;
  }

  /// Faults that gradients do not show: rows that depend on each other. Empty if there are none.
  std::string finding(bool training) const {
    check_names_watched(training);
    std::vector<Array> start;
    for (const Leaf& field : initial_) start.push_back(field.value());
    const std::string differs = row_dependence(cell_, x_.value(), start, training, o_.seed);
    if (differs.empty()) return {};
    return "a row's result depends on other rows: " + differs + (training ? ", in training" : "");
  }

  /// A name that a step uses twice is an error only while values are collected.
  void check_names_watched(bool training) const {
    const Tape tape{{.dtype = f64}};
    const NoGrad off;
    const Watch watch;
    (void)unrolled(0, o_.rows, StepContext({.training = training, .seed = o_.seed}));
  }

  const Cell& cell_;
  const Params& w_;
  GradcheckCellOptions o_;
  Key key_;
  LeafSet inputs_;
  Leaf x_;
  std::vector<Leaf> initial_;
};

}  // namespace

GradcheckReport gradcheck_cell(const Cell& cell, const Params& w, CellSizes sizes, GradcheckCellOptions o) {
  return CellCheck(cell, w, sizes, o).run();
}

GradcheckReport gradcheck_cell(const std::string& name, GradcheckCellOptions o) {
  Params w{{.seed = o.seed, .dtype = f64}};
  const CellSizes sizes{o.input, o.hidden};
  const CellPtr cell = make_cell(name, w / "cell", sizes);
  return gradcheck_cell(*cell, w, sizes, o);
}

}  // namespace ebb
