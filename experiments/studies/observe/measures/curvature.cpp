#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/observe/curvature.hpp>
#include <ebb/observe/lanczos.hpp>
#include <ebb/observe/spectral_density.hpp>
#include <numbers>

namespace ebb::app::observe {
namespace {

constexpr int most_steps = 100;    // of the loss: its tape is recorded twice
constexpr int lanczos_steps = 40;  // of the density

/// The ends of the Hessian's spectrum and its density, for the loss of one batch.
struct CurvatureMeasure final : Measure {
  bool reads(std::string_view option) const override { return is_one_of(option, {"--length", "--rows"}); }

  std::string unfit(const Subject&, const Amount& a) const override { return a.without_loss(); }

  Values measure(const Subject& s, const Amount& a) const override {
    const Batch batch = s.batch(std::min({a.steps, s.length, most_steps}), a.rows);
    const HessianProduct hessian(Objective(s.model().w, {.rows = batch.rows(), .dtype = f64, .training = false},
                                           [&](Shard& shard) { return s.model().loss(shard, batch); }));
    const int N = hessian.size();
    const auto product = [&](const Array& v) { return hessian(v); };
    const LeadingEigenvalues ends =
        leading_eigenvalues(N, product, {.largest = 5, .smallest = 2, .tolerance = 1e-6, .most_steps = 100});
    const SpectralDensity density = spectral_density(N, product, {.probes = 4, .steps = std::min(N, lanczos_steps)});
    Values v;
    v["parameters"] = {double(N)};
    v["loss"] = {hessian.loss()};
    for (const LeadingEigenvalue& e : ends.largest) {
      v["largest"].push_back(e.value);
      v["largest_residuals"].push_back(e.residual);
    }
    for (const LeadingEigenvalue& e : ends.smallest) {
      v["smallest"].push_back(e.value);
      v["smallest_residuals"].push_back(e.residual);
    }
    const double near_zero = unresolved(density, N);
    const Estimate negative = density.share_below(-near_zero);
    v["negative"] = {negative.value, negative.error};
    v["near_zero"] = {near_zero};
    keep_curve(v, density);
    return v;
  }

  void present(Job& job, const std::vector<Observed>& all, const Amount&) const override {
    job.report.section("Curvature",
                       "The Hessian of the loss of one batch with respect to all parameters: its leading "
                       "eigenvalues by Lanczos' method, its spectral density by stochastic Lanczos quadrature.");
    Table t{.head = {"", "parameters", "loss", "largest", "second largest", "smallest", "share below 0"},
            .rows = {},
            .caption =
                "Eigenvalues ± the norm of their residual, which bounds the error. Share of all eigenvalues that "
                "are " +
                below_zero() + ", ± its standard error over probes."};
    Plot p{.title = "Spectral density", .x_label = "eigenvalue", .y_label = "density", .log_y = true};
    p.caption =
        "Smoothed by a Gaussian whose deviation is a hundredth of the range; values below a millionth of the largest "
        "are left out.";
    for (const Observed& o : all) {
      const Values& v = o.values;
      t.rows.push_back({name_of(o), count_text(v.number("parameters")), number_text(v.number("loss")),
                        end_of(v, "largest", 0), end_of(v, "largest", 1), end_of(v, "smallest", 0),
                        estimate_text(v.at("negative")[0], v.at("negative")[1])});
      p.finding += (p.finding.empty() ? "" : " ") + sentence(o);
      p.series.push_back(line_of(o, v.at("density.at"), drawn(v.at("density"))));
    }
    job.report.table(t);
    job.report.plots({p});
  }

  std::vector<Followed> followed(const Values& v) const override {
    const double share = v.at("negative")[0], error = v.at("negative")[1];
    const std::string caption = "Largest and smallest eigenvalue of the Hessian of the loss of one batch.";
    std::vector<Followed> all{
        {.plot = "Ends of the Hessian's spectrum", .name = "largest", .value = v.at("largest")[0], .caption = caption},
        {.plot = "Share of negative eigenvalues",
         .name = "share",
         .value = share,
         .low = share - error,
         .high = share + error,
         .caption = "Share of the Hessian's eigenvalues that are " + below_zero() +
                    ". Band: one standard error, over random probes."}};
    if (!v.at("smallest").empty())
      all.push_back({.plot = "Ends of the Hessian's spectrum",
                     .name = "smallest",
                     .value = v.at("smallest")[0],
                     .caption = caption});
    return all;
  }

  std::string sentence(const Observed& o) const override {
    return fmt::format("{}: the Hessian's largest eigenvalue is {}, its smallest {}.", o.subject.name,
                       number_text(o.values.at("largest")[0]), number_text(o.values.at("smallest")[0]));
  }

 private:
  /// How far from zero an eigenvalue must be for the quadrature to know its sign: the distance of two nodes in the
  /// middle of the spectrum, where the nodes of m steps lie as the zeros of a Chebyshev polynomial do. With m = N nodes
  /// are eigenvalues, to rounding.
  static double unresolved(const SpectralDensity& density, int N) {
    const double range = density.highest - density.lowest;
    if (N <= lanczos_steps) return 1e-10 * std::max(std::abs(density.lowest), std::abs(density.highest));
    return range * std::numbers::pi / (2. * lanczos_steps);
  }
  static std::string below_zero() {
    return fmt::format(
        "below zero by more than {:.1f} % of the range of all, which is the distance of neighbouring "
        "nodes in the middle of the spectrum (π / 2m, m = {} Lanczos steps): nearer to zero, the "
        "quadrature does not determine the sign",
        100 * std::numbers::pi / (2 * lanczos_steps), lanczos_steps);
  }

  /// Between eigenvalues the smoothed density falls to zero, which a logarithmic axis cannot show.
  static std::vector<double> drawn(std::vector<double> density) {
    const double most = *std::max_element(density.begin(), density.end());
    for (double& x : density)
      if (x < 1e-6 * most) x = NAN;
    return density;
  }

  static std::string end_of(const Values& v, const std::string& name, std::size_t k) {
    const std::vector<double>& list = v.at(name);
    return k < list.size() ? estimate_text(list[k], v.at(name + "_residuals")[k]) : "–";
  }

  static void keep_curve(Values& v, const SpectralDensity& density) {
    constexpr int points = 200;
    const double low = density.lowest, range = std::max(density.highest - low, 1e-300);
    Array at = Array::empty({points}, f64);
    for (int k = 0; k < points; ++k) at.data<double>()[k] = low + range * (1.1 * k / (points - 1) - .05);
    v["density.at"] = list_of(at);
    v["density"] = list_of(density.smoothed(at, range / 100).values);
  }
};
EBB_MEASURE(curvature, CurvatureMeasure, "leading eigenvalues and spectral density of the loss's Hessian");

}  // namespace
}  // namespace ebb::app::observe
