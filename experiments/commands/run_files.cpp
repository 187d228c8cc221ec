#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/cli/config.hpp>
#include <ebb/experiments/commands/run_files.hpp>

namespace ebb::app {

std::string RunFiles::name(const std::string& what) const {
  return job_.seeds().size() == 1 ? what : fmt::format("{}-{}", what, seed_);
}

std::string RunFiles::events(const std::string& below) const {
  const std::string seed = job_.seeds().size() == 1 ? "" : fmt::format("seed-{}/", seed_);
  return "tensorboard/" + seed + below + "events.out.tfevents.ebb";
}

// The options of the run, and the command that repeats it.
RunNotes RunFiles::notes(const Task& task) const {
  RunNotes notes{.hparams = hparams_of(job_.options()), .texts = {}};
  std::erase_if(notes.hparams, [](const HParam& p) { return p.name == "seed" || p.name == "seeds"; });
  notes.hparams.push_back({"seed", static_cast<double>(seed_)});
  notes.texts.emplace_back("config", "```\n" + config_text(job_.command(), job_.options()) + "```\n");
  if (const std::string data = task.data(); !data.empty()) notes.texts.emplace_back("data", data);
  return notes;
}

std::unique_ptr<RunLog> RunFiles::log(double started, const std::vector<CurvePoint>& before, const Task& task) const {
  std::unique_ptr<RunLog> log;
  const std::string measure = validation_measure(task).value_or("loss");
  job_.keep(name("curve") + ".csv", [&](const std::string& csv) {
    job_.keep(events(""), [&](const std::string& path) {
      log = std::make_unique<RunLog>(csv, path, started, before, measure, notes(task));
    });
  });
  return log;
}

void RunFiles::observe(std::optional<observe::OverTraining>& observer, observe::TrainingRecords& to,
                       const observe::OverTrainingOptions& measured, const Task& task, const Model& model,
                       const std::string& cell, const TaskSettings& s, int done) const {
  if (!measured.any()) return;
  job_.keep(name("observed") + ".jsonl", [&](const std::string& lines) {
    job_.keep(name("observed") + ".csv", [&](const std::string& csv) {
      job_.keep(events("observed/"), [&](const std::string& path) {
        observer.emplace(measured, task, model, cell, s, observe::OverTraining::Files{lines, csv, path}, to, done);
      });
    });
  });
}

}  // namespace ebb::app
