#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/data/text_file.hpp>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/experiments/studies/observe/over_training.hpp>
#include <ebb/experiments/studies/observe/stop.hpp>
#include <ebb/experiments/studies/study.hpp>
#include <ebb/experiments/studies/trial_log.hpp>
#include <ebb/experiments/train/try_out.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace ebb::app::observe {
namespace {

constexpr int least_length = 20, most_length = 200;  // the errors of exponents need blocks of steps

std::string names_and_abouts() {
  std::string text;
  for (const MeasureEntry* e : measure_list())
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", e->name, e->about);
  return text;
}

std::vector<std::string> measure_names() {
  std::vector<std::string> names;
  for (const MeasureEntry* e : measure_list()) names.emplace_back(e->name);
  return names;
}

std::string csv_lines(const TrainingRecord& r) {
  std::string text;
  for (const auto& [name, list] : r.values.all())
    for (std::size_t k = 0; k < list.size(); ++k)
      text += fmt::format("{},{},{},{},{}\n", r.update, r.measure, csv_quoted(name), k, csv_text(list[k]));
  return text;
}

/// A tag per number: "gates/Time_scales_of_gates,_steps/f".
std::string event_of(const TrainingRecord& r) {
  if (!r.failed.empty()) return {};
  std::vector<std::pair<std::string, double>> numbers;
  for (const Followed& f : Registry<MeasureEntry>::get(r.measure).make()->followed(r.values)) {
    if (!std::isfinite(f.value)) continue;
    std::string tag = fmt::format("{}/{}/{}", r.measure, f.plot, f.name);
    std::replace(tag.begin(), tag.end(), ' ', '_');
    numbers.emplace_back(std::move(tag), f.value);
  }
  std::vector<Scalar> scalars;
  for (const auto& [tag, value] : numbers) scalars.push_back({tag.c_str(), value});
  return scalars.empty() ? "" : scalars_event(r.time, r.update, scalars);
}

/// The records of an earlier process up to an update. The last line may be cut off, by a full disk.
std::vector<TrainingRecord> records_in(const std::string& path, int done) {
  std::vector<TrainingRecord> records;
  if (!std::filesystem::exists(path)) return records;
  const std::string text = read_text(path);
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    try {
      records.push_back(TrainingRecord::parse(text.substr(at, end - at)));
    } catch (FileError& e) {
      e.with_context(fmt::format(" (in '{}')", path));
      throw;
    }
    if (records.back().update > done) records.pop_back();
  }
  return records;
}

}  // namespace

void OverTrainingOptions::declare(Options& o) {
  o.add("--observe", measures, "measures of `ebb observe`, taken during training, from " + names_and_abouts())
      .type("NAME")
      .one_of(measure_names());
  o.add("--every", every, "updates between measurements of --observe (default: twenty per run)")
      .check([](const std::optional<int>& n) { return !n || *n >= 1; }, "at least 1");
  o.add("--observe-length", length, "steps of validation data that --observe follows (default: T, from 20 to 200)")
      .check([](const std::optional<int>& n) { return !n || (*n >= least_length && *n <= 1'000'000); },
             fmt::format("from {} to 1,000,000", least_length));
  o.add("--observe-rows", rows, "sequences of validation data that --observe follows (default: 2)")
      .check([](const std::optional<int>& n) { return !n || (*n >= 1 && *n <= 10'000); }, "from 1 to 10,000");
}

int OverTrainingOptions::interval(const TaskSettings& s) const { return every.value_or(std::max(1, s.steps / 20)); }

Amount OverTrainingOptions::amount(const TaskSettings& s) const {
  const int steps = length.value_or(std::clamp(s.length, least_length, most_length));
  return {.steps = steps,
          .rows = rows.value_or(2),
          .steps_chosen = length.has_value(),
          .rows_chosen = rows.has_value(),
          .lags = steps - 1};
}

void OverTrainingOptions::check(const Task& task, const Model& model, const std::string& cell,
                                const TaskSettings& s) const {
  if (!any()) {
    if (every) throw ValueError("--every is the interval of --observe, which names no measure");
    if (length) throw ValueError("--observe-length is for --observe, which names no measure");
    if (rows) throw ValueError("--observe-rows is for --observe, which names no measure");
    return;
  }
  std::optional<Subject> subject;
  Amount all = amount(s);
  try {
    subject = Subject::in_training(task, model, cell, s);
    try_rows(subject->cell(), cell, all.steps);
    all = within_data(*subject, all, "observe-");
  } catch (const ValueError& e) { throw ValueError(fmt::format("--observe: {}", e.what())); }
  for (const std::string& name : measures) {
    const auto measure = Registry<MeasureEntry>::get(name).make();
    if (const std::string why = measure->unfit(*subject, all); !why.empty())
      throw ValueError(fmt::format("--observe {}: it cannot measure {}: {}", name, cell, why));
    Amount few = all.at_most(least_length, 1);
    few.lags = std::min(all.lags, least_length - 1);
    try {
      if (!until_stopped([&] { (void)measure->measure(*subject, few); })) return;
      (void)subject->batch(all.steps, all.rows);
    } catch (const Error& e) {
      throw ValueError(fmt::format("--observe {}: it cannot measure {}: {}", name, cell, e.what()));
    }
  }
}

std::string TrainingRecord::line() const {
  nlohmann::ordered_json j{{"update", update}, {"time", time}, {"measure", measure}};
  if (failed.empty()) j["results"] = nlohmann::ordered_json::parse(values.json_line());
  else j["failed"] = failed;
  return j.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

TrainingRecord TrainingRecord::parse(const std::string& line) {
  TrainingRecord r;
  try {
    const auto j = nlohmann::ordered_json::parse(line);
    r.update = j.at("update").get<int>();
    r.time = j.at("time").get<double>();
    r.measure = j.at("measure").get<std::string>();
    if (j.contains("failed")) r.failed = j.at("failed").get<std::string>();
    else r.values = Values::parse(j.at("results").dump());
  } catch (const nlohmann::ordered_json::exception&) {
    throw FileError("a line is not a measurement of ebb train --observe");
  }
  return r;
}

OverTraining::OverTraining(const OverTrainingOptions& o, const Task& task, const Model& model, const std::string& cell,
                           const TaskSettings& s, Files files, TrainingRecords& to, int done)
    : subject_(Subject::in_training(task, model, cell, s)), amount_(within_data(subject_, o.amount(s))), to_(to) {
  for (const std::string& name : o.measures) measures_.emplace_back(name, Registry<MeasureEntry>::get(name).make());
  to_.driven = drive_text(subject_, amount_);
  to_.every = o.interval(s);
  to_.all = done > 0 ? records_in(files.lines, done) : std::vector<TrainingRecord>();
  std::string lines, csv = "update,measure,value,index,number\n",
                     events = event_file_head(to_.all.empty() ? study::seconds_since_1970() : to_.all.front().time);
  for (const TrainingRecord& r : to_.all) {
    lines += r.line() + "\n";
    csv += csv_lines(r);
    events += event_of(r);
  }
  lines_.emplace(files.lines, lines);
  csv_.emplace(files.csv, csv);
  events_.emplace(files.events, events);
}

void OverTraining::take(int update) {
  for (const auto& [name, measure] : measures_) {
    const auto same = [&, n = name](const TrainingRecord& r) { return r.update == update && r.measure == n; };
    if (std::any_of(to_.all.begin(), to_.all.end(), same)) continue;
    TrainingRecord r{.update = update, .measure = name};
    bool stopped = false;
    r.failed = study::attempt(
        [&, m = measure.get()] { stopped = !until_stopped([&] { r.values = m->measure(subject_, amount_); }); });
    if (stopped) return;  // a resumed run takes it
    r.time = study::seconds_since_1970();
    keep(std::move(r));
  }
}

void OverTraining::keep(TrainingRecord r) {
  lines_->append(r.line() + "\n");
  csv_->append(csv_lines(r));
  events_->append(event_of(r));
  to_.all.push_back(std::move(r));
}

}  // namespace ebb::app::observe
