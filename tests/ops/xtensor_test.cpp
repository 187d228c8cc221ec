#include "xtensor_cases.hpp"
