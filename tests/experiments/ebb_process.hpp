#pragma once
#include <sys/wait.h>

#include <cstdlib>

#include "catch.hpp"
#include "run_ebb.hpp"

#ifdef EBB_COMMAND
/// The command in a process of its own, for those that train by the program that runs them.
inline Outcome ebb_process(const std::string& words) {
  const TempFolder scratch;
  const std::string command = "OMP_NUM_THREADS=2 " EBB_COMMAND " " + words + " >" + (scratch / "out") + " 2>" +
                              (scratch / "err") + " </dev/null";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_all(scratch / "out"), read_all(scratch / "err")};
}
#endif

/// The command is rejected with the message before it makes its folder.
inline void check_rejected(const std::string& command, const std::vector<std::string>& words,
                           const std::string& message) {
  const TempFolder f;
  std::vector<std::string> all{command, "--out", f / "x"};
  all.insert(all.end(), words.begin(), words.end());
  const Outcome o = ebb_command(all);
  INFO(o.err);
  CHECK(o.code == 2);
  CHECK_THAT(o.err, Catch::Matchers::Contains(message));
  CHECK(!f.has("x"));
}
