#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "temp_folder.hpp"

/// What a run's folder is to record.
struct MadeRun {
  std::string cell = "gru", status = "finished", started = "2026-01-31T14:22:33+01:00";
  double lr = .01, loss = .5, valid = .25;
  int hidden = 8;
};

/// Writes the folder of a run as `ebb train` leaves it, without training: run.json, config.toml, summary.json and
/// curve.csv.
inline void make_run(const std::string& folder, const MadeRun& r = {}) {
  using nlohmann::json;
  std::filesystem::create_directories(folder);
  const json run{{"command", "train"},
                 {"status", r.status},
                 {"started", r.started},
                 {"ended", "2026-01-31T14:22:35+01:00"},
                 {"ebb", "0.2.0"},
                 {"threads", 1},
                 {"machine", {{"host", "here"}, {"processor", "p"}}}};
  json options{{"TASK", "adding"}, {"cell", r.cell}, {"hidden", r.hidden}, {"lr", r.lr},
               {"seed", 1},        {"seeds", 1},     {"quick", true},      {"checkpoint-every", 0}};
  const json seed{{"loss", r.loss},
                  {"valid", r.valid},
                  {"validated_by", "loss"},
                  {"baseline_loss", .1667},
                  {"unit", "MSE"},
                  {"updates", 2},
                  {"diverged", ""},
                  {"interrupted", false},
                  {"stopped_early", false},
                  {"ended", "keeping the weights of update 2, which had the best validation score"},
                  {"measures", {{"word error rate", {{"value", 12.5}, {"unit", "%"}, {"baseline", 100}}}}}};
  const json summary{{"command", "train"},   {"started", "20260131-142233"}, {"seconds", 1.5},       {"size", "quick"},
                     {"interrupted", false}, {"options", options},           {"runs", {{"1", seed}}}};
  write_all(folder + "/run.json", run.dump(2));
  write_all(
      folder + "/config.toml",
      "# To repeat this run: ebb train --config THIS_FILE\ntask = \"adding\"\ncell = \"" + r.cell + "\"\nhidden = 8\n");
  write_all(folder + "/summary.json", summary.dump(2));
  write_all(folder + "/curve.csv",
            "step,seconds,loss,gradient_norm,clipped,lr,valid\n1,0.0010,0.5,2,0,0.01,\n2,0.0020,0.25,1,1,0.01,0.25\n");
}
