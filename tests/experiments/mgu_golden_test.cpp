#include "../nn/cells/cell_golden.hpp"

namespace mgu_golden_test {

TEST_CASE("Outputs and all gradients of the minimal gated unit agree with its equations in PyTorch") {
  test::check_cell("mgu");
}

}  // namespace mgu_golden_test
