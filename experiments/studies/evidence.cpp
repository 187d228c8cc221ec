#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/why.hpp>
#include <ebb/experiments/train/recurrent_network.hpp>
#include <ebb/nn/given_options.hpp>
#include <ebb/observe/gates.hpp>
#include <ebb/observe/gradient_norms.hpp>
#include <ebb/observe/lyapunov.hpp>
#include <ebb/ops/linalg.hpp>
#include <tuple>
#include <utility>

namespace ebb::app::study {
namespace {

constexpr int least_steps = 20;  // of a run that fills the blocks of an exponent's error

/// The rows that were measured at every lag up to `last`, [last + 1, B].
Array table_of_norms(const LagNorms& norms, int last) {
  const auto lags = static_cast<std::size_t>(last + 1);
  std::size_t rows = norms.empty() ? 0 : norms[0].size();
  for (std::size_t lag = 0; lag < lags; ++lag) rows = std::min(rows, norms[lag].size());
  if (rows == 0) return {};
  Array a = Array::empty({last + 1, static_cast<int>(rows)}, f64);
  for (std::size_t lag = 0; lag < lags; ++lag)
    for (std::size_t row = 0; row < rows; ++row)
      a.set_flat(static_cast<std::int64_t>(lag * rows + row), norms[lag][row]);
  return a;
}

void note_missing(Evidence& e, const char* what, const std::string& why) {
  e.missing += fmt::format("{}{} ({})", e.missing.empty() ? "" : "; ", what, why);
}

/// The mean of ln |f'| of a plain network along its inputs, from its states h = f(a).
double log_slope_along(const Cell& cell, const Drive& drive, const std::string& activation) {
  if (activation == "linear") return 0;
  if (activation == "relu") return Evidence::unmeasured;
  double sum = 0, count = 0;
  for (Trajectory s(cell, drive); !s.ended();) {
    s.advance();
    for (std::int64_t k = 0; k < s.state().size(); ++k) {
      const double h = s.state().at_flat(k);
      sum += std::log(activation == "sigmoid" ? h * (1 - h) : 1 - h * h);
      count += 1;
    }
  }
  return sum / count;
}

}  // namespace

Estimate decay_estimate(const LagNorms& norms, int first, int last) {
  const Decay d = decay_of(norms, first, last);
  Estimate e{d.per_step, Evidence::unmeasured};
  last = std::min(last, static_cast<int>(norms.size()) - 1);
  const auto zero = [&](int lag) { return d.mean[static_cast<std::size_t>(lag)] == -INFINITY; };
  if (first < last && zero(first) && zero(last)) return {-INFINITY, Evidence::unmeasured};
  const Array table = table_of_norms(norms, last);
  if (table && first < last && table.dim(1) >= least_for_error) e.error = decay_rate(table, first, last).error;
  return e;
}

std::vector<GateEvidence> gate_evidence(const Cell& cell, const Drive& drive, int first, int last) {
  std::vector<GateEvidence> all;
  if (const int S = initial_state(cell, 1).dim(1); S > most_probed_state)
    throw ValueError(fmt::format("the state has {} numbers, more than {}", S, most_probed_state));
  const std::vector<MemoryGate> memories = memory_gates(cell, drive, {}, {.best = false});
  if (memories.empty()) return all;
  const std::vector<GateSummary> summaries = gates(cell, drive);
  for (const MemoryGate& m : memories) {
    const auto of = std::find_if(summaries.begin(), summaries.end(), [&](const auto& g) { return g.name == m.name; });
    all.push_back({.name = m.name,
                   .field = m.field,
                   .from = m.from,
                   .misfit = m.misfit,
                   .complement = m.complement,
                   .first = m.time_scales.first,
                   .median = m.time_scales.median,
                   .third = m.time_scales.third,
                   .longest = m.time_scales.most,
                   .alone = m.alone(first, last),
                   .near_zero = of->near_zero,
                   .near_one = of->near_one});
  }
  return all;
}

std::optional<MatrixEvidence> matrix_evidence(const Model& model, const std::string& cell, const Drive& drive) {
  GivenOptions given = GivenOptions::after_name(cell);
  const auto U = model.w.find((model.recurrent().recurrence_scope() + "/U").c_str());
  if (given.owner() != "rnn" || !U) return std::nullopt;
  const std::string* const option = given.unlisted("activation");
  const std::string activation = option ? *option : "tanh";
  const PascanuBound p = pascanu_bound(U.value(), activation == "sigmoid" ? .25 : 1);
  const auto [real, imag] = eigenvalues(U.value());
  return MatrixEvidence{.sigma_max = p.sigma_max,
                        .bound = p.bound,
                        .radius = std::hypot(real.at_flat(0), imag.at_flat(0)),
                        .log_slope = log_slope_along(*model.recurrent().recurrence(), drive, activation)};
}

namespace {

Estimate mean_of(const std::vector<Estimate>& runs) {
  const double n = static_cast<double>(runs.size());
  double sum = 0, squares = 0;
  for (const Estimate& e : runs) sum += e.value / n;
  if (runs.size() == 1 || !std::isfinite(sum)) return {sum, runs.front().error};
  if (runs.size() < least_for_error) return {sum, Evidence::unmeasured};
  for (const Estimate& e : runs) squares += (e.value - sum) * (e.value - sum);
  return {sum, std::sqrt(squares / (n - 1) / n)};
}

bool same_gate(const GateEvidence& a, const GateEvidence& b) {
  return std::tie(a.name, a.field, a.from, a.complement) == std::tie(b.name, b.field, b.from, b.complement);
}

/// The mean over the runs that have a gate like this one: rates are averaged, so time scales harmonically.
GateEvidence mean_gate(const GateEvidence& like, const std::vector<const Evidence*>& runs) {
  GateEvidence mean{.name = like.name, .field = like.field, .from = like.from, .complement = like.complement};
  mean.seeds = 0;
  mean.of_seeds = static_cast<int>(runs.size());
  for (const Evidence* run : runs)
    for (const GateEvidence& g : run->gates) {
      if (!same_gate(g, like)) continue;
      ++mean.seeds;
      mean.misfit += g.misfit;
      mean.first += 1 / g.first;
      mean.median += 1 / g.median;
      mean.third += 1 / g.third;
      mean.longest += 1 / g.longest;
      mean.alone += g.alone;
      mean.near_zero += g.near_zero;
      mean.near_one += g.near_one;
    }
  for (double* const x : {&mean.first, &mean.median, &mean.third, &mean.longest}) *x = mean.seeds / *x;
  for (double* const x : {&mean.misfit, &mean.alone, &mean.near_zero, &mean.near_one}) *x /= mean.seeds;
  return mean;
}

/// The gates of at least one run. Where the diagonal of a recurrent matrix is added to a gate, which of two similar
/// values is the nearest, or whether one is near enough, can differ from seed to seed.
std::vector<GateEvidence> mean_gates(const std::vector<const Evidence*>& runs) {
  std::vector<GateEvidence> all;
  for (const Evidence* run : runs)
    for (const GateEvidence& g : run->gates)
      if (std::none_of(all.begin(), all.end(), [&](const GateEvidence& other) { return same_gate(g, other); }))
        all.push_back(mean_gate(g, runs));
  return nearest_gates(all);
}

}  // namespace

std::vector<GateEvidence> nearest_gates(const std::vector<GateEvidence>& all) {
  std::vector<GateEvidence> nearest;
  for (const GateEvidence& g : all) {
    const auto same_place = [&](const GateEvidence& n) { return n.field == g.field && n.from == g.from; };
    const auto found = std::find_if(nearest.begin(), nearest.end(), same_place);
    if (found == nearest.end()) nearest.push_back(g);
    else if (std::pair(-g.seeds, g.misfit) < std::pair(-found->seeds, found->misfit)) *found = g;
  }
  return nearest;
}

Estimate pooled_decay(const std::vector<const LagNorms*>& runs, int first, int last) {
  LagNorms all;
  std::vector<Estimate> each;
  for (const LagNorms* run : runs) {
    append_rows(all, *run);
    each.push_back(decay_estimate(*run, first, last));
  }
  Estimate pooled = decay_estimate(all, first, last);
  if (runs.size() > 1) pooled.error = mean_of(each).error;
  return pooled;
}

Evidence mean_evidence(const std::vector<const Evidence*>& runs, const LagNorms& of_all) {
  Evidence e = *runs.front();
  const double n = static_cast<double>(runs.size());
  e.decay = decay_estimate(of_all, e.first, e.last);
  std::vector<Estimate> decays, exponents;
  for (const Evidence* run : runs) {
    decays.push_back(run->decay);
    exponents.push_back(run->exponent);
    if (e.missing.empty()) e.missing = run->missing;
  }
  if (runs.size() > 1) e.decay.error = mean_of(decays).error;
  e.exponent = mean_of(exponents);
  e.gates = mean_gates(runs);
  e.gates_known = std::any_of(runs.begin(), runs.end(), [](const Evidence* run) { return run->gates_known; });
  if (std::any_of(runs.begin(), runs.end(), [](const Evidence* run) { return !run->matrix; })) e.matrix.reset();
  if (!e.matrix) return e;
  e.matrix = {0, e.matrix->bound, 0, 0, static_cast<int>(runs.size()), 0};
  for (const Evidence* run : runs) {
    e.matrix->seeds_below += run->matrix->sigma_max < run->matrix->bound;
    e.matrix->sigma_max += run->matrix->sigma_max / n;
    e.matrix->radius += run->matrix->radius / n;
    e.matrix->log_slope += run->matrix->log_slope / n;
  }
  return e;
}

Evidence evidence_of(const Model& model, const ProfileRows& rows, const std::string& cell, int length,
                     const LagNorms& norms, int steps, int count) {
  Evidence e{.name = cell, .cell = cell, .length = length};
  e.last = std::min(e.last, static_cast<int>(norms.size()) - 1);
  e.decay = decay_estimate(norms, e.first, e.last);
  const Array x = profile_inputs(model, rows, steps, count);
  if (x.dim(0) < least_steps) {
    note_missing(e, "exponent and gates", fmt::format("{} steps are too few", x.dim(0)));
    return e;
  }
  const Cell& one = *model.recurrent().recurrence();
  try {
    e.exponent = lyapunov(one, x, {}, {.directions = 1}).exponents[0];
  } catch (const Error& error) { note_missing(e, "the top Lyapunov exponent", error.what()); }
  try {
    if (e.first < e.last) {
      e.gates = gate_evidence(one, x, e.first, e.last);
      e.gates_known = true;
    }
  } catch (const Error& error) { note_missing(e, "gates", error.what()); }
  try {
    e.matrix = matrix_evidence(model, cell, x);
  } catch (const Error& error) { note_missing(e, "U", error.what()); }
  return e;
}

}  // namespace ebb::app::study
