#include <csignal>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/parts.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace parts_test {

namespace {

/// A job of twelve parts that counts those that it computes.
struct Pieces {
  static constexpr bool resumes = true;
  static inline int computed = 0, stop_after = 1000;
  static inline std::string data = "the numbers";
  double power = 2;

  void options(ebb::app::Options& o) { o.add("--power", power, "exponent"); }

  struct Piece {
    double value = 0;
    void visit(ebb::app::Fields& f) { f("value", value); }
  };

  void run(ebb::app::Job& job) {
    constexpr int n = 12;
    std::vector<double> values(n);
    job.start(n);
    ebb::app::Parts parts{job, {{"data", data}}};
    for (int k = 0; k < n; ++k) {
      if (job.interrupted()) break;
      const std::string name = "piece/" + std::to_string(k);
      std::optional<Piece> piece = parts.finished<Piece>(name);
      if (!piece) {
        ++computed;
        piece = Piece{std::pow(k + .1, power)};
        parts.finish(name, *piece);
      }
      values[static_cast<std::size_t>(k)] = piece->value;
      if (computed == stop_after) std::raise(SIGTERM);
    }
    double sum = 0;
    for (const double x : values) sum += x;
    job.summary.set({"sum"}, sum);
  }
};
EBB_EXPERIMENT(pieces, Pieces, "sums powers part by part (made by the tests)");

struct Counted {
  Outcome outcome;
  int computed;
};
Counted pieces(const std::vector<std::string>& words, int stop_after = 1000) {
  Pieces::computed = 0;
  Pieces::stop_after = stop_after;
  std::vector<std::string> all{"pieces"};
  all.insert(all.end(), words.begin(), words.end());
  Outcome o = ebb_command(all);
  return {o, Pieces::computed};
}
bool says(const Outcome& o, const std::string& part) { return (o.out + o.err).find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a job that is resumed computes only the parts that have not ended, and ends with the same bits") {
  TempFolder f;
  const std::string whole = f / "whole", run = f / "run";
  CHECK(pieces({"--out", whole}).computed == 12);
  const Counted first = pieces({"--out", run}, 5);
  CHECK((first.outcome.code == 130 && first.computed == 5));
  CHECK(says(first.outcome, "to resume: ebb pieces --resume " + run));
  const Counted second = pieces({"--resume", run});
  CHECK((second.outcome.code == 0 && second.computed == 7));
  CHECK(summary_of(run)["sum"] == summary_of(whole)["sum"]);
  CHECK(pieces({"--resume", run}).computed == 0);
  CHECK(summary_of(run)["sum"] == summary_of(whole)["sum"]);
}

TEST_CASE("a part that was not written completely, or is missing, is computed again") {
  TempFolder f;
  const std::string run = f / "run";
  pieces({"--out", run});
  std::string one;
  for (const auto& file : std::filesystem::directory_iterator(run + "/parts"))
    if (file.path().filename().string().starts_with("piece-7-")) one = file.path().string();
  REQUIRE(!one.empty());
  std::filesystem::rename(one, one + ".part");  // as if the process was killed while writing
  CHECK(pieces({"--resume", run}).computed == 1);
  CHECK((std::filesystem::exists(one) && !std::filesystem::exists(one + ".part")));
  write_all(one, "{");
  const Counted torn = pieces({"--resume", run});
  CHECK((torn.outcome.code == 2 && says(torn.outcome, "is not JSON")));
}

TEST_CASE("a job does not take the parts of another command, of other options, or of other data") {
  TempFolder f;
  const std::string run = f / "run";
  pieces({"--out", run, "--power", "3"}, 5);
  CHECK(says(pieces({"--resume", run, "--power", "4"}).outcome, "--power is 3 in"));
  CHECK(pieces({"--resume", run, "--threads", "2"}).computed == 7);
  CHECK(says(ebb_command({"clip", "--resume", run}), "was written by `ebb pieces`"));
  Pieces::data = "other numbers";
  const Counted other = pieces({"--resume", run});
  Pieces::data = "the numbers";
  CHECK((other.outcome.code == 2 && says(other.outcome, "its data is the numbers, not other numbers")));
  const std::string config = read_all(run + "/config.toml");
  write_all(run + "/config.toml", "power = 5\n");
  CHECK(says(pieces({"--resume", run}).outcome, "cannot be resumed: its power is 3, not 5"));
}

TEST_CASE("another job in the folder removes the parts of the earlier one, and nothing else") {
  TempFolder f;
  const std::string run = f / "run";
  pieces({"--out", run});
  write_all(run + "/parts/notes.txt", "mine");
  CHECK(pieces({"--out", run, "--force"}).computed == 12);
  CHECK(std::filesystem::exists(run + "/parts/notes.txt"));
}

TEST_CASE("parts of another version are taken with a warning, and those of another form are rejected") {
  TempFolder f;
  const std::string run = f / "run";
  pieces({"--out", run});
  for (const auto& file : std::filesystem::directory_iterator(run + "/parts")) {
    std::string text = read_all(file.path());
    const std::size_t at = text.find("\"ebb\":\"");
    if (at != std::string::npos) write_all(file.path(), text.insert(at + 7, "older "));
  }
  const Counted older = pieces({"--resume", run});
  CHECK((older.outcome.code == 0 && older.computed == 0 && says(older.outcome, "were computed with Ebb older ")));
  std::string text = read_all(run + "/parts/job.json");
  write_all(run + "/parts/job.json", text.replace(text.find(':') + 1, 1, "99"));
  CHECK(says(pieces({"--resume", run}).outcome, "written by another version of Ebb"));
}

}  // namespace parts_test
