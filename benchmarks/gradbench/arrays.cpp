#include "arrays.hpp"

#include <ebb/ops/error.hpp>
#include <string>
#include <vector>

namespace gradbench {

using namespace ebb;

namespace {

std::vector<double> numbers(const nlohmann::json& list, const std::string& what) {
  if (!list.is_array()) throw ValueError(what + " is not a list of numbers");
  for (const nlohmann::json& x : list)
    if (!x.is_number()) throw ValueError(what + " contains " + x.dump() + ", which is not a number");
  return list.get<std::vector<double>>();
}

const nlohmann::json& field(const nlohmann::json& input, const char* name) {
  if (!input.is_object() || !input.contains(name)) throw ValueError(std::string("the input has no field ") + name);
  return input.at(name);
}

void copy_into(Array row, const std::vector<double>& values) {
  std::copy(values.begin(), values.end(), row.data<double>());
}

}  // namespace

Array vector_in(const nlohmann::json& input, const char* name) {
  const std::vector<double> values = numbers(field(input, name), name);
  Array x = Array::empty({static_cast<int>(values.size())}, f64);
  copy_into(x, values);
  return x;
}

Array matrix_in(const nlohmann::json& input, const char* name) {
  const nlohmann::json& rows = field(input, name);
  if (!rows.is_array() || rows.empty()) throw ValueError(std::string(name) + " is not a list of rows");
  const int m = static_cast<int>(rows.size()), n = static_cast<int>(rows[0].size());
  Array x = Array::empty({m, n}, f64);
  for (int i = 0; i < m; ++i) {
    const std::string what = "row " + std::to_string(i) + " of " + name;
    const std::vector<double> values = numbers(rows[static_cast<std::size_t>(i)], what);
    if (static_cast<int>(values.size()) != n)
      throw ValueError(what + " has " + std::to_string(values.size()) + " numbers, row 0 has " + std::to_string(n));
    copy_into(x[i], values);
  }
  return x;
}

nlohmann::json json_of(const Array& x) {
  if (x.rank() == 0) return x.item();
  nlohmann::json list = nlohmann::json::array();
  for (int i = 0; i < x.dim(0); ++i) list.push_back(x.rank() == 1 ? nlohmann::json(x.at_flat(i)) : json_of(x[i]));
  return list;
}

}  // namespace gradbench
