#include <source_location>
#include <string>

#include "catch.hpp"

// Whatever the generator, its version and the compiler's cache make of a path.
TEST_CASE("a source is named as seen from the tree") {
  const std::string file = __FILE__, here = std::source_location::current().file_name();
  CHECK(file == "tests/autograd/paths_test.cpp");
  CHECK(here == file);
}
