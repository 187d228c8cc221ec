#pragma once
#include <ebb/experiments/runs/database.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace ebb::app::runs {

/// Lists are joined by commas, objects are written as "a=1, b=2", true and false are 1 and 0.
Value value_of(const nlohmann::json&);
/// The object in a file; an empty one if there is no such file. Errors: FileError if it is not an object of JSON
nlohmann::json object_in(const std::string& path);
/// The options in a config.toml that a job wrote, as an object.
nlohmann::json options_in(const std::string& config);
/// Errors    FileError with the line that no job writes into a config.toml
void check_config(const std::string& path);

}  // namespace ebb::app::runs
