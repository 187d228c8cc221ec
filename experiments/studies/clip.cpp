#include <algorithm>
#include <cmath>
#include <ebb/experiments/experiment.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/text_format.hpp>
#include <ebb/experiments/train.hpp>
#include <ebb/optim/clip.hpp>
#include <fmt/format.h>
#include <iterator>
#include <optional>

namespace ebb {
namespace {

using namespace study;

/// How the gradient is held in check: as a whole by its norm, number by number, or not at all.
struct Rule {
  std::string name;
  double bound = 0;
  bool by_value = false;
};

/// What one seed came to under one rule.
struct Clipping {
  TrainRecord training{};
  std::vector<double> after{};         ///< norms after clipping, by update
  std::vector<double> cosines{};       ///< between the gradient before and after, of the updates that were clipped
  double loss = NAN;                   ///< on the test split; NaN if the run diverged or was not begun
  bool begun = false;
};

double cosine(const Array& a, const Array& b) {
  double product = 0, of_a = 0, of_b = 0;
  for (std::int64_t k = 0; k < a.size(); ++k) {
    const double x = a.at_flat(k), y = b.at_flat(k);
    product += x * y, of_a += x * x, of_b += y * y;
  }
  return product / std::sqrt(of_a * of_b);
}

Clipped apply(const Rule& rule, Grads& g, Clipping& seen) {
  const double norm = g.norm();
  const bool by_norm = rule.bound > 0 && !rule.by_value && norm > rule.bound;
  Array before;
  if (by_norm || (rule.bound > 0 && rule.by_value)) before = g.flat().copy();
  std::int64_t outside = by_norm;
  if (by_norm) clip_by_norm(g, rule.bound);
  if (rule.bound > 0 && rule.by_value) outside = clip_by_value(g, rule.bound);
  seen.after.push_back(outside > 0 ? g.norm() : norm);
  if (outside > 0 && std::isfinite(norm)) seen.cosines.push_back(cosine(before, g.flat()));
  return {norm, outside > 0};
}

double median(std::vector<double> x) {
  x.erase(std::remove_if(x.begin(), x.end(), [](double y) { return !std::isfinite(y); }), x.end());
  if (x.empty()) return NAN;
  std::nth_element(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2), x.end());
  return x[x.size() / 2];
}

/// What a rule came to over all seeds.
struct Outcome {
  Rule rule;
  std::vector<Clipping> runs;

  std::vector<double> each(const std::function<double(const Clipping&)>& of) const {
    std::vector<double> all;
    for (const Clipping& r : runs)
      if (r.begun) all.push_back(of(r));
    return all;
  }
  int begun() const { return static_cast<int>(each([](const Clipping&) { return 0.0; }).size()); }
  int diverged() const {
    return static_cast<int>(std::count_if(runs.begin(), runs.end(), [](const Clipping& r) { return !r.training.diverged.empty(); }));
  }
  int learnt(double guess) const {
    return static_cast<int>(std::count_if(runs.begin(), runs.end(), [=](const Clipping& r) { return r.loss < .9 * guess; }));
  }
  Spread loss() const { return spread_of(each([](const Clipping& r) { return r.loss; })); }
  /// Of all updates, those that were clipped.
  double share() const {
    double clipped = 0, all = 0;
    for (const Clipping& r : runs) clipped += r.training.clip_events, all += static_cast<double>(r.training.curve.size());
    return all > 0 ? clipped / all : NAN;
  }
  double clipped() const { return spread_of(each([](const Clipping& r) { return double(r.training.clip_events); })).mean; }
  double largest() const {
    double most = NAN;
    for (const Clipping& r : runs)
      for (const CurvePoint& p : r.training.curve) most = std::fmax(most, p.gradient_norm);
    return most;
  }
  double middle() const {
    std::vector<double> all;
    for (const Clipping& r : runs)
      for (const CurvePoint& p : r.training.curve) all.push_back(p.gradient_norm);
    return median(all);
  }
  double least_cosine() const {
    double least = NAN;
    for (const Clipping& r : runs)
      for (const double c : r.cosines) least = std::fmin(least, c);
    return least;
  }
};

/// Exploding gradients: one task, one start, one rate; only what is done to the gradient before it is applied differs.
///
/// Source    Pascanu et al. 2013, arXiv:1211.5063; by value: Mikolov 2012
struct Clip {
  std::string task = "chars", cell = "irnn", optimizer = "sgd";
  std::vector<std::string> thresholds{"0", "0.1", "1", "10"}, values{"0.01"};
  int hidden = 64, length = 100, batch = 16, steps = 2000;
  double lr = .2;
  Task::Inputs inputs;

  void options(Options& o) {
    o.add("--thresholds", thresholds, "largest norms of the gradient to compare, 0: it is not clipped");
    o.add("--values", values, "bounds of clipping number by number, to compare with; `none` for none");
    o.add("--task", task, "what is learnt; `ebb tasks` lists them");
    o.add("--cell", cell, "cell; `ebb cells` lists them");
    o.add("--optimizer", optimizer, "update rule");
    o.add("--lr", lr, "its rate").above(0);
    o.add("--hidden", hidden, "width of the cell's state").at_least(1).at_most(100'000).quick(32);
    o.add("--length", length, "T, steps that a gradient goes back").at_least(2).at_most(100'000).quick(50);
    o.add("--batch", batch, "B, sequences at once").at_least(1).at_most(100'000);
    o.add("--steps", steps, "updates").at_least(1).at_most(1'000'000).quick(500).full(20'000);
    o.add("--text", inputs.text, "text for chars (standard: tiny Shakespeare, built in)").type("FILE");
    o.example("ebb clip                                        under a minute on two cores");
    o.example("ebb clip --quick --out /tmp/look                a toy, in seconds");
    o.example("ebb clip --thresholds 0,0.5,5 --values none --lr 0.5");
    o.example("ebb clip --task adding --cell rnn:recurrent=orthogonal --lr 0.1 --steps 10000");
  }

  void run(Job& job) {
    std::vector<Outcome> outcomes;
    for (const double x : numbers_of("--thresholds", thresholds, 0, 1e9))
      outcomes.push_back({{x > 0 ? fmt::format("norm {:g}", x) : "no clipping", x, false}, {}});
    if (values != std::vector<std::string>{"none"})
      for (const double x : numbers_of("--values", values, 1e-9, 1e9)) outcomes.push_back({{fmt::format("value {:g}", x), x, true}, {}});
    check_cell_names({cell});
    inputs.quick = job.size() == Size::quick;
    const auto made = make_task(task, inputs);
    const TaskSettings s{.hidden = hidden, .length = length, .batch = batch, .steps = steps, .lr = lr, .clip = 0, .optimizer = optimizer};
    {
      Model model(*made, cell, s, 1);
      try_out(model, *made);
      made->batch({.length = length, .rows = batch});
      train(model, *made, [&] { auto none = s; none.steps = 0; return none; }(), 1);   // an unknown update rule shows here
    }
    for (Outcome& o : outcomes) o.runs.resize(job.seeds().size());

    job.start(static_cast<double>(outcomes.size() * job.seeds().size()) * steps);
    each_run(job, outcomes.size(), [&](std::size_t way, std::size_t seed) {
      one(job, *made, s, outcomes[way].rule, job.seeds()[seed], outcomes[way].runs[seed]);
    });
    report(job, *made, outcomes);
    record(job, *made, outcomes);
  }

 private:
  void one(Job& job, const Task& made, const TaskSettings& s, const Rule& rule, std::uint64_t seed, Clipping& c) const {
    c.begun = true;
    Model model{made, cell, s, seed};
    int updates = 0;
    c.training = train(model, made, s, seed, [&](const CurvePoint& p) {
      ++updates;
      job.progress().advance(1, fmt::format("{} seed {}  {:.4g}", rule.name, seed, p.loss));
    }, {}, [&](Grads& g) { return apply(rule, g, c); });
    if (c.training.diverged.empty()) c.loss = test_loss(model, made, Split::test, s);
    job.progress().skip(steps - updates);
  }

  static std::string ended(const Outcome& o, double guess) {
    std::string at;
    for (const Clipping& r : o.runs)
      if (!r.training.diverged.empty()) at += fmt::format("{}{}", at.empty() ? "" : ", ", r.training.curve.back().step);
    const int n = o.begun();
    if (o.diverged() == n && n > 0) return "diverged at " + at;
    const std::string learnt = fmt::format("{} of {} learnt", o.learnt(guess), n);
    return at.empty() ? learnt : learnt + ", diverged at " + at;
  }

  std::string verdict(const std::vector<Outcome>& all, const TaskInfo& info) const {
    std::string text;
    for (const Outcome& o : all) {
      const int n = o.begun();
      const std::string who = o.rule.bound > 0 ? fmt::format("Clipped by {}", o.rule.name) : "Without clipping";
      if (n == 0) text += fmt::format("{}: not begun. ", who);
      else if (o.diverged() > 0) text += fmt::format("{}, {} of {} runs diverged. ", who, o.diverged(), n);
      else text += fmt::format("{}, {} of {} learnt ({} {}). ", who, o.learnt(info.trivial), n, number_text(o.loss().mean), info.unit);
    }
    return text + fmt::format("To have learnt is to be a tenth below {} ({} {}).", info.trivial_about, number_text(info.trivial), info.unit);
  }

  void report(Job& job, const Task& made, const std::vector<Outcome>& all) const {
    const TaskInfo info = made.info();
    Table table{.head = {"clipping", "what came of it", info.unit, "clipped", "norm", "largest", "cosine"},
                .caption = "Clipped: of all updates. Norm: the median before clipping, over updates and seeds. Cosine: the least between "
                           "the gradient before and after, over the clipped updates."};
    for (const Outcome& o : all)
      table.rows.push_back({o.rule.name, ended(o, info.trivial), text_of(o.loss()),
                            o.rule.bound > 0 ? fmt::format("{:.1f} %", 100 * o.share()) : "–", number_text(o.middle()),
                            number_text(o.largest()), std::isnan(o.least_cosine()) ? "–" : fmt::format("{:.4f}", o.least_cosine())});
    const std::string settings = fmt::format("{}: {}, T {}, hidden {}, batch {}, {} at {:g}, {} updates; {}", task, cell, length, hidden,
                                             batch, optimizer, lr, count_text(steps), made.data());
    job.report.title("Exploding gradients: what clipping does");
    job.report.lead("One task, one start and one rate for each seed. Only what is done to the gradient before it is applied differs.");
    plots(job, all, info);
    job.report.section("In numbers", verdict(all, info));
    show(job, settings, table, verdict(all, info));
    job.report.note(settings + ".");
  }

  static Curve curve_of(const Clipping& c, const std::function<double(std::size_t)>& y) {
    Curve curve;
    for (std::size_t k = 0; k < c.training.curve.size(); ++k) curve.x.push_back(c.training.curve[k].step), curve.y.push_back(y(k));
    return curve;
  }

  void plots(Job& job, const std::vector<Outcome>& all, const TaskInfo& info) const {
    Plot before{.title = "Before clipping", .x_label = "update", .y_label = "norm of the gradient", .log_y = true, .log_x = true};
    Plot after{.title = "After clipping", .x_label = "update", .y_label = "norm of the gradient", .log_y = true, .log_x = true};
    Plot loss{.title = "Loss", .x_label = "update", .y_label = info.unit};
    for (const Outcome& o : all) {
      std::vector<Curve> losses;
      for (const Clipping& c : o.runs)
        losses.push_back(curve_of(c, [&](std::size_t k) {        // what is far above a guess would hide all else
          return std::fmin(c.training.curve[k].loss, 2 * info.trivial);
        }));
      // Of one seed, every update: a mean would hide the single ones that explode.
      const Clipping& first = o.runs.front();
      const Curve norms = curve_of(first, [&](std::size_t k) { return first.training.curve[k].gradient_norm; });
      const Curve applied = curve_of(first, [&](std::size_t k) { return first.after[k]; });
      before.series.push_back({.name = o.rule.name, .x = norms.x, .y = norms.y});
      after.series.push_back({.name = o.rule.name, .x = applied.x, .y = applied.y});
      loss.series.push_back(line_of(o.rule.name, losses));
    }
    loss.marks.push_back(level(info.trivial_about, info.trivial, steps));
    before.caption = fmt::format("Every update of seed {}. A line that ends is a run that diverged.", job.seeds().front());
    after.caption = "The same updates as they were applied. A norm is cut at its threshold; by value, at no one norm.";
    loss.caption = fmt::format("Training loss, drawn up to twice that of {}.", info.trivial_about);
    job.report.plots({loss});
    job.report.plots({before, after});
  }

  static void record(Job& job, const Task& made, const std::vector<Outcome>& all) {
    const TaskInfo info = made.info();
    job.summary.set({"unit"}, info.unit);
    job.summary.set({"trivial_loss"}, info.trivial);
    job.summary.set({"data"}, made.data());
    std::string csv = "clipping,seed,update,loss,norm_before,norm_after,clipped\n";
    for (const Outcome& o : all) {
      const auto set = [&](std::initializer_list<std::string> keys, auto x) {
        Summary::Path path{"clipping", o.rule.name};
        path.insert(path.end(), keys);
        job.summary.set(path, x);
      };
      set({"bound"}, o.rule.bound), set({"by_value"}, o.rule.by_value), set({"runs_begun"}, o.begun());
      set({"diverged"}, o.diverged()), set({"learnt"}, o.learnt(info.trivial)), set({"loss"}, o.loss().mean);
      set({"clipped_updates"}, o.clipped()), set({"clipped_share"}, o.share()), set({"median_norm"}, o.middle());
      set({"largest_norm"}, o.largest()), set({"least_cosine"}, o.least_cosine());
      for (std::size_t k = 0; k < o.runs.size(); ++k) {
        const Clipping& r = o.runs[k];
        const std::string seed = std::to_string(job.seeds()[k]);
        set({"runs", seed, "loss"}, r.loss), set({"runs", seed, "diverged"}, r.training.diverged);
        set({"runs", seed, "updates"}, static_cast<int>(r.training.curve.size()));
        set({"runs", seed, "clipped_updates"}, r.training.clip_events);
        for (std::size_t u = 0; u < r.training.curve.size(); ++u) {
          const CurvePoint& p = r.training.curve[u];
          fmt::format_to(std::back_inserter(csv), "{},{},{},{:.9g},{:.9g},{:.9g},{}\n", o.rule.name, seed, p.step, p.loss,
                         p.gradient_norm, r.after[u], p.clipped ? 1 : 0);
        }
      }
    }
    job.write("norms.csv", csv);
  }
};
EBB_EXPERIMENT(clip, Clip, "exploding gradients: runs that diverge without clipping, and learn with it");

}  // namespace
}  // namespace ebb
