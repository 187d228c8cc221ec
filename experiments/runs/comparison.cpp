#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/runs/comparison.hpp>
#include <ebb/experiments/runs/trial.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

namespace ebb::app::runs {
namespace {

constexpr std::size_t most_points = 500;  // per line: more cannot be told apart

// Means over as many updates as are needed for that; values that are not finite make a gap.
Series thinned(const std::vector<CurvePoint>& curve, const std::function<double(const CurvePoint&)>& y) {
  const std::size_t each = (curve.size() + most_points - 1) / most_points;
  Series line;
  for (std::size_t at = 0; at < curve.size(); at += each) {
    double sum = 0, n = 0;
    for (std::size_t k = at; k < std::min(at + each, curve.size()); ++k) {
      sum += y(curve[k]);
      n += 1;
    }
    line.x.push_back(curve[std::min(at + each, curve.size()) - 1].step);
    line.y.push_back(sum / n);
  }
  return line;
}

Series validations(const std::vector<CurvePoint>& curve) {
  Series line{.beads = true};
  for (const CurvePoint& p : curve)
    if (p.validated()) {
      line.x.push_back(p.step);
      line.y.push_back(p.valid);
    }
  return line;
}

// "accuracy, %", or "loss"
std::string measure_of(const RunEntry& e) {
  const std::string by = e.text("validated_by"), unit = e.text("valid_unit");
  return by == "loss" || unit.empty() ? by : by + ", " + unit;
}

}  // namespace

Comparison::Comparison(std::vector<RunRecord> runs)
    : runs_(std::move(runs)), differing_(differing_options(runs_)), entries_(entries_of(runs_)) {}

std::size_t Comparison::entry_of(const RunRecord& run) const {
  const auto has = [&](const RunEntry& e) {
    return std::any_of(e.runs.begin(), e.runs.end(), [&](const RunRecord& r) { return r.folder == run.folder; });
  };
  return static_cast<std::size_t>(std::find_if(entries_.begin(), entries_.end(), has) - entries_.begin());
}

Table Comparison::options() const {
  Table table{.head = {"run", "folder"}};
  for (const std::string& name : differing_)
    if (name != "seed" && name != "seeds") table.head.push_back(name);
  table.head.emplace_back("seeds");
  for (const RunEntry& e : entries_) {
    const std::size_t more = e.runs.size() - 1;
    std::vector<Entry> row{Entry{e.label, e.label}};
    row.emplace_back(e.runs.front().name + (more > 0 ? fmt::format(" and {} more", more) : ""));
    for (std::size_t k = 2; k + 1 < table.head.size(); ++k) row.emplace_back(e.text(table.head[k]));
    row.emplace_back(seeds_text(e.seeds));
    table.rows.push_back(std::move(row));
  }
  if (entries_.size() == 1) table.caption = "All options are the same, apart from seeds.";
  return table;
}

Table Comparison::results() const {
  Table table{.head = {"run", "status", "test loss", "baseline", "unit", "valid", "by", "updates", "seconds"}};
  bool means = false;
  for (const RunEntry& e : entries_) {
    table.rows.push_back({Entry{e.label}, e.text("status"), number_text(e.mean("loss")),
                          number_text(e.mean("baseline")), e.text("unit"), number_text(e.mean("valid")), measure_of(e),
                          count_text(e.mean("updates")), number_text(e.sum("seconds"))});
    means = means || e.seeds.size() > 1;
  }
  if (means) table.caption = "Means over seeds; seconds are those of all.";
  return table;
}

RunsFinding Comparison::finding() const { return finding_of(entries_); }

std::vector<Plot> Comparison::plots() const {
  Plot loss{.title = "Training loss", .x_label = "update", .log_y = true},
      norm{.title = "Norm of the gradient", .x_label = "update", .y_label = "norm before clipping", .log_y = true},
      valid{.title = "Validation", .x_label = "update"};
  bool thin = false;
  std::set<std::string> units, measures;
  for (const RunRecord& run : runs_) {
    const RunEntry& entry = entries_[entry_of(run)];
    const std::vector<Trial> trials = trials_of(run);
    for (const Trial& t : trials) {
      if (t.curve.empty()) continue;
      thin = thin || t.curve.size() > most_points;
      const auto add = [&](Plot& plot, Series line) {
        line.name = entry.label;
        if (entry.seeds.size() > 1) line.label = "seed " + text_of(t.options.at("seed"));
        if (entry.seeds.size() > 1) line.name += ", " + line.label;
        line.group = entry.label;
        line.outside = text_of(run["status"]) == "failed";
        if (!line.x.empty()) plot.series.push_back(std::move(line));
      };
      add(loss, thinned(t.curve, [](const CurvePoint& p) { return p.loss; }));
      add(norm, thinned(t.curve, [](const CurvePoint& p) { return p.gradient_norm; }));
      add(valid, validations(t.curve));
      measures.insert(t.validated_by);
      if (const std::string unit = text_of(run["unit"]); !unit.empty()) units.insert(unit);
    }
  }
  if (thin)
    for (Plot* const p : {&loss, &norm}) p->caption = fmt::format("Means over updates, {} points a line.", most_points);
  valid.y_label = fmt::format("{}", fmt::join(measures, ", "));
  loss.y_label = fmt::format("{}", fmt::join(units, ", "));
  valid.caption = "On the validation split.";
  std::vector<Plot> all{std::move(loss), std::move(valid), std::move(norm)};
  std::erase_if(all, [](const Plot& p) { return p.series.empty(); });
  return all;
}

void Comparison::fill(Report& report, const RunsFinding& found) const {
  report.title(fmt::format("{} compared", count_text(static_cast<double>(runs_.size()), "run")));
  std::vector<std::string> labels;
  for (const RunEntry& e : entries_) labels.push_back(e.label);
  report.lead(fmt::format("{}", fmt::join(labels, "; ")));
  for (const std::string& sentence : found.sentences) report.text(sentence);
  if (!found.note.empty()) report.note(found.note);
  const std::vector<Plot> all = plots();
  const auto beside = all.begin() + std::min<std::ptrdiff_t>(2, std::ssize(all));
  if (!all.empty()) report.plots(std::vector<Plot>(all.begin(), beside));
  if (all.size() > 2) report.plots({all[2]});
  report.section("Results");
  report.table(results());
  report.section("Options that differ");
  report.table(options());
}

std::string Comparison::json() const {
  nlohmann::ordered_json all;
  all["findings"] = finding().sentences;
  all["differing_options"] = differing_;
  all["runs"] = nlohmann::ordered_json::array();
  for (const RunRecord& r : runs_) {
    std::vector<std::string> columns;
    for (const auto& [name, value] : r.values) columns.push_back(name);
    nlohmann::ordered_json run = nlohmann::ordered_json::parse(json_of(r, columns));
    run["label"] = entries_[entry_of(r)].label;
    all["runs"].push_back(std::move(run));
  }
  return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace ebb::app::runs
