#include <source_location>
#include <string>

#include "catch.hpp"

namespace paths_test {

// For any path format of generators and compiler caches.
TEST_CASE("a source is named relative to the tree") {
  const std::string file = __FILE__, here = std::source_location::current().file_name();
  CHECK(file == "tests/autograd/paths_test.cpp");
  CHECK(here == file);
}

}  // namespace paths_test
