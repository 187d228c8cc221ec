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

std::string Values::json() const {
  Json j = Json::object();
  for (const auto& [name, text] : notes_) j["notes"][name] = text;
  for (const auto& [name, list] : numbers_) {
    Json& out = j["values"][name] = Json::array();
    for (const double x : list) out.push_back(json_of(x));
  }
  return j.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Values Values::read(const std::string& path) {
  Values v;
  try {
    const Json j = Json::parse(read_text(path));
    if (j.contains("notes"))
      for (const auto& [name, text] : j.at("notes").items()) v.notes_[name] = text.get<std::string>();
    if (j.contains("values"))
      for (const auto& [name, list] : j.at("values").items())
        for (const Json& x : list) v.numbers_[name].push_back(number_of(x));
  } catch (const Json::exception&) {
    throw FileError(
        fmt::format("'{}' does not have the results of ebb observe: remove it to compute them again", path));
  }
  return v;
}

}  // namespace ebb::app::observe
