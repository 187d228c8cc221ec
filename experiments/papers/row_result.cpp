#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/papers/row_result.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace ebb::app::papers {
namespace {

using nlohmann::json;

constexpr int least_for_spread = 3;  // seeds, as in sweeps

json parsed(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) return {};
  json j = json::parse(read_file(path), nullptr, false);
  return j.is_object() ? j : json{};
}

const json& member(const json& j, const std::string& key) {
  static const json missing;
  return j.is_object() && j.contains(key) ? j.at(key) : missing;
}

double number_in(const json& j) { return j.is_number() ? j.get<double>() : NAN; }
std::string word_in(const json& j) { return j.is_string() ? j.get<std::string>() : std::string(); }

double mean_over(const json& run, const std::string& measure, const std::vector<int>& lengths) {
  if (measure != "loss" && word_in(member(run, "length_measure")) != measure) return NAN;
  double sum = 0;
  for (const int length : lengths)
    sum +=
        number_in(member(member(member(run, "lengths"), std::to_string(length)), measure == "loss" ? "loss" : "value"));
  return sum / static_cast<double>(lengths.size());
}

std::string signed_text(double x) { return (x < 0 ? "-" : "+") + number_text(std::abs(x)); }

}  // namespace

SeedResult seed_result_of(const std::string& folder, const sweep::TrialResult& trial, std::uint64_t seed,
                          const std::string& measure, const std::vector<int>& lengths) {
  SeedResult r{.seed = seed, .state = trial.state(false)};
  r.valid = trial.record.valid;
  r.seconds = trial.record.seconds;
  const json summary = parsed(folder + "/summary.json"), job = parsed(folder + "/run.json");
  const json& run = member(member(summary, "runs"), std::to_string(seed));
  const json& of = measure == "loss" ? run : member(member(run, "measures"), measure);
  r.unit = word_in(member(of, "unit"));
  r.validated_by = word_in(member(run, "validated_by"));
  r.updates = run.is_object() ? run.value("updates", 0) : 0;
  if (r.state == "ended")
    r.value = lengths.empty() ? number_in(member(of, measure == "loss" ? "loss" : "value"))
                              : mean_over(run, measure, lengths);
  r.record = json{{"run", run}, {"options", member(summary, "options")}, {"job", job}}.dump();
  return r;
}

int RowResult::over() const {
  int n = 0;
  for (const SeedResult& s : seeds) n += s.over();
  return n;
}

int RowResult::diverged() const {
  int n = 0;
  for (const SeedResult& s : seeds) n += s.state == "diverged";
  return n;
}

// fmax and fmin ignore NaN.
double RowResult::best(const std::vector<double>& values) const {
  double best = NAN;
  for (const double x : values) best = experiment->pick == Pick::highest ? std::fmax(best, x) : std::fmin(best, x);
  return best;
}

double RowResult::number() const {
  std::vector<double> values;
  for (const SeedResult& s : seeds) values.push_back(s.value);
  if (experiment->pick != Pick::mean) return best(values);
  if (!experiment->solved) return sweep::spread_of(values).mean;
  int solved = 0;
  for (const double x : values) solved += experiment->solved->holds(x, NAN);
  return over() > 0 ? 100. * solved / over() : NAN;
}

double RowResult::deviation() const {
  std::vector<double> values;
  for (const SeedResult& s : seeds) values.push_back(s.value);
  const sweep::Spread spread = sweep::spread_of(values);
  return one_number() || spread.count < least_for_spread ? NAN : spread.deviation;
}

double RowResult::seconds() const {
  double sum = 0;
  for (const SeedResult& s : seeds) sum += s.over() ? s.seconds : 0;
  return over() > 0 ? sum / over() : NAN;
}

std::string RowResult::ours() const {
  if (!run) return fmt::format("not run: about {}", rough_time_text(wall));
  if (over() == 0) return "–";
  const double x = number();
  if (experiment->solved) return fmt::format("{:.0f} % ({:.0f} of {})", x, x / 100 * over(), over());
  const double spread = deviation();
  return number_text(x) + (std::isnan(spread) ? "" : " ± " + number_text(spread));
}

std::string RowResult::each_seed() const {
  std::string text, rate;
  for (const SeedResult& s : seeds) {
    const bool other = s.rate != rate;
    if (!text.empty()) text += other ? "; " : ", ";
    if (other) text += fmt::format("lr {}: ", s.rate);
    rate = s.rate;
    text += s.state == "ended" ? number_text(s.value) : s.state;
  }
  return text;
}

std::string RowResult::paper() const {
  return row->paper + (std::isnan(row->spread) ? "" : " ± " + number_text(row->spread));
}

std::string RowResult::difference() const {
  const double x = number(), d = x - row->number;
  if (!run || !std::isfinite(d)) return {};
  if (experiment->solved || row->number == 0) return signed_text(d);
  return fmt::format("{} ({} %)", signed_text(d), signed_text(100 * d / std::abs(row->number)));
}

std::string RowResult::verdict(Size size) const {
  if (!run) return "not run";
  const std::string all =
      count_text(static_cast<double>(seeds.size()), experiment->rates_of(size == Size::full).empty() ? "seed" : "run");
  if (over() < static_cast<int>(seeds.size())) return fmt::format("incomplete: {} of {}", over(), all);
  if (size == Size::quick) return "no verdict on a toy run";
  const std::optional<Rule>& rule = size == Size::full ? row->agrees : row->agrees_reduced;
  if (!rule) return size == Size::full ? "no verdict: no rule" : "no verdict on a reduced run";
  if (!one_number() && diverged() > 0) return fmt::format("differs: {} of {} diverged", diverged(), all);
  const bool holds = rule->holds(number(), row->number);
  if (size == Size::full) return (holds ? "agrees: " : "differs: not ") + rule->text;
  return (holds ? "as expected: " : "not as expected: ") + rule->text;  // of a smaller experiment than the paper's
}

}  // namespace ebb::app::papers
