#include <ebb/experiments/cli/progress.hpp>
#include <thread>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace progress_test {

using ebb::app::Progress;
using namespace std::chrono_literals;

TEST_CASE("where stderr is no terminal, lines show the progress, also while a piece of the work takes long") {
  TempFolder f;
  {
    const Redirected err(STDERR_FILENO, f / "err");
    Progress bar(4, 20ms);
    bar.advance(1, "lstm seed 2  0.31");
    for (int wait = 0; wait < 500 && read_all(f / "err").size() < 80; ++wait) std::this_thread::sleep_for(20ms);
  }
  const std::string lines = read_all(f / "err");
  CHECK_THAT(lines, Catch::Matchers::Contains(" 25 %  ") && Catch::Matchers::Contains("so far, ") &&
                        Catch::Matchers::Contains(" left  lstm seed 2  0.31\n"));
  CHECK(lines.find('\r') == std::string::npos);
}

TEST_CASE("a short job prints no line about its progress, and ends without waiting for one") {
  TempFolder f;
  {
    const Redirected err(STDERR_FILENO, f / "err");
    Progress bar(4);
    bar.advance(4, "lstm");
  }
  CHECK(read_all(f / "err").empty());
}

}  // namespace progress_test
