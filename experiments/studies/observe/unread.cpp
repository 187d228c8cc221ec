#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/measure.hpp>
#include <ebb/experiments/studies/observe/unread.hpp>

namespace ebb::app::observe {
namespace {

/// Rejects the options for which `why` has a reason, and leaves them out of the record.
template <class Why> void reject_unread(Options& o, const Why& why) {
  for (const auto& e : o.entries()) {
    const std::string reason = why(*e);
    if (reason.empty()) continue;
    if (e->given) throw ValueError(fmt::format("{} {}", e->name, reason));
    e->recorded = e->kept = false;
  }
}

std::string unread_by_weights(const detail::OptionEntry& e) {
  if (e.name == "--hidden") return "the width of trained weights is in their file";
  if (e.name == "--seed" || e.name == "--seeds") return "trained weights are not drawn";
  if (e.name == "--text") return "trained weights name their own text";
  if (!e.declared_by.empty()) return "trained weights name the options of their task";
  return {};
}

/// Options that some measures read and others do not. --free is not one of them: measures of a loss say what they need.
bool is_for_measures(const std::string& option) {
  return is_one_of(
      option, {"--length", "--rows", "--lags", "--spread", "--vary", "--directions", "--determinants", "--export"});
}

std::vector<std::string> readers_of(const std::string& option) {
  std::vector<std::string> readers;
  for (const MeasureEntry* m : measure_list())
    if (m->make()->reads(option)) readers.emplace_back(m->name);
  return readers;
}

}  // namespace

void reject_unread_by_weights(Options& o) {
  reject_unread(o, [](const detail::OptionEntry& e) {
    const std::string reason = unread_by_weights(e);
    return reason.empty() ? reason : "applies to --cell: " + reason;
  });
}

void reject_unread_by_measures(Options& o, const std::vector<std::string>& measures) {
  reject_unread(o, [&](const detail::OptionEntry& e) -> std::string {
    if (!is_for_measures(e.name)) return {};
    const std::vector<std::string> readers = readers_of(e.name);
    const auto named = [&](const std::string& m) {
      return std::find(measures.begin(), measures.end(), m) != measures.end();
    };
    if (std::any_of(readers.begin(), readers.end(), named)) return {};
    return fmt::format("is for the measure{} {}, which --measure does not name", readers.size() > 1 ? "s" : "",
                       enumerated(readers));
  });
}

}  // namespace ebb::app::observe
