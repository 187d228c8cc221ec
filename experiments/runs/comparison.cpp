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

// Options that do not change what a run computes.
const std::set<std::string> free_options{"threads", "checkpoint_every", "seeds", "seed"};

std::vector<std::string> differing_options(const std::vector<RunRecord>& runs) {
  std::set<std::string> all;
  for (const RunRecord& run : runs) all.insert(run.options.begin(), run.options.end());
  std::vector<std::string> found;
  for (const char* first : {"command", "task", "cell"})  // before the others
    if (all.erase(first) > 0 || std::string_view(first) == "command") found.emplace_back(first);
  found.insert(found.end(), all.begin(), all.end());
  std::erase_if(found, [&](const std::string& name) {
    return std::all_of(runs.begin(), runs.end(),
                       [&](const RunRecord& run) { return text_of(run[name]) == text_of(runs.front()[name]); });
  });
  return found;
}

std::string label_of(const RunRecord& run, const std::vector<std::string>& differing) {
  std::vector<std::string> words;
  for (const std::string& name : differing) {
    const std::string value = text_of(run[name]);
    const bool plain = name == "cell" || name == "task" || name == "command";
    if (!value.empty() && !free_options.contains(name)) words.push_back(plain ? value : name + "=" + value);
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

std::vector<std::string> labels_of(const std::vector<RunRecord>& runs, const std::vector<std::string>& differing) {
  std::vector<std::string> labels;
  for (const RunRecord& run : runs) labels.push_back(label_of(run, differing));
  const std::vector<std::string> first = labels;
  for (std::size_t k = 0; k < runs.size(); ++k)
    if (first[k].empty() || std::count(first.begin(), first.end(), first[k]) > 1) labels[k] = runs[k].name;
  return labels;
}

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

}  // namespace

Comparison::Comparison(std::vector<RunRecord> runs)
    : runs_(std::move(runs)), differing_(differing_options(runs_)), labels_(labels_of(runs_, differing_)) {}

Table Comparison::options() const {
  Table table{.head = {"run"}};
  for (const std::string& name : differing_) table.head.push_back(name);
  for (std::size_t k = 0; k < runs_.size(); ++k) {
    std::vector<Entry> row{Entry{runs_[k].name, labels_[k]}};
    for (const std::string& name : differing_) row.emplace_back(text_of(runs_[k][name]));
    table.rows.push_back(std::move(row));
  }
  if (differing_.empty()) table.caption = "All options are the same.";
  return table;
}

Table Comparison::results() const {
  Table table{.head = {"run", "status", "test loss", "baseline", "unit", "valid", "by", "updates", "seconds"}};
  const auto number = [](const RunRecord& run, const char* name) {
    return number_text(number_of(run[name]).value_or(NAN));
  };
  for (std::size_t k = 0; k < runs_.size(); ++k) {
    const RunRecord& run = runs_[k];
    table.rows.push_back({Entry{labels_[k]}, text_of(run["status"]), number(run, "loss"), number(run, "baseline"),
                          text_of(run["unit"]), number(run, "valid"), text_of(run["validated_by"]),
                          count_text(number_of(run["updates"]).value_or(NAN)), number(run, "seconds")});
  }
  return table;
}

RunsFinding Comparison::finding() const { return finding_of(runs_, labels_); }

std::vector<Plot> Comparison::plots() const {
  Plot loss{.title = "Training loss", .x_label = "update", .log_y = true},
      norm{.title = "Norm of the gradient", .x_label = "update", .y_label = "norm before clipping", .log_y = true},
      valid{.title = "Validation", .x_label = "update"};
  bool thin = false;
  std::set<std::string> units, measures;
  for (std::size_t k = 0; k < runs_.size(); ++k) {
    const std::vector<Trial> trials = trials_of(runs_[k]);
    for (const Trial& t : trials) {
      if (t.curve.empty()) continue;
      thin = thin || t.curve.size() > most_points;
      const auto add = [&](Plot& plot, Series line) {
        line.name = labels_[k];
        if (trials.size() > 1) line.label = "seed " + text_of(t.options.at("seed"));
        if (trials.size() > 1) line.name += ", " + line.label;
        line.group = labels_[k];
        line.outside = text_of(runs_[k]["status"]) == "failed";
        if (!line.x.empty()) plot.series.push_back(std::move(line));
      };
      add(loss, thinned(t.curve, [](const CurvePoint& p) { return p.loss; }));
      add(norm, thinned(t.curve, [](const CurvePoint& p) { return p.gradient_norm; }));
      add(valid, validations(t.curve));
      measures.insert(t.validated_by);
      if (const std::string unit = text_of(runs_[k]["unit"]); !unit.empty()) units.insert(unit);
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
  report.lead(fmt::format("{}", fmt::join(labels_, "; ")));
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
  for (std::size_t k = 0; k < runs_.size(); ++k) {
    std::vector<std::string> columns;
    for (const auto& [name, value] : runs_[k].values) columns.push_back(name);
    nlohmann::ordered_json run = nlohmann::ordered_json::parse(json_of(runs_[k], columns));
    run["label"] = labels_[k];
    all["runs"].push_back(std::move(run));
  }
  return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace ebb::app::runs
