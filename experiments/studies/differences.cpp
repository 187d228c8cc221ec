#include <fmt/format.h>
#include <cctype>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/differences.hpp>

namespace ebb::app::study {
namespace {

using statistics::Difference;

const char* test_name(Difference::Test test) {
  switch (test) {
    case Difference::Test::none: return "none";
    case Difference::Test::t: return "t";
    case Difference::Test::signed_rank: break;
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

Comparison compared(std::vector<statistics::Group> groups, const statistics::Quantity& quantity) {
  Comparison c{.groups = std::move(groups), .quantity = quantity};
  c.findings = statistics::findings(c.groups, quantity);
  return c;
}

Table difference_table(const Comparison& c) {
  const statistics::Quantity& q = c.quantity;
  Table t{.head = {"pair", fmt::format("difference, {}", q.unit == "%" ? "points" : q.unit), "95 % interval", "seeds",
                   "p", "shown", "seeds to show it"},
          .rows = {},
          .caption = fmt::format("{} of the first less that of the second, mean over the seeds that both completed. "
                                 "p: after Holm's correction.",
                                 q.name)};
  t.caption[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(t.caption[0])));
  for (const Difference& d : c.findings.differences) {
    const std::optional<int> needed = d.needed();
    const std::string sign = d.interval.mean < 0 ? "-" : "", interval = statistics::interval_text(d.interval);
    t.rows.push_back({fmt::format("{} – {}", c.groups[d.a].name, c.groups[d.b].name),
                      d.seeds() > 0 ? sign + statistics::amount_text(d, {q.name, "", q.rises}) : "–",
                      interval.empty() ? "–" : interval, std::to_string(d.seeds()),
                      std::isnan(d.adjusted) ? "–" : statistics::p_text(d.adjusted), d.shown() ? "yes" : "no",
                      needed ? count_text(*needed) : "–"});
  }
  return t;
}

void set_differences(const Summary::Section& differences, const Comparison& c) {
  for (const Difference& d : c.findings.differences) {
    const auto s = differences.under({c.groups[d.a].name + " - " + c.groups[d.b].name});
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

}  // namespace ebb::app::study
