#include "catch.hpp"
#include "run_ebb.hpp"

namespace new_command_test {

TEST_CASE("ebb new writes a cell, a task, an optimiser, a remedy and an experiment, and overwrites nothing") {
  TempFolder folder;
  const Outcome cell = ebb_command({"new", "cell", "leaky-unit", "--dir", folder / "cells"});
  REQUIRE(cell.code == 0);
  CHECK_THAT(cell.out, Catch::Matchers::Contains("wrote ") && Catch::Matchers::Contains("leaky-unit.cpp."));
  const std::string text = read_all(folder / "cells/leaky-unit.cpp");
  CHECK_THAT(text, Catch::Matchers::Contains("struct LeakyUnit") &&
                       Catch::Matchers::Contains("EBB_CELL_NAMED(leaky_unit, \"leaky-unit\", LeakyUnit,") &&
                       !Catch::Matchers::Contains("@"));
  CHECK(ebb_command({"new", "experiment", "depth", "--dir", folder.path()}).code == 0);
  CHECK_THAT(read_all(folder / "depth.cpp"),
             Catch::Matchers::Contains("EBB_EXPERIMENT(depth, DepthExperiment,") && !Catch::Matchers::Contains("@"));

  CHECK(ebb_command({"new", "task", "say-again", "--dir", folder.path()}).code == 0);
  CHECK_THAT(read_all(folder / "say-again.cpp"),
             Catch::Matchers::Contains("EBB_TASK_NAMED(say_again, \"say-again\", SayAgainTask,") &&
                 !Catch::Matchers::Contains("@"));
  CHECK(ebb_command({"new", "optimizer", "momentum", "--dir", folder.path()}).code == 0);
  CHECK_THAT(
      read_all(folder / "momentum.cpp"),
      Catch::Matchers::Contains("EBB_OPTIMIZER(momentum, MomentumOptimizer,") && !Catch::Matchers::Contains("@"));

  REQUIRE(ebb_command({"new", "optimiser", "impetus", "--dir", folder.path()}).code == 0);
  CHECK_THAT(read_all(folder / "impetus.cpp"), Catch::Matchers::Contains("EBB_OPTIMIZER(impetus, ImpetusOptimizer,"));

  REQUIRE(ebb_command({"new", "remedy", "steady-norm", "--dir", folder.path()}).code == 0);
  CHECK_THAT(read_all(folder / "steady-norm.cpp"),
             Catch::Matchers::Contains("EBB_REMEDY_NAMED(steady_norm, \"steady-norm\", SteadyNormRemedy,") &&
                 !Catch::Matchers::Contains("@"));

  write_all(folder / "cells/leaky-unit.cpp", "mine");
  const Outcome again = ebb_command({"new", "cell", "leaky-unit", "--dir", folder / "cells"});
  CHECK(again.code == 2);
  CHECK_THAT(again.err, Catch::Matchers::Contains("already exists"));
  CHECK(read_all(folder / "cells/leaky-unit.cpp") == "mine");
}

TEST_CASE("ebb new finds the cells folder from inside experiments, and elsewhere mentions ebb_add_cells") {
  TempFolder folder;
  std::filesystem::create_directories(folder / "experiments/cells");
  std::filesystem::create_directories(folder / "experiments/cli");
  write_all(folder / "experiments/cli/experiment.hpp", "");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder / "experiments");
  const Outcome inside = ebb_command({"new", "cell", "inside"});
  std::filesystem::current_path(folder.path());
  const Outcome above = ebb_command({"new", "cell", "above"}),
                own = ebb_command({"new", "cell", "own", "--dir", "src"});
  std::filesystem::current_path(before);
  CHECK(inside.code == 0);
  CHECK(above.code == 0);
  CHECK(folder.has("experiments/cells/inside.cpp"));
  CHECK(folder.has("experiments/cells/above.cpp"));
  CHECK_THAT(above.out, !Catch::Matchers::Contains("ebb_add_cells"));
  CHECK_THAT(own.out, Catch::Matchers::Contains("ebb_add_cells(TARGET src/own.cpp)"));
}

TEST_CASE("ebb new rejects invalid and existing names, and writes nothing") {
  TempFolder folder;
  for (const char* name : {"", "Leaky", "1cell", "a b", "../up", "a/b", "naïve", "-x", "dash-", "a,b", "a:b"}) {
    INFO(name);
    CHECK(ebb_command({"new", "cell", name, "--dir", folder.path()}).code == 2);
  }
  const Outcome taken = ebb_command({"new", "cell", "lstm", "--dir", folder.path()});
  CHECK(taken.code == 2);
  CHECK_THAT(taken.err, Catch::Matchers::Contains("a cell 'lstm' already exists, in nn/cells/lstm.cpp"));
  for (const auto& [kind, name] :
       {std::pair{"experiment", "vanish"}, {"task", "adding"}, {"optimizer", "lion"}, {"remedy", "omega"}})
    CHECK_THAT(ebb_command({"new", kind, name, "--dir", folder.path()}).err,
               Catch::Matchers::Contains("already exists, in "));
  CHECK(ebb_command({"new", "cell", "fine", "--dir", "/proc/nowhere"}).code == 2);
  CHECK_THAT(ebb_command({"new", "cell", "fine", "--dir", folder / "not/there"}).err,
             Catch::Matchers::Contains("only '" + folder.path() + "' exists; create the others first"));
  CHECK(folder.empty());
}

}  // namespace new_command_test
