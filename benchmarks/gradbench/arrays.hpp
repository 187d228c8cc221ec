#pragma once
#include <ebb/ops/array.hpp>
#include <nlohmann/json.hpp>

namespace gradbench {

/// The list of numbers `input[name]` in float64, [N].
///
/// Errors    ValueError if it is missing or is not a list of numbers, naming it
ebb::Array vector_in(const nlohmann::json& input, const char* name);

/// The list of rows `input[name]` in float64, [M, N].
///
/// Errors    ValueError if it is missing, is empty or has rows of different lengths, naming it and the row
ebb::Array matrix_in(const nlohmann::json& input, const char* name);

/// A number, a list or a list of rows, according to the rank.
nlohmann::json json_of(const ebb::Array&);

}  // namespace gradbench
