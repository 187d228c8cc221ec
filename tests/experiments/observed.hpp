#pragma once
#include <algorithm>

#include "catch.hpp"
#include "run_ebb.hpp"

/// `ebb observe` at a toy size, with one seed where it draws weights: its summary.
inline nlohmann::json observed(const std::string& folder, std::vector<std::string> more, int code = 0) {
  std::vector<std::string> words{"observe", "--quick", "--out", folder};
  if (std::find(more.begin(), more.end(), "--cell") != more.end()) words.insert(words.end(), {"--seeds", "1"});
  words.insert(words.end(), more.begin(), more.end());
  const Outcome o = ebb_command(words);
  INFO(o.err);
  REQUIRE(o.code == code);
  return summary_of(folder);
}

/// Its message, with exit code 2.
inline std::string error_of(std::vector<std::string> more) {
  std::vector<std::string> words{"observe", "--quick"};
  words.insert(words.end(), more.begin(), more.end());
  const Outcome o = ebb_command(words);
  CHECK(o.code == 2);
  return o.err;
}
