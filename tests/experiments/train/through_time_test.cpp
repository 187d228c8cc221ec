#include <ebb/ops/parallel.hpp>

#include "catch.hpp"
#include "csv_rows.hpp"
#include "train_quick.hpp"

/// `ebb train --checkpoint`: checkpoints through time.
namespace through_time_test {

namespace {

using Catch::Matchers::Contains;

void train(const std::string& task, const std::string& out, std::vector<std::string> more) {
  more.insert(more.begin(), {"train", task, "--quick", "--seeds", "1", "--threads", "2", "--out", out});
  const Outcome o = ebb_command(more);
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
}

/// curve.csv without its seconds.
std::vector<std::vector<std::string>> curve_of(const std::string& folder) {
  auto rows = csv_rows(folder + "/curve.csv");
  REQUIRE(rows[0].at(1) == "seconds");
  for (auto& row : rows) row.erase(row.begin() + 1);
  return rows;
}

void check_same(const std::string& a, const std::string& b) {
  CHECK(read_all(a + "/weights.safetensors") == read_all(b + "/weights.safetensors"));
  CHECK(curve_of(a) == curve_of(b));
  CHECK(summary_of(a)["runs"]["1"]["loss"] == summary_of(b)["runs"]["1"]["loss"]);
}

}  // namespace

TEST_CASE(
    "training with checkpoints through time has the same bits, for targets at the last step and at all, carried "
    "states, lengths, both directions, layers and dropout") {
  const TempFolder f;
  const std::vector<std::string> two_layers{"--hidden", "6", "--layers", "2", "--dropout", ".2", "--steps", "6"};
  for (const std::string task : {"adding", "chars", "sentiment", "tags"}) {
    INFO(task);
    train(task, f / (task + "-none"), two_layers);
    for (const std::string schedule : {"sqrt", "3"}) {
      std::vector<std::string> words = two_layers;
      words.insert(words.end(), {"--checkpoint", schedule});
      train(task, f / (task + "-" + schedule), words);
      check_same(f / (task + "-none"), f / (task + "-" + schedule));
    }
  }
  train("adding", f / "zoneout", {"--hidden", "6", "--zoneout", ".1", "--cell", "gru", "--steps", "6"});
  train("adding", f / "zoneout-revolve",
        {"--hidden", "6", "--zoneout", ".1", "--cell", "gru", "--steps", "6", "--checkpoint", "revolve:3"});
  check_same(f / "zoneout", f / "zoneout-revolve");
}

TEST_CASE("a run with checkpoints through time keeps fewer bytes, is paused and resumed with the same bits") {
  const TempFolder f;
  const std::vector<std::string> long_one{"--length", "400", "--steps", "6", "--hidden", "16"};
  std::vector<std::string> saving = long_one;
  saving.insert(saving.end(), {"--checkpoint", "sqrt"});
  train("adding", f / "none", long_one);
  train("adding", f / "whole", saving);
  const auto kept = [&](const char* run) { return summary_of(f / run)["runs"]["1"]["kept_bytes"].get<double>(); };
  CHECK(kept("whole") < .25 * kept("none"));
  saving.insert(saving.end(), {"--pause-at", "3"});
  train("adding", f / "run", saving);
  const Outcome o = ebb_command({"train", "--resume", f / "run"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  check_same(f / "run", f / "whole");
  check_same(f / "none", f / "whole");
}

TEST_CASE("a schedule that is none, and networks and remedies that checkpoints do not suit, are rejected") {
  const TempFolder f;
  const auto rejected = [&](std::vector<std::string> words, const char* message) {
    words.insert(words.begin(), "train");
    words.insert(words.end(), {"--quick", "--out", f / "out"});
    check_rejected(ebb_command(words), message);
    CHECK_FALSE(f.has("out"));
  };
  rejected({"adding", "--checkpoint", "cube"}, "cube");
  rejected({"adding", "--checkpoint", "0"}, "0");
  rejected({"adding", "--checkpoint", "sqrt", "--cell", "tcn"}, "'tcn' has none: leave out --checkpoint");
  rejected({"caption", "--checkpoint", "sqrt"}, "leave out --checkpoint");
  rejected({"temporal-order", "--cell", "rnn", "--checkpoint", "sqrt", "--remedy", "omega:4"},
           "leave out --checkpoint or this remedy");
}

}  // namespace through_time_test
