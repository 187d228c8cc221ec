#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/runs/run_json.hpp>
#include <ebb/experiments/runs/run_record.hpp>
#include <ebb/ops/error.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

namespace ebb::app::runs {
namespace {

using nlohmann::json;

std::string plain(const json& x) {
  return x.is_string() ? x.get<std::string>() : x.dump(-1, ' ', false, json::error_handler_t::replace);
}

// A value as config_text writes it: "text", 'text', ["a", "b"], 12, 0.5, true.
json toml_value(std::string text) {
  if (text.size() > 1 && (text.front() == '\'' || text.front() == '"')) return text.substr(1, text.size() - 2);
  if (text.starts_with('[')) std::replace(text.begin(), text.end(), '\'', '"');
  json value = json::parse(text, nullptr, false);
  return value.is_discarded() ? json(text) : value;
}

bool is_config_line(const std::string& line) {
  if (line.empty() || line.starts_with('#')) return true;
  const std::size_t equals = line.find(" = ");
  if (equals == 0 || equals == std::string::npos || equals + 3 == line.size()) return false;
  const bool name = std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(equals), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  const char first = line[equals + 3], last = line.back();
  const bool longer = line.size() > equals + 4;
  return name && (first == '"' || first == '\'' ? longer && last == first : first != '[' || last == ']');
}

}  // namespace

Value value_of(const json& x) {
  if (x.is_null()) return {};
  if (x.is_boolean()) return std::int64_t{x.get<bool>() ? 1 : 0};
  if (x.is_number_integer()) return x.get<std::int64_t>();
  if (x.is_number()) return x.get<double>();
  if (!x.is_structured()) return plain(x);
  std::string all;
  for (const auto& [key, item] : x.items())
    all += (all.empty() ? "" : x.is_array() ? "," : ", ") + (x.is_array() ? "" : key + "=") + plain(item);
  return all;
}

json object_in(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) return json::object();
  json found = json::parse(read_file(path), nullptr, false);
  if (!found.is_object()) throw FileError(fmt::format("'{}' is not readable as JSON", path));
  return found;
}

json options_in(const std::string& config) {
  json options = json::object();
  std::istringstream lines(config);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find(" = ");
    if (!line.starts_with('#') && equals != std::string::npos)
      options[line.substr(0, equals)] = toml_value(line.substr(equals + 3));
  }
  return options;
}

void check_config(const std::string& path) {
  std::istringstream lines(read_file(path));
  int number = 1;
  for (std::string line; std::getline(lines, line); ++number)
    if (!is_config_line(line))
      throw FileError(fmt::format("'{}', line {}: this is not an option as a run records it", path, number));
}

std::string column_name(const std::string& name) {
  std::string column;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
    column += letter ? c : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : '_';
  }
  return column;
}

std::string text_of(const Value& v) {
  if (const auto* whole = std::get_if<std::int64_t>(&v)) return std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&v)) return fmt::format("{}", *number);
  const auto* text = std::get_if<std::string>(&v);
  return text ? *text : "";
}

std::optional<double> number_of(const Value& v) {
  if (const auto* whole = std::get_if<std::int64_t>(&v)) return static_cast<double>(*whole);
  if (const auto* number = std::get_if<double>(&v)) return *number;
  return std::nullopt;
}

std::string json_of(const RunRecord& run, const std::vector<std::string>& columns) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const std::string& column : columns)
    std::visit(
        [&](const auto& x) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(x)>, std::monostate>) object[column] = x;
        },
        run[column]);
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace ebb::app::runs
