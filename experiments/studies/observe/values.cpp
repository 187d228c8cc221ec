#include <fmt/format.h>
#include <cmath>
#include <ebb/data/text_file.hpp>
#include <ebb/experiments/studies/observe/values.hpp>
#include <ebb/ops/error.hpp>
#include <limits>
#include <nlohmann/json.hpp>

namespace ebb::app::observe {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(double x) {
  if (std::isfinite(x)) return x;
  return std::isnan(x) ? "nan" : x > 0 ? "inf" : "-inf";
}

double number_of(const Json& j) {
  if (j.is_number()) return j.get<double>();
  const auto word = j.get<std::string>();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (word == "inf") return infinity;
  if (word == "-inf") return -infinity;
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

const std::vector<double>& Values::at(const std::string& name) const {
  const auto found = numbers_.find(name);
  if (found == numbers_.end()) throw Error("the results have no '" + name + "'");
  return found->second;
}

std::string Values::note(const std::string& name) const {
  const auto found = notes_.find(name);
  return found == notes_.end() ? "" : found->second;
}

namespace {

Json json_of(const std::map<std::string, std::string>& notes,
             const std::map<std::string, std::vector<double>>& numbers) {
  Json j = Json::object();
  for (const auto& [name, text] : notes) j["notes"][name] = text;
  for (const auto& [name, list] : numbers) {
    Json& out = j["values"][name] = Json::array();
    for (const double x : list) out.push_back(json_of(x));
  }
  return j;
}

}  // namespace

std::string Values::json() const {
  return json_of(notes_, numbers_).dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string Values::json_line() const {
  return json_of(notes_, numbers_).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Values Values::parse(const std::string& json) {
  Values v;
  try {
    const Json j = Json::parse(json);
    if (j.contains("notes"))
      for (const auto& [name, text] : j.at("notes").items()) v.notes_[name] = text.get<std::string>();
    if (j.contains("values"))
      for (const auto& [name, list] : j.at("values").items())
        for (const Json& x : list) v.numbers_[name].push_back(number_of(x));
  } catch (const Json::exception&) { throw FileError("the results of a measure have another form"); }
  return v;
}

Values Values::read(const std::string& path) {
  const std::string text = read_text(path);
  try {
    return parse(text);
  } catch (const FileError&) {
    throw FileError(
        fmt::format("'{}' does not have the results of ebb observe: remove it to compute them again", path));
  }
}

}  // namespace ebb::app::observe
