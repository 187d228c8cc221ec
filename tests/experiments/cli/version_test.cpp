#include <ebb/experiments/cli/version.hpp>
#include <ebb/ops/isa.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace version_test {

TEST_CASE("--version prints the version, the compiler and the instruction set in use") {
  const Outcome o = ebb_command({"--version"});
  CHECK(o.code == 0);
  CHECK_THAT(o.out, Catch::Matchers::StartsWith("ebb " + ebb::app::version_and_commit()) &&
                        Catch::Matchers::Contains(ebb::name_of(ebb::isa())) &&
                        (Catch::Matchers::Contains("g++ 1") || Catch::Matchers::Contains("clang 1")));
}

}  // namespace version_test
