#pragma once
#include <algorithm>
#include <cmath>
#include <cstring>
#include <ebb/nn/params.hpp>
#include <ebb/ops/reduce.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "message_of.hpp"
#include "same_bits.hpp"

/// Comparison of arrays, and reading of golden files.
namespace test {

/// Largest difference relative to the expected array's largest entry.
inline double error_of(const ebb::Array& got, const ebb::Array& wanted) {
  if (!(got.shape() == wanted.shape())) return INFINITY;
  double worst = 0, scale = 0;
  for (std::int64_t i = 0; i < wanted.size(); ++i) {
    const double difference = std::abs(got.at_flat(i) - wanted.at_flat(i));
    if (!(difference <= worst)) worst = difference;  // keeps a NaN
    scale = std::max(scale, std::abs(wanted.at_flat(i)));
  }
  return scale > 0 ? worst / scale : worst;
}

inline void set(ebb::Params& w, const char* name, const ebb::Array& values) {
  ebb::Edit change = w.edit();
  change[w.find(name)].assign(values);
}

inline nlohmann::json golden(const std::string& name) {
  std::ifstream file(std::string(EBB_SOURCE_DIR) + "/tests/goldens/" + name);
  return nlohmann::json::parse(file);
}

inline ebb::Array array_of(const nlohmann::json& j) {
  const std::vector<int> extents = j["shape"];
  const std::vector<double> values = j["values"];
  ebb::Array a = ebb::Array::empty(ebb::Shape(extents.data(), static_cast<int>(extents.size())), ebb::f64);
  std::copy(values.begin(), values.end(), a.data<double>());
  return a;
}

}  // namespace test
