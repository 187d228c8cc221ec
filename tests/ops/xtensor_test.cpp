#include "xtensor_cases.hpp"

namespace xtensor_test {}  // namespace xtensor_test
