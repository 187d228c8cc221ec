#include <fmt/format.h>
#include <ebb/experiments/cli/progress.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/sweep/cost.hpp>

namespace ebb::app::sweep {
namespace {

struct StoredCosts {
  std::map<std::string, Cost> rows;
};
void visit(Fields& f, StoredCosts& c) { f("rows", c.rows); }

}  // namespace

static void visit(Fields& f, Cost& c) {
  double rest = c.checking + c.own;
  f("updates", c.updates)("update", c.update)("checking", rest);
  if (f.reading()) c.checking = rest;
}

std::string costs_json(const std::map<std::string, Cost>& all) {
  StoredCosts stored;
  for (const auto& [name, cost] : all)
    if (cost.known()) stored.rows.emplace(name, cost);
  return json_of(stored) + "\n";
}

std::map<std::string, Cost> costs_from(const std::string& json, const std::string& file) {
  return from_json<StoredCosts>(json, file).rows;
}

std::string cost_line(const std::string& name, const Cost& c) {
  return fmt::format(
      "{} {} a seed of {} updates: {} ms an update, {} of checking{}\n", fit(name, 30),
      fit(duration_text(c.seconds()), 10, true), count_text(c.updates), number_text(1e3 * c.update),
      duration_text(c.checking),
      c.own > 0 ? fmt::format(", {} of {} of remedies", duration_text(c.own), count_text(c.own_updates, "own update"))
                : "");
}

}  // namespace ebb::app::sweep
