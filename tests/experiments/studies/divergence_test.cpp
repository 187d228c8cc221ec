#include <ebb/experiments/train/train.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

using Catch::Matchers::Contains;

namespace {

const std::vector<std::vector<std::string>> trainings{
    {"train", "adding"},
    {"vanish", "--tasks", "adding", "--cells", "lstm"},
    {"compare", "--task", "adding", "--cells", "lstm"},
    {"clip", "--task", "adding", "--thresholds", "1", "--values", "none"},
    {"tbptt", "--tasks", "echo", "--windows", "5", "--characters", "4000"},
    {"dropout", "--ways", "none"},
    {"forcing", "--ways", "forcing"}};

}  // namespace

TEST_CASE("one definition of divergence: a loss or gradient that is not finite, or a loss a million times the first") {
  const ebb::app::TaskInfo task{.unit = "bits", .unit_per_loss = 2};
  const auto of = [&](double loss, double norm, double first) { return ebb::app::divergence(loss, norm, first, task); };
  CHECK(of(INFINITY, 1, 1) == "the loss is infinite");
  CHECK(of(NAN, NAN, 1) == "the loss is not a number");
  CHECK(of(1, INFINITY, 1) == "the gradient's norm is infinite");
  CHECK(of(1, NAN, 1) == "the gradient's norm is not a number");
  CHECK(of(1.01e6, 1, 1) == "the loss is 2.02e+06 bits, over a million times that of the first update");
  CHECK(of(.99e6, 1e30, 1).empty());
  CHECK(of(999, 1, 0).empty());  // a first loss near zero is not the measure
  CHECK(!of(1001, 1, 0).empty());
  CHECK(of(-1e9, 1, 1).empty());  // the logarithm of a density
}

TEST_CASE("every command that trains fails with exit code 1 if its run diverges, and reports it") {
  for (const auto& training : trainings)
    for (const char* rate : {"1e20", "1e38"}) {  // the loss becomes too large, or not a number
      const TempFolder folder;
      std::vector<std::string> words = training;
      words.insert(words.end(), {"--quick", "--seeds", "1", "--lr", rate, "--out", folder / "out"});
      if (words[0] != "tbptt") words.insert(words.end(), {"--steps", "10"});
      const Outcome o = ebb_command(words);
      INFO(words[0] << " " << rate << ": " << o.out << o.err);
      CHECK(o.code == 1);
      CHECK_THAT(o.err, Contains("diverged at step 2: the ") || Contains("diverged at update 2: the "));
      CHECK_THAT(read_all(folder / "out/summary.json"),
                 Contains("\"diverged\": \"step 2: the ") || Contains("\"diverged\": \"update 2: the "));
      CHECK_THAT(read_all(folder / "out/report.html"), !Contains(">nan") && !Contains(">inf"));
    }
}

TEST_CASE("every command that trains succeeds if no run diverges") {
  for (const auto& training : trainings) {
    const TempFolder folder;
    std::vector<std::string> words = training;
    words.insert(words.end(), {"--quick", "--seeds", "1", "--out", folder / "out"});
    if (words[0] != "tbptt") words.insert(words.end(), {"--steps", "10"});
    const Outcome o = ebb_command(words);
    INFO(words[0] << ": " << o.out << o.err);
    CHECK(o.code == 0);
    CHECK_THAT(o.out + o.err, !Contains("diverged"));
  }
}
