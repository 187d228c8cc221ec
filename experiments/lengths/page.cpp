#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/lengths/page.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <iterator>

namespace ebb::app::lengths {
namespace {

const CellScores* find_cell(const TaskScores& t, const std::string& name) {
  const auto at = std::find_if(t.cells.begin(), t.cells.end(), [&](const CellScores& c) { return c.cell == name; });
  return at == t.cells.end() ? nullptr : &*at;
}

std::vector<const CellScores*> in_order(const TaskScores& t, const std::vector<std::string>& names) {
  std::vector<const CellScores*> cells;
  for (const std::string& name : names)
    if (const CellScores* const c = find_cell(t, name)) cells.push_back(c);
  return cells;
}

std::string with_unit(const std::string& measure, const std::string& unit) {
  return unit.empty() ? measure : measure + ", " + unit;
}

std::string remark_of(const CellScores& c) {
  std::vector<std::string> parts;
  const auto n = c.seeds.size();
  if (c.diverged() > 0)
    parts.push_back(fmt::format("{} of {} diverged", c.diverged(), count_text(static_cast<double>(n), "seed")));
  if (c.failed() > 0) parts.push_back(fmt::format("{} failed", c.failed()));
  return fmt::format("{}", fmt::join(parts, ", "));
}

Table details_of(const TaskScores& t, const std::vector<std::string>& names) {
  Table table{.head = {"cell"}, .rows = {}};
  for (const int length : t.lengths) table.head.push_back(count_text(length));
  table.head.push_back("remarks");
  for (const CellScores* c : in_order(t, names)) {
    std::vector<Entry> row{c->cell};
    for (std::size_t k = 0; k < t.lengths.size(); ++k) row.emplace_back(c->spread(k).text());
    row.emplace_back(remark_of(*c));
    table.rows.push_back(std::move(row));
  }
  std::vector<Entry> base{"baseline"};
  for (const double x : t.baselines) base.emplace_back(number_text(x));
  base.emplace_back("");
  table.foot.push_back(std::move(base));
  return table;
}

/// Which cells solve the task at the greatest length, and which are at chance.
std::string finding_of(const TaskScores& t, const std::vector<std::string>& names) {
  constexpr double nearly = .95, little = .05;
  std::vector<std::string> solve, chance;
  const std::size_t last = t.lengths.size() - 1;
  for (const CellScores* c : in_order(t, names)) {
    const double share = t.share(*c, last);
    if (share >= nearly) solve.push_back(c->cell);
    if (share <= little) chance.push_back(c->cell);
  }
  const auto listed = [](std::vector<std::string> cells) {
    constexpr std::size_t most = 8;
    const std::size_t all = cells.size();
    if (all == 0) return std::string("none");
    if (all > most) cells.resize(most);
    return all > most ? fmt::format("{} and {} others", fmt::join(cells, ", "), all - most) : enumerated(cells);
  };
  return fmt::format("{} at length {}. Within 5 % of a perfect score: {}. At the baseline, up to 5 %: {}.", t.task,
                     count_text(t.lengths[last]), listed(solve), listed(chance));
}

void summarise(Job& job, const TaskScores& t) {
  const auto of_task = job.summary.under({"tasks", t.task});
  of_task.set({"measure"}, t.measure);
  of_task.set({"unit"}, t.unit);
  of_task.set({"rises"}, t.rises);
  of_task.set({"trained_length"}, t.trained);
  for (const CellScores& c : t.cells)
    for (std::size_t k = 0; k < t.lengths.size(); ++k) {
      const auto at = of_task.under({"cells", c.cell, std::to_string(t.lengths[k])});
      const sweep::Spread s = c.spread(k);
      at.set({"mean"}, s.mean);
      at.set({"deviation"}, s.count > 1 ? s.deviation : NAN);
      at.set({"seeds"}, s.count);
      at.set({"baseline"}, t.baselines[k]);
    }
}

}  // namespace

ValueMap map_of(const TaskScores& t, const std::vector<std::string>& names) {
  ValueMap map{.title = fmt::format("{}: {} by length", t.task, with_unit(t.measure, t.unit))};
  for (const int length : t.lengths) map.columns.push_back(count_text(length));
  const auto add = [&](const std::string& name, const auto& value, const auto& share) {
    map.rows.push_back(name);
    for (std::size_t k = 0; k < t.lengths.size(); ++k) {
      map.texts.push_back(score_text(value(k), t.unit));
      map.shares.push_back(share(k));
    }
  };
  for (const CellScores* c : in_order(t, names))
    add(c->cell, [&](std::size_t k) { return c->spread(k).mean; }, [&](std::size_t k) { return t.share(*c, k); });
  add("baseline", [&](std::size_t k) { return t.baselines[k]; }, [](std::size_t) { return NAN; });
  return map;
}

void report(Job& job, const std::vector<TaskScores>& all, const std::vector<std::string>& left_out) {
  const std::vector<std::string> names = ranked_cells(all);
  Report& page = job.report;
  page.title("Length generalisation");
  const auto seeds = static_cast<double>(job.seeds().size());
  page.lead(fmt::format("{} on {}, trained on short sequences and tested on longer ones, {} each.",
                        count_text(static_cast<double>(names.size()), "cell"),
                        count_text(static_cast<double>(all.size()), "task"), count_text(seeds, "seed")));
  for (const TaskScores& t : all) page.text(finding_of(t, names));
  std::string maps = "<div style='display:flex;flex-wrap:wrap;gap:14px 28px'>\n";
  for (const TaskScores& t : all) maps += value_map_svg(map_of(t, names));
  page.picture("", maps + "</div>",
               "Each cell of a map has the mean over seeds on the test split, at one length; the first column has the "
               "greatest length of training. Colour: from the baseline, which does not read the sequence (dark), to a "
               "perfect score (yellow). Cells in order of their mean colour beyond that length. –: no seed ended. "
               "Sentences: % of the way from baseline to perfect.");
  for (const TaskScores& t : all) {
    page.details(fmt::format("{}: {}, mean and, of three seeds or more, standard deviation", t.task,
                             with_unit(t.measure, t.unit)),
                 details_of(t, names));
    summarise(job, t);
  }
  for (const std::string& why : left_out) page.note("Left out: " + why);
  page.note("lengths.csv beside this page has every seed.");
}

std::string table_lines(const TaskScores& t, const std::vector<std::string>& names) {
  constexpr int column = 8;
  int wide = 8;
  for (const CellScores& c : t.cells) wide = std::max(wide, static_cast<int>(c.cell.size()));
  wide = std::min(wide, 32);
  std::string text = fmt::format("{}: {} by length, trained up to {}\n{}", t.task, with_unit(t.measure, t.unit),
                                 t.trained, fit("", wide));
  for (const int length : t.lengths) text += fit(count_text(length), column, true);
  for (const CellScores* c : in_order(t, names)) {
    text += "\n" + fit(c->cell, wide);
    for (std::size_t k = 0; k < t.lengths.size(); ++k) text += fit(score_text(c->spread(k).mean, t.unit), column, true);
    if (const std::string remark = remark_of(*c); !remark.empty()) text += "  " + remark;
  }
  text += "\n" + fit("baseline", wide);
  for (const double x : t.baselines) text += fit(score_text(x, t.unit), column, true);
  return text + "\n";
}

std::string csv_of(const std::vector<TaskScores>& all) {
  std::string csv = "task,cell,seed,state,length,trained_length,measure,unit,value,baseline\n";
  for (const TaskScores& t : all)
    for (const CellScores& c : t.cells)
      for (const SeedScores& s : c.seeds)
        for (std::size_t k = 0; k < t.lengths.size(); ++k)
          fmt::format_to(std::back_inserter(csv), "{},{},{},{},{},{},{},{},{},{}\n", t.task, csv_quoted(c.cell), s.seed,
                         s.state, t.lengths[k], t.trained, t.measure, t.unit, csv_text(s.values[k]),
                         csv_text(t.baselines[k]));
  return csv;
}

}  // namespace ebb::app::lengths
