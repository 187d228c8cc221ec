#include <ebb/experiments/commands/update_times.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace profile_test {

using Catch::Matchers::Contains;
using nlohmann::json;

TEST_CASE("ebb profile prints tables that fit, and writes a trace, the numbers and a page") {
  const TempFolder folder;
  const Outcome o = ebb_command({"profile", "adding", "--quick", "--cell", "gru", "--length", "20", "--batch", "16",
                                 "--updates", "2", "--out", folder / "out"});
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  for (const char* part : {"By op", "By line", "By time step", "matmul", "fuse", "gru.cpp:", "tape and rest",
                           "losses and gradients were the same bits"})
    CHECK_THAT(o.out, Contains(part));

  const json summary = summary_of(folder / "out");
  CHECK(summary["updates"] == 2);
  CHECK(summary["same_bits"] == true);
  CHECK(summary["median_seconds"]["loss_and_gradient"] > 0.0);
  CHECK(summary["median_seconds"]["loss_and_gradient_profiled"] > 0.0);
  const json& seconds = summary["seconds_per_update"];
  const double measured = seconds["measured"], ops = seconds["ops"], rest = seconds["tape_and_rest"];
  CHECK(std::abs(ops + rest - measured) < 1e-9);
  CHECK(rest > 0);
  double sum = 0;
  for (const auto& [name, op] : summary["ops"].items())
    sum += double(op["forward_seconds"]) + double(op["backward_seconds"]);
  CHECK(std::abs(sum - ops) < 1e-9);
  CHECK(summary["ops"]["fuse"]["calls"] == 2 * 20);  // in two shards

  const json trace = json::parse(read_all(folder / "out/trace.json"));
  CHECK(trace["traceEvents"].size() > 100);
  const std::string rows = read_all(folder / "out/profile.csv");
  CHECK_THAT(rows, Contains("op,file,line,step,calls,forward_seconds,backward_seconds,forward_bytes,kept_bytes,"));
  CHECK_THAT(rows, Contains("\"fuse\",\"nn/cells/gru.cpp\",") && Contains(",19,"));
  CHECK_THAT(read_all(folder / "out/report.html"), Contains("By line") && Contains("Time by time step"));
}

TEST_CASE("an update that took more than twice the median of its pass is named, since a mean of few updates has it") {
  using ebb::app::median_of, ebb::app::slowest_text;
  CHECK(median_of({3, 1, 2}) == 2);
  CHECK(median_of({4, 1, 2, 3}) == 2.5);
  CHECK(std::isnan(median_of({})));
  CHECK(slowest_text({}, {}).empty());
  CHECK(slowest_text({.01, .5}, {.5, .01}).empty());  // either may be the usual one
  const std::vector<double> even{.010, .011, .019, .012}, slow{.010, .012, .031, .011, .012};
  CHECK(slowest_text(even, even).empty());
  const std::string plain = slowest_text(slow, even), profiled = slowest_text(even, slow),
                    both = slowest_text(slow, slow);
  const std::string update = "update 3 took 31.00 ms, 2.6 times the median of 12.00 ms";
  CHECK_THAT(plain, Contains("Without the profile, " + update + ", and is part of the mean of loss and gradient") &&
                        !Contains("With the profile on") && Contains("raise --updates"));
  CHECK_THAT(profiled, Contains("With the profile on, " + update + ", and is part of the means in the tables") &&
                           !Contains("Without the profile") && Contains("raise --updates"));
  CHECK_THAT(both, Contains("Without the profile, update 3") && Contains("With the profile on, update 3"));
}

TEST_CASE("ebb profile rejects what ebb train rejects, before it creates a folder") {
  const TempFolder folder;
  const Outcome o = ebb_command({"profile", "adding", "--cell", "gruu", "--out", folder / "out"});
  CHECK(o.code == 2);
  CHECK_THAT(o.err, Contains("did you mean 'gru'"));
  CHECK_FALSE(std::filesystem::exists(folder / "out"));
  CHECK(ebb_command({"profile", "adding", "--updates", "0", "--out", folder / "out"}).code == 2);
}

TEST_CASE("a run whose loss is not finite names the value, and the ranges of its operands") {
  const TempFolder folder;
  const Outcome o = ebb_command({"train", "adding", "--quick", "--cell", "rnn:activation=relu", "--lr", "1e6",
                                 "--steps", "20", "--out", folder / "out"});
  CHECK(o.code == 1);
  CHECK_THAT(o.err,
             Contains("diverged at step 2: the loss is not a number; matmul has the first value that is not finite, "
                      "time step "));
  CHECK_THAT(o.err,
             Contains("(rnn.cpp:") && Contains(" infinite, the first at [") && Contains("operand 1, fuse (rnn.cpp:"));
  CHECK_THAT(o.err, Contains("operand 2, parameter cell/U: [16, 16] in ["));
}

}  // namespace profile_test
