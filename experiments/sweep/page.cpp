#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/statistics/finding.hpp>
#include <ebb/experiments/sweep/page.hpp>

namespace ebb::app::sweep {
namespace {

constexpr std::size_t most_best = 10, most_listed = 500;

std::string name_of(const Plan& plan, const ConfigurationResult& c) {
  return text_of(plan.axes, plan.configurations[c.configuration]);
}

/// How a run ended, for the statistics.
statistics::Ended end_of(const TrialResult& r) {
  using enum statistics::Ended;
  if (!r.failed.empty()) return failed;
  switch (r.record.state) {
    case TrialRecord::State::ended: return completed;
    case TrialRecord::State::diverged: return diverged;
    case TrialRecord::State::begun: return stopped;
    case TrialRecord::State::none: break;
  }
  return not_started;
}

statistics::Group group_of(const Plan& plan, const ConfigurationResult& c, const std::vector<double>& by_seed) {
  statistics::Group g{.name = name_of(plan, c), .runs = {}};
  for (std::size_t s = 0; s < plan.seeds.size(); ++s)
    g.runs.push_back({plan.seeds[s], by_seed[s],
                      std::isnan(by_seed[s]) ? statistics::Ended::stopped : statistics::Ended::completed});
  return g;
}

std::string seeds_text(const Plan& plan, const ConfigurationResult& c) {
  const auto all = static_cast<int>(plan.seeds.size());
  if (c.valid.count == all) return count_text(all);
  std::string text = fmt::format("{} of {}", c.valid.count, all);
  if (c.diverged > 0) text += fmt::format(", {} diverged", c.diverged);
  if (c.failed > 0) text += fmt::format(", {} failed", c.failed);
  if (c.stopped > 0 && !plan.rungs.empty()) text += fmt::format(", stopped at update {}", count_text(c.updates));
  return text;
}

/// Without the number of seeds, which is the same for all, or in a column of its own.
std::string short_text(const Spread& s) { return s.count > 2 ? s.text() : number_text(s.mean); }

/// Of a configuration that was stopped, its last validation, in brackets.
std::string valid_text(const ConfigurationResult& c) {
  return c.valid.count == 0 && c.stopped > 0 && c.last.count > 0 ? fmt::format("({})", number_text(c.last.mean))
                                                                 : short_text(c.valid);
}

std::string baseline_name(const Plan& plan) {
  const std::string& about = plan.validation.baseline_about;
  return about.empty() ? "baseline" : "baseline: " + about;
}

/// What the entries of the table of the best are, and how many there are besides.
std::string caption_of_best(const Plan& plan, std::size_t all, bool same) {
  std::string text =
      fmt::format("Mean {}over {}.", plan.seeds.size() > 2 ? "± standard deviation " : "",
                  same ? count_text(static_cast<double>(plan.seeds.size()), "seed") : "the seeds that ended");
  if (!plan.rungs.empty()) text += " In brackets: the last validation of a configuration that was stopped.";
  if (all > most_best)
    text += fmt::format(" The best {} of {}; trials.csv has all.", most_best,
                        count_text(static_cast<double>(all), "configuration"));
  return text;
}

Table best_table(const Plan& plan, const std::vector<ConfigurationResult>& ranking, const std::string& test_unit) {
  Table table{
      .head = {"configuration", plan.validation.text(), test_unit.empty() ? "test" : "test, " + test_unit, "seeds"}};
  bool same = true;
  for (const ConfigurationResult& c : ranking) {
    if (table.rows.size() == most_best) break;
    table.rows.push_back({name_of(plan, c), valid_text(c), short_text(c.test), seeds_text(plan, c)});
    same &= c.valid.count == static_cast<int>(plan.seeds.size());
  }
  if (std::isfinite(plan.validation.baseline))
    table.foot.push_back({baseline_name(plan), number_text(plan.validation.baseline), "", ""});
  if (same) {  // so that the table is narrower
    table.head.pop_back();
    for (auto* rows : {&table.rows, &table.foot})
      for (auto& row : *rows) row.pop_back();
  }
  table.caption = caption_of_best(plan, ranking.size(), same);
  return table;
}

/// The configurations by the words of an axis: the best and the median of each.
Table table_by(const Plan& plan, const std::vector<ConfigurationResult>& ranking, std::size_t axis) {
  Table table{.head = {plan.axes[axis].option, "best", "median", "number"}};
  for (const std::string& word : plan.axes[axis].words) {
    std::vector<double> heights;
    std::size_t all = 0;
    for (const ConfigurationResult& c : ranking) all += plan.configurations[c.configuration].values[axis] == word;
    for (const ConfigurationResult* c : comparable(plan, ranking))
      if (const double y = height_of(plan, *c);
          std::isfinite(y) && plan.configurations[c->configuration].values[axis] == word)
        heights.push_back(y);
    std::sort(heights.begin(), heights.end(), [&](double a, double b) { return plan.validation.better(a, b); });
    const double best = heights.empty() ? NAN : heights.front();
    const double median = heights.empty() ? NAN : (heights[heights.size() / 2] + heights[(heights.size() - 1) / 2]) / 2;
    table.rows.push_back(
        {word, number_text(best), number_text(median),
         heights.size() == all ? count_text(static_cast<double>(all)) : fmt::format("{} of {}", heights.size(), all)});
  }
  table.caption = fmt::format("{}, mean over the seeds of a configuration; number of configurations{}.",
                              plan.validation.text(), plan.rungs.empty() ? "" : " that were trained to the end");
  return table;
}

void add_failures(Report& page, const Plan& plan, const std::vector<TrialResult>& results) {
  Table table{.head = {"trial", "why it failed"}};
  for (std::size_t k = 0; k < results.size(); ++k)
    if (!results[k].failed.empty()) table.rows.push_back({plan.trials[k].name, results[k].failed});
  if (table.rows.empty()) return;
  page.section("Failed trials", "Their output is in logs/. They are tried again when the sweep is resumed.");
  table.rows.resize(std::min(table.rows.size(), most_listed));
  page.table(table);
}

void add_trials(Report& page, const Plan& plan, const std::vector<TrialResult>& results) {
  Table table{.head = {"trial", plan.validation.text(), "test", "updates", "seconds", "state"}};
  for (std::size_t k = 0; k < std::min(results.size(), most_listed); ++k) {
    const TrialRecord& r = results[k].record;
    table.rows.push_back({plan.trials[k].name, number_text(r.valid_at(to_the_end, plan.validation)),
                          number_text(r.test), count_text(r.updates), number_text(r.seconds),
                          results[k].state(!plan.rungs.empty())});
  }
  if (results.size() > most_listed) table.caption = "trials.csv has the others.";
  page.details("All trials", table);
}

void add_summary(Job& job, const Plan& plan, const std::vector<TrialResult>& results,
                 const std::vector<ConfigurationResult>& ranking) {
  int ended = 0, diverged = 0, failed = 0;
  for (const TrialResult& r : results) {
    failed += !r.failed.empty();
    ended += end_of(r) == statistics::Ended::completed;
    diverged += end_of(r) == statistics::Ended::diverged;
  }
  const auto trials = job.summary.under({"trials"});
  trials.set({"all"}, static_cast<int>(results.size()));
  trials.set({"ended"}, ended);
  trials.set({"diverged"}, diverged);
  trials.set({"failed"}, failed);
  job.summary.set({"repeatable"}, !plan.asynchronous);
  const auto validation = job.summary.under({"validation"});
  validation.set({"measure"}, plan.validation.measure);
  validation.set({"unit"}, plan.validation.unit);
  validation.set({"higher_is_better"}, plan.validation.rises);
  if (ranking.empty() || ranking.front().valid.count == 0) return;
  const ConfigurationResult& c = ranking.front();
  const auto best = job.summary.under({"best"});
  for (std::size_t k = 0; k < plan.axes.size(); ++k)
    best.set({"options", plan.axes[k].option}, plan.configurations[c.configuration].values[k]);
  best.set({"valid"}, c.valid.mean);
  if (c.valid.count > 2) best.set({"valid_deviation"}, c.valid.deviation);
  best.set({"test"}, c.test.mean);
  best.set({"seeds"}, c.valid.count);
}

/// Whether the best two differ. They were chosen by their validation, which cannot test it then: the test split does,
/// with Holm's correction for all configurations among which they were chosen.
std::string lead_text(const Plan& plan, const std::vector<ConfigurationResult>& ranking) {
  std::vector<statistics::Group> groups;
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (const ConfigurationResult& c : ranking) {
    if (c.test.count == 0) continue;
    if (!groups.empty()) pairs.emplace_back(0, groups.size());
    groups.push_back(group_of(plan, c, c.tests));
  }
  if (pairs.empty() || ranking.front().test.count == 0) return {};
  const auto found = statistics::differences(groups, pairs);
  std::string text = statistics::sentence(found.front(), groups, {"test loss", "", false});
  if (text.starts_with("No ")) text[0] = 'n';
  return "On the test split: " + text;
}

}  // namespace

std::vector<std::string> findings_of(const Plan& plan, const std::vector<ConfigurationResult>& ranking) {
  if (ranking.empty() || ranking.front().valid.count == 0) return {};
  const ConfigurationResult& best = ranking.front();
  const Validation& v = plan.validation;
  const std::string unit = v.unit.empty() ? "" : " " + v.unit;
  std::vector<std::string> sentences{fmt::format("{} has the best validation {}: {}{} over {}.", name_of(plan, best),
                                                 v.measure, short_text(best.valid), unit,
                                                 count_text(best.valid.count, "seed"))};
  if (std::isfinite(v.baseline))
    sentences.push_back(fmt::format("The baseline{} is {}{}.",
                                    v.baseline_about.empty() ? "" : " (" + v.baseline_about + ")",
                                    number_text(v.baseline), unit));
  if (const std::string lead = lead_text(plan, ranking); !lead.empty()) sentences.push_back(lead);
  return sentences;
}

std::string best_lines(const Plan& plan, const std::vector<ConfigurationResult>& ranking) {
  const bool baseline = std::isfinite(plan.validation.baseline);
  std::size_t wide = 13;
  for (std::size_t k = 0; k < std::min(most_best, ranking.size()); ++k)
    wide = std::max(wide, name_of(plan, ranking[k]).size());
  bool same = true;
  std::string text =
      fmt::format("{:<{}}  {:<20}  {:<18}  {}\n", "configuration", wide, plan.validation.text(), "test", "seeds");
  for (std::size_t k = 0; k < std::min(most_best, ranking.size()); ++k) {
    const ConfigurationResult& c = ranking[k];
    text += fmt::format("{:<{}}  {:<20}  {:<18}  {}\n", name_of(plan, c), wide, valid_text(c), short_text(c.test),
                        seeds_text(plan, c));
    same &= c.valid.count == static_cast<int>(plan.seeds.size());
  }
  if (baseline) text += fmt::format("{:<{}}  {}\n", "baseline", wide, number_text(plan.validation.baseline));
  for (const std::string& line : wrapped(caption_of_best(plan, ranking.size(), same), 78)) text += line + "\n";
  return text + "\n";
}

void report(Job& job, const Plan& plan, const std::vector<TrialResult>& results) {
  const std::vector<ConfigurationResult> ranking = ranking_of(plan, results);
  std::string unit;
  for (const TrialResult& r : results)
    if (!r.record.test_unit.empty()) unit = r.record.test_unit;
  Report& page = job.report;
  page.title("Sweep of " + plan.task);
  page.lead(plan.text() + ".");
  if (plan.asynchronous)
    page.note(
        "This sweep does not repeat: what asynchronous halving (--asha) continues depends on which trials end first.");
  page.section("The best");
  for (const std::string& sentence : findings_of(plan, ranking)) page.text(sentence);
  page.table(best_table(plan, ranking, unit));
  page.note(
      "The best of many configurations is partly lucky, so its validation is too good; the test split had no part in "
      "the choice. best.toml has its options: ebb train --config best.toml");
  if (const std::vector<Plot> plots = responses_of(plan, ranking); !plots.empty()) {
    page.section("Options");
    page.plots(plots);
  }
  for (std::size_t k = 0; k < plan.axes.size(); ++k)
    if (!plan.axes[k].is_number() && plan.axes[k].words.size() > 1) page.table(table_by(plan, ranking, k));
  if (!plan.axes.empty()) page.parallel_plot(parallel_of(plan, ranking));
  add_failures(page, plan, results);
  add_trials(page, plan, results);
  add_summary(job, plan, results, ranking);
}

}  // namespace ebb::app::sweep
