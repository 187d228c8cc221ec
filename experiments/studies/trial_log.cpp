#include <fmt/format.h>
#include <cctype>
#include <chrono>
#include <cmath>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/studies/trial_log.hpp>
#include <filesystem>

namespace ebb::app::study {

// The list of a job's files names the folder once.
void keep_below_tensorboard(Job& job, const std::string& folder,
                            const std::function<void(const std::string& path)>& writer) {
  job.keep("tensorboard/", [&](const std::string& path) {
    std::error_code error;  // the writer reports it
    std::filesystem::create_directories(path + folder, error);
    writer(fmt::format("{}{}/events.out.tfevents.ebb", path, folder));
  });
}

TrialLog::TrialLog(Job& job, const Task& task, std::string variant, std::string cell, const TaskSettings& s,
                   std::uint64_t seed)
    : job_(job), path_(fmt::format("{}/seed-{}", folder_name(variant), seed)),
      measure_(validation_measure(task).value_or("loss")), settings_(s) {
  notes_.hparams = hparams_of(s);
  notes_.hparams.push_back({"task", task.name()});
  notes_.hparams.push_back({"cell", std::move(cell)});
  notes_.hparams.push_back({"variant", std::move(variant)});
  notes_.hparams.push_back({"seed", static_cast<double>(seed)});
  if (const std::string data = task.data(); !data.empty()) notes_.texts.emplace_back("data", data);
}

void TrialLog::begin(const std::vector<CurvePoint>& before, double started) {
  keep_below_tensorboard(job_, path_, [&](const std::string& path) {
    log_ = std::make_unique<EventLog>(path, started, before, measure_, notes_);
  });
}

void TrialLog::watch(TrainKeeper& keeper, const Model& model) {
  watch_gradients(keeper, settings_, [this, &model](const Grads& g) { log_->look(model.w, g); });
}

void keep_curves(Job& job, const std::string& variant, std::uint64_t seed,
                 const std::vector<std::pair<std::string, Curve>>& curves) {
  const double now = seconds_since_1970();
  std::string events = event_file_head(now);
  for (const auto& [tag, curve] : curves)
    for (std::size_t k = 0; k < curve.x.size(); ++k)
      events += scalars_event(now, std::llround(curve.x[k]), {{tag.c_str(), curve.y[k]}});
  keep_below_tensorboard(job, fmt::format("{}/seed-{}", folder_name(variant), seed),
                         [&](const std::string& path) { write_whole(path, events); });
}

// What would be something else in a path is replaced; names that then could be equal end in a checksum.
std::string folder_name(const std::string& text) {
  std::string name;
  bool plain = true;
  for (const char c : text) {
    const bool kept = std::isalnum(static_cast<unsigned char>(c)) || std::string_view("._=+,-").find(c) < 6;
    name += kept ? c : '-';
    plain = plain && (kept || c == ' ' || c == ':');
  }
  if (plain && name != "." && name != "..") return name;
  return fmt::format("{}-{:08x}", name, crc32c(text));
}

double seconds_since_1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace ebb::app::study
