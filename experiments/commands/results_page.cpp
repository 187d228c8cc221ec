#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/commands/results_page.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/ops/error.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>

namespace ebb::app {
namespace {

using nlohmann::json;

double mean_of(const std::vector<double>& x) {
  return x.empty() ? 0 : std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

// 88.4, 1.533, 0.6178
std::string short_number(double x) { return fmt::format("{:.4g}", x); }

std::string each(const std::vector<double>& x) {
  std::vector<std::string> words;
  for (const double v : x) words.push_back(short_number(v));
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string with_unit(double x, const std::string& unit) { return short_number(x) + (unit.empty() ? "" : " " + unit); }

const RowResult::Values& values(const RowResult& r, const std::string& measure) {
  const auto at = r.measures.find(measure);
  if (at == r.measures.end()) throw ValueError(fmt::format("the run has no measure '{}'", measure));
  return at->second;
}

std::string wanted(const ResultRow& row) {
  std::vector<std::string> words;
  for (const Goal& g : row.goals)
    words.push_back(fmt::format("{} {} {}", g.measure, g.at_least ? "≥" : "≤", short_number(g.bound)));
  if (row.minutes > 0) words.push_back(fmt::format("≤ {} min", short_number(row.minutes)));
  if (row.weights > 0) words.push_back(fmt::format("≤ {} weights", count_text(row.weights)));
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string reached(const ResultRow& row, const RowResult& r) {
  std::vector<std::string> words;
  for (const Goal& g : row.goals) {
    const RowResult::Values& v = values(r, g.measure);
    words.push_back(fmt::format("{} **{}**{}", g.measure, with_unit(v.mean(), v.unit),
                                v.of_seeds.size() > 1 ? fmt::format(" ({})", each(v.of_seeds)) : ""));
  }
  return fmt::format("{}", fmt::join(words, "; "));
}

// What a result lacks that a full run has.
std::string missing_of(const ResultRow& row, const RowResult& r) {
  std::vector<std::string> missing;
  if (r.quick) missing.emplace_back("a toy run with --quick, not a result");
  if (static_cast<int>(r.seconds.size()) < row.seeds)
    missing.push_back(fmt::format("{} of {}", r.seconds.size(), count_text(row.seeds, "seed")));
  return fmt::format("{}", fmt::join(missing, ", "));
}

std::string goals_missed(const ResultRow& row, const RowResult& r) {
  std::vector<std::string> missed;
  for (const Goal& g : row.goals)
    if (const double x = values(r, g.measure).mean(); g.at_least ? x < g.bound : x > g.bound)
      missed.push_back(fmt::format("{} is {}, not {} {}", g.measure, short_number(x), g.at_least ? "≥" : "≤",
                                   short_number(g.bound)));
  if (row.minutes > 0 && mean_of(r.seconds) > 60 * row.minutes)
    missed.push_back(
        fmt::format("{} s per seed is more than {} min", short_number(mean_of(r.seconds)), short_number(row.minutes)));
  if (row.weights > 0 && r.weights > row.weights) missed.push_back(fmt::format("{} weights", count_text(r.weights)));
  return fmt::format("{}", fmt::join(missed, ", "));
}

std::string table_line(const ResultRow& row, const RowResult* r) {
  const std::string name = fmt::format("[{}]({})", row.name, row.page());
  if (!r) return fmt::format("| {} | {} | {} | not run yet | | | |\n", row.shape, name, wanted(row));
  const char* const mark = !goals_missed(row, *r).empty() ? "; **goal missed**"
                           : !missing_of(row, *r).empty() ? "; **incomplete**"
                                                          : "";
  return fmt::format("| {} | {} | {} | {}{} | {} | {} | {}, {} |\n", row.shape, name, wanted(row), reached(row, *r),
                     mark, each(r->seconds), count_text(r->weights), r->date, r->version);
}

std::string section(const ResultRow& row, const RowResult& r) {
  const std::string seeds = r.seconds.size() > 1 ? fmt::format(" --seeds {}", r.seconds.size()) : "";
  std::string text = fmt::format("\n## {}\n\n    {}{}\n\n", row.name, r.command, seeds);
  text += "| measure | mean | each seed | baseline |\n|---|---|---|---|\n";
  for (const auto& [name, v] : r.measures)
    text += fmt::format("| {} | {} | {} | {}{} |\n", name, with_unit(v.mean(), v.unit), each(v.of_seeds),
                        with_unit(v.baseline, v.unit), v.baseline_about.empty() ? "" : ", " + v.baseline_about);
  text += fmt::format("\n{} weights; {} s per seed; {}.", count_text(r.weights), short_number(mean_of(r.seconds)),
                      r.machine);
  if (!row.known.empty()) text += fmt::format(" Published results: {}.", row.known);
  if (const std::string missing = missing_of(row, r); !missing.empty())
    text += fmt::format(" Incomplete: {}.", missing);
  if (const std::string missed = goals_missed(row, r); !missed.empty())
    text += fmt::format(" Goals missed: {}.{}", missed, row.tried.empty() ? "" : " " + row.tried);
  return text + "\n";
}

json to_json(const RowResult& r) {
  json j = {{"command", r.command}, {"date", r.date},       {"version", r.version}, {"machine", r.machine},
            {"quick", r.quick},     {"weights", r.weights}, {"seconds", r.seconds}, {"measures", json::object()}};
  for (const auto& [name, v] : r.measures)
    j["measures"][name] = {
        {"unit", v.unit}, {"baseline", v.baseline}, {"baseline_about", v.baseline_about}, {"seeds", v.of_seeds}};
  return j;
}

RowResult from_json(const json& j) {
  RowResult r{.command = j.at("command"),
              .date = j.at("date"),
              .version = j.at("version"),
              .machine = j.at("machine"),
              .quick = j.at("quick"),
              .weights = j.at("weights"),
              .seconds = j.at("seconds"),
              .measures = {}};
  for (const auto& [name, v] : j.at("measures").items())
    r.measures[name] = {v.at("unit"), v.at("baseline_about"), v.at("baseline"), v.at("seeds")};
  return r;
}

}  // namespace

double RowResult::Values::mean() const { return mean_of(of_seeds); }

RowResult RowResult::of_summary(const std::string& path, const ResultRow& row) {
  RowResult r{.command = row.command(), .date = {}, .version = {}, .machine = {}, .seconds = {}, .measures = {}};
  try {
    const json all = json::parse(read_file(path));
    if (all.at("interrupted").get<bool>()) throw FileError(fmt::format("'{}': the run was interrupted", path));
    for (const auto& [seed, run] : all.at("runs").items()) {
      if (!run.at("diverged").get<std::string>().empty())
        throw FileError(fmt::format("'{}': seed {} diverged", path, seed));
      r.weights = run.at("weights");
      r.seconds.push_back(run.at("seconds"));
      for (const auto& [name, m] : run.at("measures").items()) {
        RowResult::Values& v = r.measures[name];
        v.unit = m.at("unit");
        v.baseline = m.at("baseline").is_null() ? 0 : m.at("baseline").get<double>();
        v.baseline_about = m.value("baseline_about", "");
        v.of_seeds.push_back(m.at("value"));
      }
    }
    for (const Goal& g : row.goals) values(r, g.measure);
  } catch (const json::exception& e) {
    throw FileError(fmt::format("'{}': not a summary of ebb train: {}", path, e.what()));
  }
  return r;
}

RowResults read_results(const std::string& path) {
  RowResults all;
  if (!std::filesystem::exists(path)) return all;
  try {
    const json kept = json::parse(read_file(path));
    for (const auto& [name, j] : kept.items()) all[name] = from_json(j);
  } catch (const json::exception& e) {
    throw FileError(fmt::format("'{}': not written by ebb results: {}", path, e.what()));
  }
  return all;
}

std::string results_json(const RowResults& all) {
  json j = json::object();
  for (const auto& [name, r] : all) j[name] = to_json(r);
  return j.dump(1) + "\n";
}

std::string shortfall(const ResultRow& row, const RowResult& r) {
  std::vector<std::string> parts;
  if (const std::string missing = missing_of(row, r); !missing.empty()) parts.push_back("incomplete: " + missing);
  if (const std::string missed = goals_missed(row, r); !missed.empty()) parts.push_back("goals missed: " + missed);
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string results_page(const RowResults& all) {
  std::string text =
      "# Results\n\n"
      "Each row is the result of one command, given in its section. `ebb results ROW` runs it again and updates this "
      "page;\n"
      "`ebb results` runs the rows that are missing. Figures are means over seeds on the test split, with the value of "
      "each\n"
      "seed in brackets. Seconds are per seed, including testing, on a machine that may have been shared with other "
      "work.\n\n"
      "| shape | row | goal | reached | seconds | weights | date, version |\n|---|---|---|---|---|---|---|\n";
  for (const ResultRow& row : result_rows()) {
    const auto at = all.find(row.name);
    text += table_line(row, at == all.end() ? nullptr : &at->second);
  }
  for (const ResultRow& row : result_rows())
    if (const auto at = all.find(row.name); at != all.end()) text += section(row, at->second);
  return text;
}

}  // namespace ebb::app
