#include <fmt/format.h>
#include <cctype>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/compare/compare.hpp>

namespace ebb::app::compare {
namespace {

using statistics::Ended;

Ended ended(const Trial& t) {
  if (!t.begun) return Ended::not_started;
  if (!t.failed.empty()) return Ended::failed;
  if (!t.training.diverged.empty()) return Ended::diverged;
  return t.training.interrupted ? Ended::stopped : Ended::completed;
}

const char* test_name(statistics::Difference::Test test) {
  switch (test) {
    case statistics::Difference::Test::none: return "none";
    case statistics::Difference::Test::t: return "t";
    case statistics::Difference::Test::signed_rank: break;
  }
  return "Wilcoxon";
}

const char* method_name(statistics::Method method) {
  switch (method) {
    case statistics::Method::none: return "none";
    case statistics::Method::t: return "t";
    case statistics::Method::bca: break;
  }
  return "BCa";
}

}  // namespace

std::vector<statistics::Group> groups_of(const Results& r) {
  std::vector<statistics::Group> groups;
  for (const Variant& v : r.variants) {
    statistics::Group g{.name = v.name, .runs = {}};
    for (const Trial& t : v.trials) g.runs.push_back({t.seed, t.quality, ended(t)});
    groups.push_back(std::move(g));
  }
  return groups;
}

statistics::Quantity quantity_of(const Results& r) {
  const Measure& m = r.goal.measure;
  return {m.name, m.unit, m.rises};
}

Table difference_table(const Results& r) {
  const Measure& m = r.goal.measure;
  Table t{.head = {"pair", fmt::format("difference, {}", m.unit == "%" ? "points" : m.unit), "95 % interval", "seeds",
                   "p", "shown", "seeds to show it"},
          .rows = {},
          .caption = fmt::format("{} of the first less that of the second, mean over the seeds that both completed. "
                                 "p: after Holm's correction.",
                                 m.name)};
  t.caption[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(t.caption[0])));
  for (const statistics::Difference& d : r.findings.differences) {
    const std::optional<int> needed = d.needed();
    const std::string sign = d.interval.mean < 0 ? "-" : "", interval = statistics::interval_text(d.interval);
    t.rows.push_back({fmt::format("{} – {}", r.variants[d.a].name, r.variants[d.b].name),
                      d.seeds() > 0 ? sign + statistics::amount_text(d, {m.name, "", m.rises}) : "–",
                      interval.empty() ? "–" : interval, std::to_string(d.seeds()),
                      std::isnan(d.adjusted) ? "–" : statistics::p_text(d.adjusted), d.shown() ? "yes" : "no",
                      needed ? count_text(*needed) : "–"});
  }
  return t;
}

void set_differences(Job& job, const Results& r) {
  for (const statistics::Difference& d : r.findings.differences) {
    const auto s = job.summary.under({"differences", r.variants[d.a].name + " - " + r.variants[d.b].name});
    s.set({"mean"}, d.interval.mean);
    s.set({"low"}, d.interval.low);
    s.set({"high"}, d.interval.high);
    s.set({"interval"}, method_name(d.interval.method));
    s.set({"seeds"}, d.seeds());
    s.set({"test"}, test_name(d.test));
    s.set({"p"}, d.p);
    s.set({"p_holm"}, d.adjusted);
    s.set({"shown"}, d.shown());
    if (const std::optional<int> needed = d.needed()) s.set({"seeds_needed"}, *needed);
  }
}

}  // namespace ebb::app::compare
