#include <fmt/format.h>
#include <cstdio>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/gradcheck_cell.hpp>
#include <ebb/ops/printable.hpp>

namespace ebb::app {
namespace {

/// Compares the gradients that backward returns with central differences, in float64, for every input of a cell.
class CheckCommand final : public Command {
 public:
  void options(Options& o) override {
    o.add("CELL", cells_, "cells to check (default: all)");
    o.add("--order", check_.order, "order of the derivatives: 1, or 2 to check second derivatives too")
        .at_least(1)
        .at_most(2);
    o.add("--steps", check_.steps, "time steps").at_least(1).at_most(1000);
    o.add("--rows", check_.rows, "rows of the batch").at_least(1).at_most(1000);
    o.add("--input", check_.input, "width of the input").at_least(1).at_most(1000);
    o.add("--hidden", check_.hidden, "width of the state").at_least(1).at_most(1000);
    o.add("--tolerance", check_.tolerance, "largest relative error of an element").above(0);
    o.add("--seed", check_.seed, "seed of the values at which the cell is checked");
    o.example("ebb check                   every cell");
    o.example("ebb check mgu --order 2     one cell, second derivatives too");
    o.example("ebb check lstm:forget_bias=2 --steps 10");
  }

  int run() override {
    check_cell_names(cells_);
    for (const std::string& cell : cells_) options_for(cell);  // reports a wrong name before minutes of work
    if (cells_.empty())
      for (const CellInfo& c : cell_list()) cells_.push_back(c.name);
    int wrong = 0, threw = 0;
    for (const std::string& cell : cells_) {
      const GradcheckReport r = check(cell);
      if (!r.ok()) ++(r.failure.empty() ? wrong : threw);
    }
    if (cells_.size() > 1)
      put(fmt::format("\nright gradients: {} of {} cells\n", static_cast<int>(cells_.size()) - wrong - threw,
                      cells_.size()));
    return threw > 0 ? 2 : wrong > 0 ? 1 : 0;
  }

 private:
  /// If the cell rejects the default widths, checks it with others that it accepts.
  GradcheckCellOptions options_for(const std::string& cell) const {
    const GradcheckCellOptions defaults;
    const CellSizes given{check_.input, check_.hidden};
    const bool by_default = given.input == defaults.input && given.hidden == defaults.hidden;
    GradcheckCellOptions o = check_;
    const CellSizes sizes = by_default ? accepted_sizes(cell, given) : given;
    o.input = sizes.input;
    o.hidden = sizes.hidden;
    Params w;
    make_cell(cell, w / "cell", sizes);
    return o;
  }

  GradcheckReport check(const std::string& cell) const {
    GradcheckReport r;
    std::string widths;
    try {
      const GradcheckCellOptions o = options_for(cell);
      if (o.hidden != check_.hidden) widths = fmt::format(" (at input {}, hidden {})", o.input, o.hidden);
      r = gradcheck_cell(cell, o);
    } catch (const Error& e) { r.failure = ebb::detail::printable(e.what()); }  // continues with the other cells
    put(fmt::format("{}: {}{}\n", cell, r.ok() ? "right" : "WRONG", widths));
    if (!r.failure.empty()) put(fmt::format("  failed: {}\n", r.failure));
    if (!r.finding.empty()) put(fmt::format("  {}\n", r.finding));
    if (!r.deterministic) put("  not deterministic: two calls with the same values gave different results\n");
    std::string pass;
    for (const GradcheckEntry& e : r.entries) {
      if (e.pass != pass) heading(pass = e.pass);
      put(fmt::format("  {} {:<5} {:8.1e} {:8.1e} {} {:12.5g} {:12.5g}{}\n", fit(e.input, 20), e.order, relative(e),
                      e.error, fit(e.element, 11), e.analytic, e.numeric, remark(e)));
    }
    return r;
  }

  static double relative(const GradcheckEntry& e) { return e.error == 0 ? 0 : e.error / e.scale; }

  const char* remark(const GradcheckEntry& e) const {
    if (!e.ok) return "  <-- wrong";
    if (!e.influence) return "  has no influence";
    return relative(e) > check_.tolerance ? "  within the error of the difference" : "";
  }

  void heading(const std::string& pass) const {
    put(fmt::format("  {}; relative error at most {:g}\n",
                    pass == "both" ? "in training and evaluation, which are identical" : "in " + pass,
                    check_.tolerance));
    put(fmt::format("  {} {} {} {} {} {} {}\n", fit("input", 20), fit("order", 5), fit("relative", 8, true),
                    fit("absolute", 8, true), fit("at", 11), fit("analytic", 12, true), fit("numeric", 12, true)));
  }

  std::vector<std::string> cells_;
  GradcheckCellOptions check_;
};
EBB_SUBCOMMAND(check, "check", CheckCommand, "compare a cell's gradients with finite differences");

}  // namespace
}  // namespace ebb::app
