#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/why.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/given_options.hpp>
#include <ebb/observe/lyapunov.hpp>
#include <numbers>
#include <utility>

namespace ebb::app::study {
namespace {

constexpr double tolerance = .25;    // relative, of two rates that agree
constexpr double least_decades = 2;  // over T, of a gradient that vanishes or explodes
constexpr double mostly = .5;        // share of saturated values that is worth a sentence

double decades(double rate, int length) { return rate * length / std::numbers::ln10; }

/// Beyond its error, if that is known.
bool beyond_error(const Estimate& x) { return !(std::abs(x.value) <= 2 * x.error); }

bool vanishes(const Evidence& e) { return trend_of(e.decay, e.length) == Trend::vanishes; }

/// Within the tolerance, within two standard errors, or within a factor of two over T.
bool agree(double a, double b, double error, int length) {
  if (!std::isfinite(a) || !std::isfinite(b)) return a == b;
  const double gap = std::abs(a - b);
  return gap <= tolerance * std::max(std::abs(a), std::abs(b)) || gap <= 2 * error || gap * length <= std::numbers::ln2;
}

std::string with_error(double value, double error) {
  return std::isfinite(error) ? fmt::format("{} ± {}", number_text(value), number_text(error)) : number_text(value);
}

std::string exponent_sentence(const Evidence& e) {
  const double first = e.exponent.value, d = e.decay.value;
  if (std::isnan(first)) return {};
  if (std::isinf(first))
    return "No difference of the state survives the steps along the data: the top Lyapunov exponent is -∞.";
  const std::string value = std::abs(first) < exponent_rounding ? "0" : with_error(first, e.exponent.error);
  const bool same = std::isfinite(d) && agree(first, d, std::hypot(e.exponent.error, e.decay.error), e.length);
  const Trend trend = trend_of(e.exponent, e.length);
  if ((trend == Trend::grows || trend == Trend::explodes) && first * e.length > std::numbers::ln2)
    return fmt::format(
        "The top Lyapunov exponent along the data is {}, above zero: differences of the state grow, and {}.", value,
        same ? "the gradient with them" : "over long lags so does the gradient");
  if (!std::isfinite(d)) return fmt::format("The top Lyapunov exponent along the data is {}.", value);
  if (same)
    return fmt::format(
        "The top Lyapunov exponent along the data, {}, agrees: this is the rate of the state's dynamics, "
        "whatever the loss.",
        value);
  return fmt::format(
      "The top Lyapunov exponent along the data, {}, is {}: this is the rate of the state's dynamics, at which the "
      "gradient should {} over longer lags.",
      value, first > d ? "higher" : "lower",
      trend == Trend::falls || trend == Trend::vanishes ? "fall" : "neither grow nor fall");
}

/// Options of the cell that open its gate. Their current values follow the cell's name.
std::string gate_options(const Evidence& e, const std::vector<OptionInfo>& options) {
  GivenOptions listed = GivenOptions::after_name(e.cell);
  const auto given = [&](const std::string& name) {
    const std::string* const value = listed.unlisted(name);
    return value ? *value : std::string();
  };
  const std::string chrono = given("chrono");
  const bool by_chrono = !chrono.empty() && chrono != "0";  // which then sets the bias
  std::string text;
  for (const OptionInfo& o : options) {
    if (by_chrono || (o.name != "forget_bias" && o.name != "update_bias")) continue;
    const std::string now = given(o.name);
    text = fmt::format("a larger {} than {}", o.name, now.empty() ? o.default_value : now);
  }
  for (const OptionInfo& o : options)
    if (o.name == "chrono" && std::strtod(chrono.c_str(), nullptr) < e.length && e.length > 3)
      text += fmt::format("{}chrono={}, for initial time scales of up to {}", text.empty() ? "" : ", or ", e.length,
                          count_text(e.length, "step"));
  return text;
}

std::string gate_remedy(const Evidence& e, const GateEvidence& g) {
  const std::string name = name_before_options(e.cell);
  std::string options;
  try {
    options = gate_options(e, cell_options(name));
  } catch (const Error&) {  // of a cell that accepts few sizes: it has no option to name
  }
  if (!options.empty()) return fmt::format(" Remedy: {} with {}.", name, options);
  return fmt::format(" Remedy: initial biases that keep {} near {}.", g.name, g.complement ? 0 : 1);
}

/// About the gate through which the gradient would last longest.
std::string gate_sentence(const Evidence& e) {
  const std::vector<GateEvidence> all = nearest_gates(e.gates);
  const GateEvidence& g =
      *std::max_element(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.alone < b.alone; });
  const double d = e.decay.value;
  std::string text, fields;
  for (const GateEvidence& other : all)
    if (other.factor() == g.factor()) fields += (fields.empty() ? "" : " and ") + other.field;
  if (std::any_of(all.begin(), all.end(), [&](const auto& other) { return other.factor() != g.factor(); }))
    text = fmt::format("Of its gates ({}), {} keeps its field longest", gates_text(all), g.factor());
  else text = fmt::format("Its gate {}, which multiplies {}, keeps it", g.factor(), fields);
  if (g.seeds < g.of_seeds) text += fmt::format(", in {} of {} seeds,", g.seeds, g.of_seeds);
  else if (text.starts_with("Of ")) text += ":";
  text += fmt::format(
      " for {0} steps in the median unit and for {1} in the slowest; through {2} alone the gradient would change by "
      "{3} nats per step",
      number_text(g.median), number_text(g.longest), g.factor(),
      number_text(std::abs(g.alone) < exponent_rounding ? 0 : g.alone));
  const Trend trend = trend_of(e.decay, e.length);
  const bool grows = trend == Trend::grows || trend == Trend::explodes;  // as no gate makes it
  const bool explains = !grows && agree(g.alone, d, e.decay.error, e.length);
  if (explains) text += vanishes(e) ? ", which explains the decay: the gate forgets." : ", which explains the rate.";
  else if (agree(g.alone, e.exponent.value, e.exponent.error, e.length))
    return text +
           ", the rate of the state's dynamics: the gate explains the exponent, but not the rate of the gradient.";
  else if (g.alone > d || d >= 0) return text + ": the gate does not explain the rate of the gradient.";
  else
    text +=
        ", faster than it does: the gate forgets, and most of the gradient comes back by another path through the "
        "step.";
  const double closed = g.complement ? g.near_one : g.near_zero;
  if (!vanishes(e)) return text;
  if (closed > mostly)
    text += fmt::format(" {} is {} in {:.0f} % of all cases.", g.name, g.complement ? "above .9" : "below .1",
                        100 * closed);
  return text + gate_remedy(e, g);
}

std::string matrix_sentence(const Evidence& e) {
  const MatrixEvidence& m = *e.matrix;
  const bool several = m.seeds > 1, mixed = several && m.seeds_below > 0 && m.seeds_below < m.seeds;
  const bool below = several ? m.seeds_below == m.seeds : m.sigma_max < m.bound, known = std::isfinite(m.log_slope);
  std::string text = fmt::format("The largest singular value of U is {}{}, ", number_text(m.sigma_max),
                                 several ? fmt::format(" in the mean of {} seeds", m.seeds) : "");
  text += mixed
              ? fmt::format("in {} of them below the bound of Pascanu et al., {}", m.seeds_below, number_text(m.bound))
              : fmt::format("{} the bound of Pascanu et al., {}", below ? "below" : "not below", number_text(m.bound));
  text += mixed   ? ": there the gradient must vanish; in the others the bound leaves open what it does."
          : below ? fmt::format(": the gradient must vanish, by at least {} nats per step.",
                                number_text(-std::log(m.sigma_max / m.bound)))
                  : ", so that the bound leaves open what the gradient does.";
  const std::string remedy =
      e.cell.find("recurrent=") == std::string::npos
          ? " Remedy: rnn with recurrent=orthogonal, whose singular values are 1 at initialisation."
          : "";
  text += fmt::format(" Its largest eigenvalue has modulus {}", number_text(m.radius));
  if (!known) return text + "; the slope of the activation is not known." + (below ? remedy : "");
  const double of_U = std::log(m.radius), of_slope = m.log_slope, rate = of_U + of_slope;
  text += fmt::format(", and the slope of the activation is {} in the geometric mean: that makes {} nats per step",
                      number_text(std::exp(of_slope)), number_text(rate));
  const bool explains = agree(rate, e.decay.value, e.decay.error, e.length),
             small = below || (explains && of_U < of_slope);
  text += explains ? fmt::format(", which explains the decay: {}.",
                                 of_U < of_slope ? "U is too small" : "the slope of the activation is too small")
                   : ", which does not explain the decay.";
  return small ? text + remedy : text;
}

std::string cause_sentence(const Evidence& e) {
  if (!std::isfinite(e.decay.value)) return {};
  if (!e.gates.empty()) return gate_sentence(e);
  if (!vanishes(e)) return {};
  if (e.matrix) return matrix_sentence(e);
  return e.gates_known
             ? "No value that its step names with watch equals the derivative of a unit of its state with respect to "
               "itself, so no gate is known to explain the decay."
             : std::string();
}

}  // namespace

Trend trend_of(const Estimate& rate, int length) {
  if (std::isnan(rate.value)) return Trend::unknown;
  if (rate.value == -INFINITY) return Trend::gone;
  const bool small = std::abs(rate.value) * length <= std::numbers::ln2;
  if (std::abs(rate.value) < exponent_rounding || (small && std::isnan(rate.error))) return Trend::steady;
  if (!beyond_error(rate)) return small ? Trend::steady : Trend::unclear;
  const bool far = std::abs(decades(rate.value, length)) >= least_decades;
  if (rate.value < 0) return far ? Trend::vanishes : Trend::falls;
  return far ? Trend::explodes : Trend::grows;
}

std::string gradient_text(const Estimate& rate, int length) {
  const double d = rate.value;
  if (std::abs(d) < exponent_rounding) return "the norm of the gradient does not change with the lag.";
  const Trend trend = trend_of(rate, length);
  const std::string size = with_error(std::abs(d), rate.error) + " nats per step",
                    over = fmt::format("over the {} of a training sequence", count_text(length, "step")),
                    factor = fmt::format("by a factor of {} {}", number_text(std::exp(d * length)), over),
                    power = power_text(decades(d, length), 1);
  const auto halves = [&] { return fmt::format("halves every {} steps", number_text(std::numbers::ln2 / -d)); };
  switch (trend) {
    case Trend::unknown: return "the decay of its gradient could not be measured.";
    case Trend::gone: return "no gradient comes back: it is zero, or below 10⁻³⁰⁰, at the lags of its decay.";
    case Trend::vanishes:
      return fmt::format("the gradient falls by {} and {}: {} it shrinks to {}.", size, halves(), over, power);
    case Trend::explodes: return fmt::format("the gradient grows by {}: {} it explodes to {}.", size, over, power);
    case Trend::falls:
      return fmt::format("the gradient falls by {} and {}, {}: it neither vanishes nor explodes.", size, halves(),
                         factor);
    case Trend::grows:
      return fmt::format("the gradient grows by {}, {}: it neither vanishes nor explodes.", size, factor);
    case Trend::steady:
    case Trend::unclear: break;
  }
  return fmt::format("the gradient changes by {} nats per step, {}: {}.", with_error(d, rate.error), factor,
                     trend == Trend::unclear  ? "within its error, this may be no change"
                     : std::isnan(rate.error) ? "it neither grows nor falls by as much as a factor of two"
                                              : "within its error, it neither grows nor falls");
}

std::string gates_text(const std::vector<GateEvidence>& all) {
  constexpr std::size_t most = 4;  // in one sentence
  std::vector<std::pair<std::string, std::string>> by_factor;
  for (const GateEvidence& g : all) {
    const auto same = [&](const auto& entry) { return entry.first == g.factor(); };
    const auto found = std::find_if(by_factor.begin(), by_factor.end(), same);
    if (found == by_factor.end()) by_factor.emplace_back(g.factor(), g.field);
    else found->second += " and " + g.field;
  }
  std::string text;
  for (std::size_t k = 0; k < std::min(most, by_factor.size()); ++k)
    text += fmt::format("{}{} multiplies {}", k > 0 ? ", " : "", by_factor[k].first, by_factor[k].second);
  return by_factor.size() > most ? fmt::format("{}, and {} more", text, by_factor.size() - most) : text;
}

std::vector<std::string> why(const Evidence& e) {
  std::vector<std::string> sentences;
  if (std::isnan(e.decay.value) && std::isnan(e.exponent.value) && e.gates.empty() && !e.matrix) return sentences;
  for (const std::string& s :
       {e.name + ": " + gradient_text(e.decay, e.length), exponent_sentence(e), cause_sentence(e),
        e.missing.empty() ? std::string() : "Not measured: " + e.missing + "."})
    if (!s.empty()) sentences.push_back(s);
  return sentences;
}

std::string why_text(const Evidence& e) { return fmt::format("{}", fmt::join(why(e), " ")); }

std::string why_rules() {
  return fmt::format(
      "How these sentences are made: a gradient vanishes, or explodes, if it changes by {0} decades or more over the "
      "steps of a training sequence, and by more than two standard errors; it neither grows nor falls if it changes by "
      "less than two standard errors or, where these are not known, by less than a factor of two. Two rates agree, and "
      "one explains the other, if they differ by at most {1:.0f} % of "
      "the larger, by two standard errors, or by a factor of two over these steps. A gate is a watched value in [0, 1] "
      "that equals the derivative of a state's unit with respect to itself one step before, to {2:.0f} %, with at "
      "least one of the seeds; its rate alone is that of a gradient which returns through the gate in equal parts of "
      "all units, over the same lags.",
      count_text(least_decades), 100 * tolerance, 100 * MemoryGateOptions().misfit);
}

}  // namespace ebb::app::study
