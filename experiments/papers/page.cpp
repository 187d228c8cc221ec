#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/cli/progress.hpp>
#include <ebb/experiments/papers/page.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <map>
#include <nlohmann/json.hpp>

namespace ebb::app::papers {
namespace {

using nlohmann::ordered_json;

std::vector<const RowResult*> rows_of(const Experiment& e, const std::vector<RowResult>& all) {
  std::vector<const RowResult*> rows;
  for (const RowResult& r : all)
    if (r.experiment == &e) rows.push_back(&r);
  return rows;
}

std::string seconds_text(const RowResult& r) {
  const double s = r.seconds();
  return std::isnan(s) ? "" : number_text(s);
}

bool of_mean(const Experiment& e) { return !e.solved && e.pick == Pick::mean; }

std::string unit_of(const std::vector<const RowResult*>& rows) {
  for (const RowResult* r : rows)
    for (const SeedResult& s : r->seeds)
      if (!s.unit.empty()) return s.unit;
  return {};
}

Table table_of(const Experiment& e, const std::vector<const RowResult*>& rows, Size size) {
  const std::string unit = unit_of(rows);
  Table table{.head = {"row", "paper", "ours", "each seed", "difference", "verdict", "seconds"}};
  for (const RowResult* r : rows)
    table.rows.push_back({Entry(r->row->label, r->row->name), r->paper(), r->ours(), r->each_seed(), r->difference(),
                          r->verdict(size), seconds_text(*r)});
  table.caption = fmt::format("Paper and ours: {}{} on the test split{}. Each seed: {}. Seconds are those of one seed.",
                              e.quantity(), e.solved || unit.empty() ? "" : ", " + unit,
                              of_mean(e) ? ", mean and, of three seeds or more, standard deviation" : "",
                              e.solved && !unit.empty() ? e.measured() + ", " + unit : e.measured());
  return table;
}

bool is_loss(const std::string& validated_by) { return validated_by.empty() || validated_by == "loss"; }

/// The mean of all seeds, at the updates at which each of them was validated.
Series mean_of(const RowResult& r) {
  Series mean{.name = r.row->label, .group = r.row->name};
  std::map<int, std::pair<double, std::size_t>> sums;
  for (const SeedResult& s : r.seeds)
    for (const auto& [update, x] : s.valid) {
      sums[update].first += x;
      ++sums[update].second;
    }
  for (const auto& [update, sum] : sums) {
    if (sum.second < r.seeds.size()) continue;
    mean.x.push_back(update);
    mean.y.push_back(sum.first / static_cast<double>(sum.second));
  }
  return mean;
}

Plot curves_of(const Experiment& e, const std::vector<const RowResult*>& rows) {
  Plot plot{.title = "Learning curves, " + e.name, .x_label = "update"};
  std::string by;
  for (const RowResult* r : rows) {
    if (Series mean = mean_of(*r); e.pick == Pick::mean && !mean.x.empty()) plot.series.push_back(std::move(mean));
    for (const SeedResult& s : r->seeds) {
      if (!s.validated_by.empty()) by = s.validated_by;
      const std::string rate = s.rate.empty() ? "" : fmt::format(", lr {}", s.rate);
      Series line{
          .name = fmt::format("{}{}, seed {}", r->row->label, rate, s.seed), .group = r->row->name, .thin = true};
      for (const auto& [update, x] : s.valid) {
        line.x.push_back(update);
        line.y.push_back(x);
      }
      if (!line.x.empty()) plot.series.push_back(std::move(line));
    }
  }
  plot.log_y = is_loss(by);
  plot.y_label = "validation, " + (by.empty() ? "loss" : by);
  plot.caption = e.pick == Pick::mean ? "Mean of all seeds, and each seed as a thin line." : "Each seed and rate.";
  return plot;
}

void add_settings(Report& page, const Protocol& p, const Experiment& e, const std::vector<const RowResult*>& rows) {
  std::string commands;
  for (const RowResult* r : rows) commands += fmt::format("{}\n", fmt::join(r->commands, "\n"));
  page.verbatim(commands);
  std::vector<std::string> differs = p.differs;
  differs.insert(differs.end(), e.differs.begin(), e.differs.end());
  for (const RowResult* r : rows)
    if (!r->row->note.empty()) page.note(fmt::format("{}: {}", r->row->label, r->row->note));
  if (!differs.empty()) page.text(fmt::format("What differs from the paper: {}", fmt::join(differs, " ")));
}

ordered_json number_json(double x) { return std::isfinite(x) ? ordered_json(x) : ordered_json(nullptr); }

std::string size_text(Size size) {
  return size == Size::full ? "as published" : size == Size::standard ? "reduced" : "a toy, not a result";
}

}  // namespace

void report(Job& job, const Protocol& p, const std::vector<RowResult>& results) {
  Report& page = job.report;
  page.title(p.short_title());
  page.lead(fmt::format("{}, {}. Run {}.", p.title, p.source, size_text(job.size())));
  if (!p.about.empty()) page.text(fmt::format("{}", fmt::join(p.about, " ")));
  for (const Experiment& e : p.experiments) {
    const auto rows = rows_of(e, results);
    page.section(e.question, e.where.empty() ? "" : "The paper's " + e.where + ".");
    page.table(table_of(e, rows, job.size()));
    if (Plot plot = curves_of(e, rows); !plot.series.empty()) page.plots({plot});
    add_settings(page, p, e, rows);
    for (const RowResult* r : rows) {
      const auto summary = job.summary.under({"experiments", e.name, r->row->name});
      summary.set({"paper"}, r->paper());
      summary.set({"number"}, r->number());
      summary.set({"deviation"}, r->deviation());
      summary.set({"verdict"}, r->verdict(job.size()));
      summary.set({"seconds"}, r->seconds());
      summary.set({"estimated_seconds"}, r->wall);
    }
  }
  page.note("records.json beside this page has every seed's measures, options, version and machine.");
}

std::string table_lines(const Experiment& e, const std::vector<RowResult>& results, Size size) {
  const auto rows = rows_of(e, results);
  int wide = 8, paper = 8;
  for (const RowResult* r : rows) {
    wide = std::max(wide, static_cast<int>(r->row->label.size()));
    paper = std::max(paper, static_cast<int>(r->paper().size()));
  }
  std::string text = fmt::format("{}: {}\n{} {} {} {}\n", e.name, e.quantity(), fit("", wide), fit("paper", paper),
                                 fit("ours", 22), "verdict");
  for (const RowResult* r : rows)
    text += fmt::format("{} {} {} {}\n", fit(r->row->label, wide), fit(r->paper(), paper), fit(r->ours(), 22),
                        r->verdict(size));
  return text;
}

std::string records_json(const Protocol& p, const std::vector<RowResult>& results, Size size) {
  ordered_json records = ordered_json::array();
  for (const RowResult& r : results)
    for (const SeedResult& s : r.seeds)
      records.push_back({{"experiment", r.experiment->name},
                         {"row", r.row->name},
                         {"command", s.command},
                         {"seed", s.seed},
                         {"state", s.state},
                         {"measure", r.experiment->measured()},
                         {"value", number_json(s.value)},
                         {"unit", s.unit},
                         {"updates", s.updates},
                         {"seconds", s.seconds},
                         {"paper", r.paper()},
                         {"recorded", ordered_json::parse(s.record, nullptr, false)}});
  const ordered_json file = {
      {"paper", p.name}, {"title", p.title}, {"source", p.source}, {"size", size_text(size)}, {"records", records}};
  return file.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace ebb::app::papers
