#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/sweep/trials_files.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

namespace ebb::app::sweep {
namespace {

using nlohmann::ordered_json;

// In quotes where it needs them.
std::string cell_of(const std::string& word) {
  return word.find_first_of(",\"\n\r") == std::string::npos ? word : csv_quoted(word);
}

ordered_json number(double x) { return std::isfinite(x) ? ordered_json(x) : ordered_json(nullptr); }

ordered_json value_of(const std::string& word) {
  const double x = number_of(word);
  return std::isnan(x) ? ordered_json(word) : ordered_json(x);
}

std::string empty_or(double x) { return std::isnan(x) ? "" : csv_text(x); }

}  // namespace

std::string trials_csv(const Plan& plan, const std::vector<TrialResult>& results) {
  std::string text = "trial,configuration";
  for (const Axis& axis : plan.axes) text += "," + axis.option;
  text += ",seed,state,updates,valid,test,failed,seconds\n";
  for (std::size_t k = 0; k < plan.trials.size(); ++k) {
    const Trial& t = plan.trials[k];
    const TrialRecord& r = results[k].record;
    text += fmt::format("{},{}", t.name, plan.configurations[t.configuration].number);
    for (const std::string& value : plan.configurations[t.configuration].values) text += "," + cell_of(value);
    text += fmt::format(",{},{},{},{},{},{},{:.3f}\n", t.seed, results[k].state(!plan.rungs.empty()), r.updates,
                        empty_or(r.valid_at(to_the_end, plan.validation)), empty_or(r.test), cell_of(results[k].failed),
                        r.seconds);
  }
  return text;
}

std::string trials_json(const Plan& plan, const std::vector<TrialResult>& results) {
  ordered_json all = ordered_json::array();
  for (std::size_t k = 0; k < plan.trials.size(); ++k) {
    const Trial& t = plan.trials[k];
    const TrialRecord& r = results[k].record;
    ordered_json options = ordered_json::object(), valid = ordered_json::array();
    for (std::size_t a = 0; a < plan.axes.size(); ++a)
      options[plan.axes[a].option] = value_of(plan.configurations[t.configuration].values[a]);
    for (const auto& [update, x] : r.valid) valid.push_back({update, number(x)});
    all.push_back({{"trial", t.name},
                   {"configuration", plan.configurations[t.configuration].number},
                   {"options", options},
                   {"seed", t.seed},
                   {"state", results[k].state(!plan.rungs.empty())},
                   {"updates", r.updates},
                   {"valid", number(r.valid_at(to_the_end, plan.validation))},
                   {"validations", valid},
                   {"test", number(r.test)},
                   {"failed", results[k].failed},
                   {"seconds", r.seconds}});
  }
  const ordered_json file = {{"task", plan.task},
                             {"validation",
                              {{"measure", plan.validation.measure},
                               {"unit", plan.validation.unit},
                               {"higher_is_better", plan.validation.rises}}},
                             {"trials", all}};
  return file.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string best_toml(const Plan& plan, const std::string& config, const std::string& about) {
  std::string text = "# " + about + "\n# To train it: ebb train --config THIS_FILE\n";
  std::istringstream lines(config);
  for (std::string line; std::getline(lines, line);) {
    const std::string key = line.substr(0, line.find(" = "));
    const auto is = [&](const char* name) { return key == name; };
    if (line.starts_with('#') || is("seed") || is("seeds") || is("threads")) continue;
    text += line + "\n";
  }
  return text + fmt::format("seed = {}\nseeds = {}\n", plan.seeds.front(), plan.seeds.size());
}

}  // namespace ebb::app::sweep
