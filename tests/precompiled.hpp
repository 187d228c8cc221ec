#pragma once

// Headers that nearly every test includes; each test still includes what it uses.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "catch.hpp"
#if __has_include(<ebb/autograd/functions.hpp>)
#include <ebb/autograd/functions.hpp>
#endif
#if __has_include(<ebb/nn/params.hpp>)
#include <ebb/nn/params.hpp>
#include <nlohmann/json.hpp>
#endif
