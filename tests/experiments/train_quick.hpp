#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "catch.hpp"
#include "run_ebb.hpp"

/// `ebb train TASK --quick` into folder/out: it ends well, and this is what the summary says of seed 1.
inline nlohmann::json train_quick(const std::string& task, const TempFolder& folder,
                                  std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"train", task, "--quick", "--out", folder / "out", "--force"});
  const Outcome o = ebb_command(more);
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  return summary_of(folder / "out")["runs"]["1"];
}

/// Bad input: exit code 2, one line of error that says this, and nothing printed before it.
inline void check_rejected(const Outcome& o, const std::string& message, bool begun_to_print = false) {
  INFO(o.err);
  CHECK(o.code == 2);
  CHECK(std::count(o.err.begin(), o.err.end(), '\n') == 1);
  CHECK_THAT(o.err, Catch::Matchers::Contains(message));
  CHECK(o.out.empty() != begun_to_print);
}
