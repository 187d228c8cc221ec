#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ebb/experiments/sweep/workers.hpp>
#include <ebb/ops/error.hpp>
#include <map>

#include "catch.hpp"
#include "temp_folder.hpp"

namespace workers_test {

using namespace ebb::app::sweep;

namespace {

Call shell(std::size_t id, const std::string& script, const std::string& log) { return {id, {"-c", script}, log}; }

/// All that end, by id.
std::map<std::size_t, Finished> all_of(Workers& workers) {
  std::map<std::size_t, Finished> ended;
  while (workers.running() > 0)
    for (const Finished& f : workers.wait(10)) ended[f.id] = f;
  return ended;
}

}  // namespace

TEST_CASE("child processes end with their exit codes and signals, and their output goes into their logs") {
  const TempFolder folder;
  const auto workers = processes(3, 3, "/bin/sh");
  CHECK(workers->free() == 3);
  workers->start(shell(7, "echo out; echo err >&2; exit 3", folder / "a.log"), 3);
  workers->start(shell(8, "kill -9 $$", folder / "b.log"), 2);
  workers->start(shell(9, "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done", folder / "c.log"), 1);
  CHECK(workers->free() == 0);
  auto ended = all_of(*workers);
  REQUIRE(ended.size() == 3);
  CHECK(ended[7].code == 3);
  CHECK(ended[7].signal == 0);
  CHECK(ended[8].signal == SIGKILL);
  CHECK(ended[9].code == 0);
  CHECK(ended[9].cpu_seconds > ended[7].cpu_seconds);
  CHECK(read_all(folder / "a.log") == "out\nerr\n");
  CHECK(workers->free() == 3);
}

TEST_CASE("idle threads are divided among the calls that wait for them") {
  const TempFolder folder;
  const auto threads_of = [&](const char* name) { return std::atoi(read_all(folder / name).c_str()); };
  const auto workers = processes(2, 5, "/bin/sh");
  const auto start = [&](std::size_t id, const char* name,
                         int waiting) {  // the words after the script: $0 --threads, $1
    workers->start(shell(id, "echo $1; sleep .2", folder / name), waiting);
  };
  start(0, "a", 9);
  start(1, "b", 8);
  all_of(*workers);
  start(2, "c", 1);
  all_of(*workers);
  CHECK(threads_of("a") == 2);
  CHECK(threads_of("b") == 3);
  CHECK(threads_of("c") == 5);
  const auto crowded = processes(4, 2, "/bin/sh");
  for (std::size_t k = 0; k < 4; ++k) crowded->start(shell(k, "echo $1", folder / "d"), 4);
  all_of(*crowded);
  CHECK(read_all(folder / "d") == "1\n1\n1\n1\n");
}

TEST_CASE("children that are asked to stop end, also when their parent goes") {
  const TempFolder folder;
  const char* const script = "trap 'echo stopped; exit 130' TERM; while :; do sleep .05; done";
  const auto workers = processes(1, 1, "/bin/sh");
  workers->start(shell(0, script, folder / "a"), 1);
  CHECK(workers->wait(.3).empty());
  workers->stop();
  CHECK(all_of(*workers)[0].code == 130);
  CHECK(read_all(folder / "a") == "stopped\n");
  {
    const auto short_lived = processes(1, 1, "/bin/sh");
    short_lived->start(shell(0, script, folder / "b"), 1);
    short_lived->wait(.3);
  }
  CHECK(read_all(folder / "b") == "stopped\n");
}

TEST_CASE("a trial does not see what mpirun set") {
  const TempFolder folder;
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "EBB_TEST_KEPT"}) setenv(name, "1", 1);
  const auto workers = processes(1, 1, "/bin/sh");
  workers->start(shell(0, "env | grep -c '^OMPI_\\|^PMI'; echo $EBB_TEST_KEPT", folder / "log"), 1);
  all_of(*workers);
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "EBB_TEST_KEPT"}) unsetenv(name);
  CHECK(read_all(folder / "log") == "0\n1\n");
}

TEST_CASE("a log that cannot be written is an error, a program that does not exist an exit code") {
  const TempFolder folder;
  CHECK_THROWS_WITH(processes(1, 1, "/bin/sh")->start(shell(0, "", folder / "none/log"), 1),
                    Catch::Matchers::Contains("cannot write to"));
  const auto workers = processes(1, 1, folder / "none");
  workers->start(shell(0, "", folder / "log"), 1);
  CHECK(all_of(*workers)[0].code == 127);
}

}  // namespace workers_test
