#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/nn/files/safetensors.hpp>
#include <ebb/observe/jacobians.hpp>
#include <ebb/observe/lyapunov.hpp>
#include <ebb/ops/index.hpp>
#include <numbers>

namespace ebb::app::observe {
namespace {

constexpr int largest_state = 512;     // the singular values of larger ones take minutes
constexpr double most_exported = 2e8;  // numbers of Jacobians in one file

/// The 5 % quantile, median and 95 % quantile over rows and times of one number per Jacobian; of fewer than three, the
/// median alone.
std::vector<double> quantiles(const Array& a) {
  std::vector<double> all;
  for (std::int64_t k = 0; k < a.size(); ++k) all.push_back(a.at_flat(k));
  std::sort(all.begin(), all.end());
  std::vector<double> q;
  for (const double p : {.05, .5, .95})
    q.push_back(all.empty() || (p != .5 && all.size() < study::least_for_error)
                    ? NAN
                    : all[static_cast<std::size_t>(p * double(all.size() - 1) + .5)]);
  return q;
}

/// The singular values and eigenvalues of the Jacobians of single steps and of products over 10 and 50 steps.
struct JacobianMeasure final : Measure {
  bool reads(std::string_view option) const override {
    return is_one_of(option, {"--length", "--rows", "--free", "--spread", "--export"});
  }

  std::string unfit(const Subject& s, const Amount& a) const override {
    if (s.state_size() > largest_state)
      return fmt::format("the state has {} numbers, more than {}", s.state_size(), largest_state);
    if (a.steps < 2) return "it needs at least two steps";
    if (const double S = s.state_size(), n = std::min(a.exported, a.steps) * S * S * a.rows; n > most_exported)
      return fmt::format("the Jacobians to export have {:.1e} numbers, more than {:.0e}", n, most_exported);
    return {};
  }

  Values measure(const Subject& s, const Amount& a) const override {
    Values v;
    const bool large = s.state_size() > 128;
    const Amount few = a.by_default(large ? 50 : 200, large ? 1 : 4);
    v.note("driven", drive_text(s, few));
    v["rows"] = {double(few.rows)};
    const Drive drive = drive_of(s, few);
    for (const int k : {1, 10, 50}) {
      if (k > few.steps) continue;
      const JacobianSpectra j = jacobian_spectra(s.cell(), drive, start_of(s, few), {.steps = k});
      v["products"].push_back(k);
      const std::string of = fmt::format("k{}.", k);
      keep_profile(v, of, j);
      v[of + "condition"] = quantiles(j.log_condition);
      v[of + "effective_rank"] = quantiles(j.effective_rank);
      v[of + "departure"] = quantiles(j.departure);
    }
    const JacobianSpectra first =
        jacobian_spectra(s.cell(), Drive::made(1, [&](int t) { return drive.at(t); }), start_of(s, few));
    for (std::int64_t k = 0; k < first.real.size(); ++k) {
      v["real"].push_back(first.real.at_flat(k));
      v["imag"].push_back(first.imag.at_flat(k));
    }
    if (const auto m = study::matrix_evidence(s.model(), s.cell_name, drive))
      v["recurrent_matrix"] = {m->sigma_max, m->bound, m->radius, m->log_slope};
    return v;
  }

  void testify(const Values& v, study::Evidence& e) const override {
    if (!v.has("recurrent_matrix")) return;
    const std::vector<double>& m = v.at("recurrent_matrix");
    e.matrix = {m[0], m[1], m[2], m[3]};
  }

  std::vector<Followed> followed(const Values& v) const override {
    std::vector<Followed> all;
    for (const double k : v.at("products")) {
      const std::string of = fmt::format("k{}.", int(k)), name = count_text(k, "step");
      all.push_back({.plot = "Largest singular value of Jacobians per step, ln σ₁ / k",
                     .name = name,
                     .value = v.at(of + "log_singular_values").at(0) / k,
                     .caption = "Of products of the Jacobians of k consecutive steps, means over products and "
                                "sequences. Above zero, some direction grows."});
      const std::vector<double>& rank = v.at(of + "effective_rank");
      all.push_back({.plot = "Effective rank of Jacobians, directions",
                     .name = name,
                     .value = rank[1],
                     .low = rank[0],
                     .high = rank[2],
                     .caption = "The number of directions that a product of k Jacobians does not suppress: exp of the "
                                "entropy of its normalised singular values, at most S. Medians over products and "
                                "sequences. Bands: from the 5 % to the 95 % quantile."});
    }
    return all;
  }

  /// The states and Jacobians of the first steps, and what Ebb computes from them, for other programs.
  void keep(Job& job, const Subject& s, const Amount& a, const std::string& name) const override {
    if (a.exported == 0) return;
    const Amount few = a.at_most(std::max(2, a.exported), a.rows);
    const Drive drive = drive_of(s, few);
    std::vector<Array> states, jacobians;
    const Array start = start_of(s, few);
    Trajectory t(s.cell(), drive, start);
    for (; !t.ended(); t.advance()) {
      states.push_back(t.state().copy());
      jacobians.push_back(t.jacobian());
    }
    states.push_back(t.state().copy());
    const auto stacked = [](const std::vector<Array>& all) { return stack(all.data(), static_cast<int>(all.size())); };
    const JacobianSpectra each = jacobian_spectra(s.cell(), drive, start);
    const JacobianSpectra product =
        jacobian_spectra(s.cell(), drive, start, {.steps = few.steps, .eigenvalues = false});
    const Lyapunov l = lyapunov(s.cell(), drive, start, {.warm_up = 0, .blocks = 2});
    const std::vector<NamedArray> arrays{{"states", stacked(states)},
                                         {"jacobians", stacked(jacobians)},
                                         {"log_singular_values", each.log_singular_values},
                                         {"eigenvalues_real", each.real},
                                         {"eigenvalues_imag", each.imag},
                                         {"product_log_singular_values", product.log_singular_values[0]},
                                         {"exponents", l.of_rows}};
    job.keep(name + ".safetensors",
             [&](const std::string& path) { write_safetensors(path, arrays, {{"cell", s.cell_name}}); });
  }

  void present(Job& job, const std::vector<Observed>& all, const Amount&) const override {
    job.report.section(
        "Jacobians",
        "The Jacobian of one step, J_t = ds_t/ds_{t-1} over the whole state s, and products of the Jacobians of "
        "several consecutive steps: by their singular values, lengths grow or shrink.");
    Table t{.head = {"", "steps", "ln σ₁", "ln σ₁ per step", "effective rank", "condition, ln", "departure"},
            .rows = {},
            .caption =
                "Over sequences and times: ln of the largest singular value σ₁, means; the others, medians. Effective "
                "rank: exp of the entropy of the normalised singular values, at most S. Condition: ln(σ₁ / σ_S). "
                "Departure from normality: 0 for a normal matrix, 1 for a nilpotent one."};
    for (const Observed& o : all)
      for (const double k : o.values.at("products")) {
        const std::string of = fmt::format("k{}.", int(k));
        const double first = k * without_rounding(o.values.at(of + "log_singular_values").at(0) / k);
        t.rows.push_back({k == o.values.at("products")[0] ? name_of(o) : "", count_text(k), number_text(first),
                          number_text(first / k), number_text(o.values.at(of + "effective_rank")[1]),
                          number_text(o.values.at(of + "condition")[1]),
                          number_text(o.values.at(of + "departure")[1])});
      }
    job.report.table(t);
    std::vector<Plot> plots;
    for (const int k : {1, 50})
      if (Plot p = singular_values(all, k); !p.series.empty())
        plots.push_back(std::move(p));  // --length may be below k
    job.report.plots(plots);
    job.report.plots({eigenvalues_of_a_step(all)});
  }

 private:
  /// The mean of ln sigma_i over products and rows.
  static void keep_profile(Values& v, const std::string& of, const JacobianSpectra& j) {
    const Array& a = j.log_singular_values;
    const int n = a.dim(0), B = a.dim(1), S = a.dim(2);
    for (int i = 0; i < S; ++i) {
      double sum = 0;
      for (int k = 0; k < n; ++k)
        for (int b = 0; b < B; ++b) sum += a.at({k, b, i});
      v[of + "log_singular_values"].push_back(sum / (double(n) * B));
    }
  }

  static Plot eigenvalues_of_a_step(const std::vector<Observed>& all) {
    Plot p{.title = "Eigenvalues of one step", .x_label = "real part", .y_label = "imaginary part"};
    p.equal = true;
    p.caption =
        "The eigenvalues of J_1, the Jacobian of the first step, of every sequence. Grey: the unit circle; outside it, "
        "a direction grows.";
    for (const Observed& o : all) {
      const std::vector<double>&re = o.values.at("real"), &im = o.values.at("imag");
      double radius = 0;
      for (std::size_t k = 0; k < re.size(); ++k) radius = std::max(radius, std::hypot(re[k], im[k]));
      p.finding +=
          fmt::format("{}{}: {}", p.finding.empty() ? "Largest modulus: " : "; ", o.subject.name, number_text(radius));
      p.series.push_back(line_of(o, o.values.at("real"), o.values.at("imag")));
      p.series.back().dots = true;
    }
    p.finding += ".";
    for (const double sign : {1., -1.}) {  // two halves, since lines are functions of x
      constexpr int points = 100;
      Series half{.name = "unit circle"};
      for (int k = 0; k <= points; ++k) {
        const double angle = std::numbers::pi * (1 - double(k) / points);
        half.x.push_back(std::cos(angle));
        half.y.push_back(sign * std::sin(angle));
      }
      p.marks.push_back(std::move(half));
    }
    return p;
  }

  static Plot singular_values(const std::vector<Observed>& all, int k) {
    Plot p{.title = k == 1 ? "Singular values of one step" : fmt::format("Singular values over {} steps", k),
           .x_label = "index / S",
           .y_label = "ln σ"};
    p.caption = "Means of ln σ over sequences and times. Below zero, a direction is contracted.";
    for (const Observed& o : all) {
      const std::string name = fmt::format("k{}.log_singular_values", k);
      if (!o.values.has(name)) continue;
      Series line = line_of(o, {}, {});
      const std::vector<double>& y = o.values.at(name);
      for (std::size_t i = 0; i < y.size(); ++i) {
        line.x.push_back((double(i) + .5) / double(y.size()));
        line.y.push_back(k * without_rounding(y[i] / k));
      }
      if (!y.empty() && std::isfinite(y[0]))
        p.finding += fmt::format("{}{}: {}", p.finding.empty() ? "ln σ₁ per step: " : "; ", o.subject.name,
                                 number_text(without_rounding(y[0] / k)));
      p.series.push_back(std::move(line));
    }
    if (!p.finding.empty()) p.finding += ".";
    p.marks.push_back({.name = "lengths are kept", .x = {0, 1}, .y = {0, 0}});
    return p;
  }
};
EBB_MEASURE(jacobians, JacobianMeasure, "singular values, rank and normality of step Jacobians and their products");

}  // namespace
}  // namespace ebb::app::observe
