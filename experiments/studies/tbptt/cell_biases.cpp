#include <fmt/format.h>
#include <algorithm>
#include <ebb/autograd/tape.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/tbptt/tbptt.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/online/online_learner.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/index.hpp>

namespace ebb::app::tbptt {
namespace {

using namespace study;

constexpr int rows_compared = 4;

/// The part of a gradient that belongs to the cell's parameters, one after another.
Array part_of_cell(const Grads& g) {
  std::vector<Array> parts;
  const LeafSet& set = g.set();
  for (int k = 0; k < set.count(); ++k)
    if (const Leaf leaf = set[k]; leaf.trained() && std::string_view(leaf.name()).starts_with("cell/"))
      parts.push_back(g[leaf].reshape({static_cast<int>(leaf.shape().size())}));
  return concat(parts.data(), static_cast<int>(parts.size()), 0);
}

/// The gradient of the mean loss over all steps, as the sum of the gradients that are there after each step.
Grads online_gradient(const Reader& m, const SimpleBatch& b, const std::string& method) {
  const Tokens &tokens = std::get<Tokens>(b.inputs), &next = std::get<EveryStep>(b.targets).tokens;
  const int T = tokens.shape()[0], rows = tokens.shape()[1];
  OnlineLearner learner(*m.cell, m.w, rows, m.cell->sizes().input, {.method = method, .dtype = f64});
  Grads all;
  for (int t = 0; t < T; ++t) {
    Tape tape{{.dtype = f64}};
    learner.advance(m.embedding(tokens.range(t, t + 1)).value().reshape({rows, m.cell->sizes().input}));
    const Var s = variable(learner.state());
    const Var logits = m.out(learner.output(s));
    const Grads g = tape.backward(mean(cross_entropy(logits, next.range(t, t + 1).reshape({rows}))));
    const Grads of_cell = learner.gradient(g[s].copy());
    if (t == 0) {
      all = of_cell;
      all.scale(1. / T);
    } else {
      all.add(of_cell, 1. / T);
    }
  }
  return all;
}

using When = std::vector<Bias> CellBiases::*;

/// Over seeds, of the estimate with this number.
Spread cell_spread(const StreamResult& s, When when, std::size_t estimate, double Bias::* what) {
  std::vector<double> all;
  for (const CellBiases& b : s.cell)
    if (estimate < (b.*when).size()) all.push_back((b.*when)[estimate].*what);
  return spread_of(all);
}

std::string bias_text(const Spread& x, const char* format) {
  return std::isfinite(x.mean) ? fmt::format(fmt::runtime(format), x.mean) : std::string("–");
}

Table cell_table(const StreamResult& s) {
  Table t{.head = {"cell's gradient", "start cos", "norm", "differs", "end cos", "norm", "differs"},
          .caption = fmt::format(
              "The gradient of the cell's parameters, truncated to each window and by online methods, beside that of "
              "full backpropagation, at the same weights, for {} rows: cosine, ratio of the norms, and norm of the "
              "difference over that of the full gradient. Means over seeds.",
              rows_compared)};
  for (std::size_t k = 0; k < s.windows.size() + s.methods.size(); ++k) {
    std::vector<Entry> row{k < s.windows.size() ? fmt::format("window {}", s.windows[k].steps)
                                                : s.methods[k - s.windows.size()]};
    for (const When when : {&CellBiases::at_start, &CellBiases::trained}) {
      row.push_back(bias_text(cell_spread(s, when, k, &Bias::cosine), "{:.4f}"));
      row.push_back(bias_text(cell_spread(s, when, k, &Bias::ratio), "{:.3g}"));
      row.push_back(bias_text(cell_spread(s, when, k, &Bias::difference), "{:.2g}"));
    }
    t.rows.push_back(std::move(row));
  }
  return t;
}

/// "After training, snap1 differs from the full gradient by 0.38 of its norm, uoro by 25, a window of 5 by 0.21."
std::string cell_verdict(const StreamResult& s) {
  std::string text;
  const auto add = [&](std::size_t estimate, const std::string& name) {
    const double y = cell_spread(s, &CellBiases::trained, estimate, &Bias::difference).mean;
    if (!std::isfinite(y)) return;
    text += text.empty()
                ? fmt::format("After training, {} differs from the full gradient by {:.2g} of its norm", name, y)
                : fmt::format(", {} by {:.2g}", name, y);
  };
  for (std::size_t k = 0; k < s.methods.size(); ++k) add(s.windows.size() + k, s.methods[k]);
  for (std::size_t k = 0; k < s.windows.size(); ++k) add(k, fmt::format("a window of {}", s.windows[k].steps));
  return text.empty() ? "No run with the largest window was completed." : text + ".";
}

Plot cell_plot(const StreamResult& s) {
  Plot plot{.title = "Bias of the cell's gradient",
            .x_label = "window (steps)",
            .y_label = "|estimate − full| / |full|",
            .log_y = true,
            .log_x = true};
  std::vector<Curve> curves;
  for (const CellBiases& b : s.cell) {
    curves.emplace_back();
    for (std::size_t k = 0; k < s.windows.size() && k < b.trained.size(); ++k) {
      const double y = b.trained[k].difference;
      curves.back().x.push_back(s.windows[k].steps);
      curves.back().y.push_back(y > 1e-9 ? y : NAN);  // below it, rounding
    }
  }
  plot.series.push_back(line_of("windows", curves, true));
  for (std::size_t k = 0; k < s.methods.size(); ++k) {
    const double y = cell_spread(s, &CellBiases::trained, s.windows.size() + k, &Bias::difference).mean;
    const double first = s.windows.front().steps, last = s.windows.back().steps;
    if (std::isfinite(y)) plot.series.push_back({.name = s.methods[k], .x = {first, last}, .y = {y, y}});
  }
  plot.finding = cell_verdict(s);
  plot.caption =
      "After training. Level lines: online methods, which have no window. Where a line crosses that of the windows, "
      "the "
      "two are equally biased.";
  return plot;
}

}  // namespace

std::vector<Bias> cell_biases(const Reader& m, const Task& task, const Reading& r, const std::vector<int>& windows,
                              const std::vector<std::string>& methods) {
  if (methods.empty()) return {};
  const Batch b = make_batch(task, {.split = Split::test, .length = r.stretch, .rows = rows_compared});
  const Array full = part_of_cell(truncated_gradient(m, b, b.steps(), b.steps()));
  std::vector<Bias> all;
  for (const int k : windows) all.push_back(bias_between(part_of_cell(truncated_gradient(m, b, r.every, k)), full));
  for (const std::string& name : methods)
    all.push_back(bias_between(part_of_cell(online_gradient(m, b.get<SimpleBatch>(), name)), full));
  return all;
}

void try_methods(const Task& task, const Reading& r, const std::vector<std::string>& methods) {
  const Reader m(task, r, 1);
  for (const std::string& name : methods) try {
      const OnlineLearner learner(*m.cell, m.w, 2, r.hidden, {.method = name, .dtype = f64});
    } catch (const ValueError& e) {
      throw ValueError(fmt::format("--gradient: {}; rtrl, snap1 and uoro apply to every cell with weights", e.what()));
    }
}

void add_cell_biases(Job& job, const StreamResult& s) {
  if (s.methods.empty()) return;
  show(job, fmt::format("{}: online gradients beside the windows", s.name), cell_table(s), cell_verdict(s));
  job.report.plots({cell_plot(s)});
  const auto section = job.summary.under({"tasks", s.name, "cell_gradient"});
  for (std::size_t k = 0; k < s.windows.size() + s.methods.size(); ++k) {
    const auto estimate = section.under(
        {k < s.windows.size() ? "window " + std::to_string(s.windows[k].steps) : s.methods[k - s.windows.size()]});
    for (const auto& [name, when] :
         {std::pair{"start", &CellBiases::at_start}, std::pair{"trained", &CellBiases::trained}}) {
      estimate.set({name, "cosine"}, cell_spread(s, when, k, &Bias::cosine).mean);
      estimate.set({name, "norm_ratio"}, cell_spread(s, when, k, &Bias::ratio).mean);
      estimate.set({name, "difference"}, cell_spread(s, when, k, &Bias::difference).mean);
    }
  }
}

}  // namespace ebb::app::tbptt
