#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/observe/gates.hpp>
#include <ebb/observe/memory_gates.hpp>

namespace ebb::app::observe {
namespace {

const std::string memory_of = ".memory of ";  // between the names of a gate and of the field that it multiplies
const std::string memories_known = "memories_known";

/// The watched values that multiply a field of the state.
std::vector<study::GateEvidence> memories(const Values& v) {
  std::vector<study::GateEvidence> all;
  for (const auto& [name, x] : v.all()) {
    const std::size_t at = name.find(memory_of);
    if (at == std::string::npos || x.size() != 10) continue;
    all.push_back({.name = name.substr(0, at),
                   .field = name.substr(at + memory_of.size()),
                   .from = static_cast<int>(x[8]),
                   .misfit = x[9],
                   .complement = x[0] != 0,
                   .first = x[6],
                   .median = x[1],
                   .third = x[7],
                   .longest = x[2],
                   .alone = x[3],
                   .near_zero = x[4],
                   .near_one = x[5]});
  }
  return all;
}

/// The same with one entry for a value that multiplies several fields, such as "c and n"; the slowest first.
std::vector<study::GateEvidence> by_factor(const Values& v) {
  std::vector<study::GateEvidence> all;
  for (const study::GateEvidence& g : memories(v)) {
    const auto same = [&](const study::GateEvidence& other) { return other.factor() == g.factor(); };
    const auto found = std::find_if(all.begin(), all.end(), same);
    if (found == all.end()) all.push_back(g);
    else found->field += " and " + g.field;
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.alone > b.alone; });
  return all;
}

std::vector<std::string> gate_names(const Values& v) {
  std::vector<std::string> names;
  for (const auto& [name, list] : v.all())
    if (name.ends_with(".histogram")) names.push_back(name.substr(0, name.size() - 10));
  return names;
}

/// Every value that the cell names with `watch`: its histogram, saturation and time scales.
struct GateMeasure final : Measure {
  bool reads(std::string_view option) const override {
    return is_one_of(option, {"--length", "--rows", "--free", "--lags"});
  }

  Values measure(const Subject& s, const Amount& a) const override {
    Values v;
    v.note("driven", drive_text(s, a));
    for (const GateSummary& g : gates(s.cell(), drive_of(s, a))) {
      v[g.name + ".histogram"] = g.histogram;
      v[g.name + ".range"] = {g.low, g.high};
      v[g.name + ".mean"] = {g.mean};
      v[g.name + ".deviation"] = {g.deviation};
      if (!g.unit_interval) continue;
      v[g.name + ".saturated"] = {g.near_zero, g.near_one};
      const Quartiles& q = g.time_scales;
      v[g.name + ".time_scales"] = {q.least, q.first, q.median, q.third, q.most};
    }
    const int last = std::min(study::Evidence().last, a.lags);
    if (last > study::Evidence().first && s.state_size() <= study::most_probed_state) {
      v[memories_known] = {1};
      const auto fitting = study::gate_evidence(s.cell(), drive_of(s, a), study::Evidence().first, last);
      for (const study::GateEvidence& g : study::nearest_gates(fitting))
        v[g.name + memory_of + g.field] = {double(g.complement), g.median, g.longest, g.alone,        g.near_zero,
                                           g.near_one,           g.first,  g.third,   double(g.from), g.misfit};
    }
    return v;
  }

  void testify(const Values& v, study::Evidence& e) const override {
    e.gates_known = v.has(memories_known);
    e.gates = memories(v);
  }

  std::vector<Followed> followed(const Values& v) const override {
    std::vector<Followed> all;
    for (const std::string& gate : gate_names(v)) {
      const double mean = v.number(gate + ".mean"), deviation = v.number(gate + ".deviation");
      all.push_back({.plot = "Watched values, mean and deviation",
                     .name = gate,
                     .value = mean,
                     .low = mean - deviation,
                     .high = mean + deviation,
                     .caption = "Means over units, steps and sequences. Bands: one standard deviation of the values on "
                                "either side."});
      if (!v.has(gate + ".saturated")) continue;
      const std::vector<double>& s = v.at(gate + ".saturated");
      const std::string caption =
          "Share of the values of a gate below .1 or above .9, over units, steps and sequences.";
      const std::string plot = "Saturated gates, share of values";
      all.push_back({.plot = plot, .name = gate + " below .1", .value = s[0], .caption = caption});
      all.push_back({.plot = plot, .name = gate + " above .9", .value = s[1], .caption = caption});
    }
    for (const study::GateEvidence& g : by_factor(v))
      all.push_back({.plot = "Time scales of gates, steps",
                     .name = g.factor(),
                     .value = g.median,
                     .low = g.first,
                     .high = g.third,
                     .log_y = true,
                     .caption = fmt::format("τ = -1 / mean of ln of the gate, of the median unit, for gates that "
                                            "multiply the state: those that equal its derivative with respect to "
                                            "itself, to {:.0f} %. Bands: between the quartiles over units.",
                                            100 * MemoryGateOptions().misfit)});
    return all;
  }

  void present(Job& job, const std::vector<Observed>& all, const Amount&) const override {
    job.report.section(
        "Gates and time scales",
        "Every value that a cell's step names with watch. A state that is multiplied by a gate f at every step "
        "decays with the time scale τ = -1 / (mean of ln f): by a factor e in τ steps. Other gates, such as one that "
        "scales what is written, have none.");
    Table t{
        .head = {"", "value", "mean", "deviation", "below .1", "above .9", "multiplies", "τ, median", "τ, quartiles"},
        .rows = {},
        .caption = fmt::format(
            "Mean and standard deviation over units, steps and sequences. For values in [0, 1]: the shares below "
            ".1 and above .9. Multiplies: the field of the state that the value, or 1 minus it, multiplies; that "
            "is measured, by the derivative of the field with respect to itself, which equals it to {:.0f} %. τ is "
            "then the time scale of that factor, in steps: the median and the quartiles over units. For a cell "
            "without such a value, or with a state of more than {} numbers, τ in parentheses is that of any value "
            "in [0, 1]: a time scale only if it multiplies the old state.",
            100 * MemoryGateOptions().misfit, study::most_probed_state)};
    for (const Observed& o : all) {
      if (gate_names(o.values).empty())
        job.report.note(o.subject.name +
                        ": its step names no values; watch(name, value) does (docs/writing-a-cell.md).");
      for (const std::string& gate : gate_names(o.values))
        t.rows.push_back(row(o, gate, gate == gate_names(o.values).front()));
    }
    if (!t.rows.empty()) job.report.table(t);
    for (const Observed& o : all)
      if (!sentence(o).empty()) job.report.text(sentence(o));
    if (const std::vector<Plot> plots = histograms(all); !plots.empty()) job.report.plots(plots);
  }

  /// About the values that multiply a field of the state, the slowest first.
  std::string sentence(const Observed& o) const override {
    constexpr std::size_t most = 4;
    const std::vector<study::GateEvidence> all = by_factor(o.values);
    std::string text;
    for (std::size_t k = 0; k < std::min(most, all.size()); ++k) {
      const study::GateEvidence& g = all[k];
      text += fmt::format(
          "{} {} multiplies {}: τ is {} steps in the median unit and at most {}; it is below .1 in {:.0f} % and above "
          ".9 in {:.0f} % of all cases.",
          k == 0 ? o.subject.name + ":" : "", g.factor(), g.field, number_text(g.median), number_text(g.longest),
          100 * (g.complement ? g.near_one : g.near_zero), 100 * (g.complement ? g.near_zero : g.near_one));
    }
    if (all.size() > most) text += fmt::format(" The table has {} more.", all.size() - most);
    return text;
  }

 private:
  static std::vector<Entry> row(const Observed& o, const std::string& gate, bool first) {
    const Values& v = o.values;
    std::vector<Entry> r{first ? name_of(o) : "", gate, number_text(v.number(gate + ".mean")),
                         number_text(v.number(gate + ".deviation"))};
    if (!v.has(gate + ".saturated")) {
      r.insert(r.end(), {"–", "–", "–", "–", "–"});
      return r;
    }
    const std::vector<double>& s = v.at(gate + ".saturated");
    r.emplace_back(fmt::format("{:.1f} %", 100 * s[0]));
    r.emplace_back(fmt::format("{:.1f} %", 100 * s[1]));
    const auto multiplying = by_factor(v);
    const auto found =
        std::find_if(multiplying.begin(), multiplying.end(), [&](const auto& g) { return g.name == gate; });
    if (found != multiplying.end()) {
      r.emplace_back(found->field + (found->complement ? ", as " + found->factor() : ""));
      r.emplace_back(number_text(found->median));
      r.emplace_back(fmt::format("{} to {}", number_text(found->first), number_text(found->third)));
    } else if (multiplying.empty()) {
      const std::vector<double>& q = v.at(gate + ".time_scales");
      r.emplace_back("–");
      r.emplace_back(fmt::format("({})", number_text(q[2])));
      r.emplace_back(fmt::format("({} to {})", number_text(q[1]), number_text(q[3])));
    } else {
      r.insert(r.end(), {"–", "–", "–"});
    }
    return r;
  }

  /// One plot per name, with the values in [0, 1] of all subjects that have it.
  static std::vector<Plot> histograms(const std::vector<Observed>& all) {
    std::vector<Plot> plots;
    for (const Observed& o : all)
      for (const std::string& gate : gate_names(o.values)) {
        if (!o.values.has(gate + ".saturated")) continue;
        const std::string title = "Values of " + gate;
        auto plot = std::find_if(plots.begin(), plots.end(), [&](const Plot& p) { return p.title == title; });
        if (plot == plots.end()) {
          plots.push_back({.title = title,
                           .x_label = gate,
                           .y_label = "share of values",
                           .caption = "Histogram over units, steps and sequences."});
          plot = plots.end() - 1;
        }
        const std::vector<double>& h = o.values.at(gate + ".histogram");
        std::vector<double> x;
        for (std::size_t k = 0; k < h.size(); ++k) x.push_back((double(k) + .5) / double(h.size()));
        plot->series.push_back(line_of(o, x, h));
        const std::vector<double>& s = o.values.at(gate + ".saturated");
        plot->finding +=
            fmt::format("{}{}: mean {}, {:.0f} % below .1, {:.0f} % above .9.", plot->finding.empty() ? "" : " ",
                        o.subject.name, number_text(o.values.number(gate + ".mean")), 100 * s[0], 100 * s[1]);
      }
    return plots;
  }
};
EBB_MEASURE(gates, GateMeasure, "watched values: histograms, saturation, time scales");

}  // namespace
}  // namespace ebb::app::observe
