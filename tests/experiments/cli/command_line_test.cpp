#include <csignal>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/ops/parallel.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace command_line_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

TEST_CASE("a command's options and threads do not affect the next command in the process") {
  const TempFolder folder;
  const int before = threads();
  const int others = before == 1 ? 2 : 1;
  const Outcome one = ebb_command({"train", "adding", "--quick", "--steps", "2", "--hidden", "5", "--threads",
                                   std::to_string(others), "--out", folder / "one"});
  REQUIRE(one.code == 0);
  CHECK(threads() == before);
  REQUIRE(ebb_command({"train", "adding", "--quick", "--steps", "2", "--out", folder / "two"}).code == 0);
  const auto first = summary_of(folder / "one")["options"], second = summary_of(folder / "two")["options"];
  CHECK(first["threads"] == others);
  CHECK(second["threads"] == before);
  CHECK(second["hidden"] == 16);
  SECTION("also when it ended with an error") {
    CHECK(ebb_command({"evaluate", "--weights", folder / "none", "--threads", std::to_string(others)}).code == 2);
    CHECK(threads() == before);
  }
}

TEST_CASE("a Ctrl-C during one command does not affect the next") {
  {
    const InterruptGuard guard;
    std::raise(SIGINT);
    CHECK(interrupted());
  }
  CHECK_FALSE(interrupted());
}

TEST_CASE("an unknown command is rejected with the closest match, and a missing one is an error") {
  CHECK_THAT(ebb_command({"trian", "adding"}).err, Contains("unknown command 'trian'; did you mean 'train'?"));
  CHECK_THAT(ebb_command({}).err, Contains("ebb: a command is missing; see ebb --help"));
  CHECK(ebb_command({}).code == 2);
}

TEST_CASE("ebb help prints what --help prints, of all commands or of one") {
  const Outcome all = ebb_command({"help"}), one = ebb_command({"help", "train"});
  CHECK(all.code == 0);
  CHECK(all.out == ebb_command({"--help"}).out);
  CHECK_THAT(all.out, Contains("help "));
  CHECK(one.code == 0);
  CHECK(one.out == ebb_command({"train", "--help"}).out);
  CHECK_THAT(one.out, Contains("--checkpoint-every"));
  CHECK(ebb_command({"help", "new", "remedy"}).out == ebb_command({"new", "--help"}).out);
  CHECK(ebb_command({"help", "train", "adding"}).out == one.out);
  const Outcome wrong = ebb_command({"help", "trian"});
  CHECK(wrong.code == 2);
  CHECK_THAT(wrong.err, Contains("ebb help: unknown command 'trian'; did you mean 'train'?"));
}

TEST_CASE("the help of a command explains the placeholder of values per task, if it has such options") {
  const std::string note = "[TASK=]X,...: one value for all tasks, or values for some,\nas in ";
  for (const char* command : {"train", "vanish", "compare"}) {
    const Outcome o = ebb_command({command, "--help"});
    CHECK_THAT(o.out, Catch::Matchers::Contains(note + "--hidden adding=32,chars=64"));
  }
  CHECK_THAT(ebb_command({"forcing", "--help"}).out, !Catch::Matchers::Contains("TASK="));
}

}  // namespace command_line_test
