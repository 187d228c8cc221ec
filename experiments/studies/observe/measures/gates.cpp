#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/observe/gates.hpp>

namespace ebb::app::observe {
namespace {

const std::string memory_of = ".memory of ";  // between the names of a gate and of the field that it multiplies
const std::string memories_known = "memories_known";

/// The gate with the longest time scale in the median unit.
std::string slowest(const Values& v) {
  std::string best;
  double longest = -1;
  for (const auto& [name, list] : v.all())
    if (name.ends_with(".time_scales") && list.size() == 5 && list[2] > longest) {
      longest = list[2];
      best = name.substr(0, name.size() - 12);
    }
  return best;
}

std::vector<std::string> gate_names(const Values& v) {
  std::vector<std::string> names;
  for (const auto& [name, list] : v.all())
    if (name.ends_with(".histogram")) names.push_back(name.substr(0, name.size() - 10));
  return names;
}

/// Every value that the cell names with `watch`: its histogram, saturation and time scales.
struct GateMeasure final : Measure {
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
      for (const study::GateEvidence& g : study::gate_evidence(s.cell(), drive_of(s, a), study::Evidence().first, last))
        v[g.name + memory_of + g.field] = {double(g.complement), g.median, g.longest, g.alone, g.near_zero, g.near_one};
    }
    return v;
  }

  void testify(const Values& v, study::Evidence& e) const override {
    e.gates_known = v.has(memories_known);
    for (const auto& [name, x] : v.all())
      if (const std::size_t at = name.find(memory_of); at != std::string::npos && x.size() == 6)
        e.gates.push_back({.name = name.substr(0, at),
                           .field = name.substr(at + memory_of.size()),
                           .complement = x[0] != 0,
                           .median = x[1],
                           .longest = x[2],
                           .alone = x[3],
                           .near_zero = x[4],
                           .near_one = x[5]});
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
      const std::vector<double>&s = v.at(gate + ".saturated"), &q = v.at(gate + ".time_scales");
      const std::string caption =
          "Share of the values of a gate below .1 or above .9, over units, steps and sequences.";
      const std::string plot = "Saturated gates, share of values";
      all.push_back({.plot = plot, .name = gate + " below .1", .value = s[0], .caption = caption});
      all.push_back({.plot = plot, .name = gate + " above .9", .value = s[1], .caption = caption});
      all.push_back({.plot = "Time scales of gates, steps",
                     .name = gate,
                     .value = q[2],
                     .low = q[1],
                     .high = q[3],
                     .log_y = true,
                     .caption = "τ = -1 / mean of ln of the gate, of the median unit. Bands: between the quartiles "
                                "over units."});
    }
    return all;
  }

  void present(Job& job, const std::vector<Observed>& all, const Amount&) const override {
    job.report.section(
        "Gates and time scales",
        "Every value that a cell's step names with watch. A state that is multiplied by a gate f at every step "
        "decays with the time scale τ = -1 / (mean of ln f): by a factor e in τ steps.");
    Table t{.head = {"", "value", "mean", "deviation", "below .1", "above .9", "τ, median", "τ, quartiles"},
            .rows = {},
            .caption =
                "Mean and standard deviation over units, steps and sequences. For values in [0, 1]: the shares below "
                ".1 and above .9, and the time scale τ in steps, its median and quartiles over units."};
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

  /// About the gate with the longest memory among those that multiply a field of the state, or, if none is known to,
  /// the gate with the longest time scale.
  std::string sentence(const Observed& o) const override {
    study::Evidence e;
    testify(o.values, e);
    if (!e.gates.empty()) {
      const auto shorter = [](const auto& a, const auto& b) { return a.median < b.median; };
      const study::GateEvidence& g = *std::max_element(e.gates.begin(), e.gates.end(), shorter);
      const std::string of = g.complement ? "1 - " + g.name : g.name;
      return fmt::format(
          "{}: {}, which multiplies {}, keeps it for {} steps in the median unit and for at most {}; {} is below .1 in "
          "{:.0f} % and above .9 in {:.0f} % of all cases.",
          o.subject.name, of, g.field, number_text(g.median), number_text(g.longest), of,
          100 * (g.complement ? g.near_one : g.near_zero), 100 * (g.complement ? g.near_zero : g.near_one));
    }
    const std::string gate = slowest(o.values);
    if (gate.empty()) return {};
    const std::vector<double>& q = o.values.at(gate + ".time_scales");
    const std::vector<double>& s = o.values.at(gate + ".saturated");
    return fmt::format(
        "{}: of its gates, {} has the longest time scale, {} steps in the median unit and at most {}; it is "
        "below .1 in {:.0f} % and above .9 in {:.0f} % of all cases.",
        o.subject.name, gate, number_text(q[2]), number_text(q[4]), 100 * s[0], 100 * s[1]);
  }

 private:
  static std::vector<Entry> row(const Observed& o, const std::string& gate, bool first) {
    const Values& v = o.values;
    std::vector<Entry> r{first ? name_of(o) : "", gate, number_text(v.number(gate + ".mean")),
                         number_text(v.number(gate + ".deviation"))};
    if (!v.has(gate + ".saturated")) {
      r.insert(r.end(), {"–", "–", "–", "–"});
      return r;
    }
    const std::vector<double>&s = v.at(gate + ".saturated"), &q = v.at(gate + ".time_scales");
    r.emplace_back(fmt::format("{:.1f} %", 100 * s[0]));
    r.emplace_back(fmt::format("{:.1f} %", 100 * s[1]));
    r.emplace_back(number_text(q[2]));
    r.emplace_back(fmt::format("{} to {}", number_text(q[1]), number_text(q[3])));
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
