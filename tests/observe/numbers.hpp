#pragma once
#include <cstdint>
#include <ebb/ops/array.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace test {

/// The numbers of tests/goldens/make_observe.py, to the last bit.
class Numbers {
 public:
  explicit Numbers(std::uint32_t seed) : x_(seed) {}
  double next() {
    x_ = 1664525 * x_ + 1013904223;
    return x_ / 2147483648. - 1;
  }
  ebb::Array matrix(int rows, int columns) {
    ebb::Array a = ebb::Array::empty({rows, columns}, ebb::f64);
    for (std::int64_t k = 0; k < a.size(); ++k) a.set_flat(k, next());
    return a;
  }

 private:
  std::uint32_t x_;
};

inline nlohmann::json observe_golden() {
  std::ifstream file(EBB_SOURCE_DIR "/tests/goldens/observe.json");
  return nlohmann::json::parse(file);
}

}  // namespace test
