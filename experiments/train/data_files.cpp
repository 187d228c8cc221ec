#include <fmt/format.h>
#include <algorithm>
#include <cstdlib>
#include <ebb/experiments/cli/inputs.hpp>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/data_files.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/regular_file.hpp>
#include <filesystem>

namespace ebb::app {
namespace {

namespace fs = std::filesystem;

// The first missing name, empty if all files exist.
std::string missing(const fs::path& folder, const std::vector<std::string>& names) {
  std::error_code ignored;
  for (const std::string& name : names)
    if (!fs::exists(folder / name, ignored)) return name;
  return {};
}

// The place that the user probably meant: the one with most of the files; a subfolder is preferred to its parent.
std::size_t meant(const std::vector<fs::path>& places, const std::vector<std::string>& names) {
  std::error_code ignored;
  std::size_t best = 0;
  std::ptrdiff_t most = 0;
  for (std::size_t k = 0; k < places.size(); ++k) {
    if (!fs::exists(places[k], ignored)) continue;
    const auto there =
        std::count_if(names.begin(), names.end(), [&](auto& name) { return fs::exists(places[k] / name, ignored); });
    if (there >= most) {
      best = k;
      most = there;
    }
  }
  return best;
}

}  // namespace

std::string find_data(const DataFiles& d, const std::string& given) {
  const char* const variable = std::getenv("EBB_DATA");
  const std::string root = !given.empty() ? given : variable ? variable : "";
  std::vector<fs::path> places;
  if (!root.empty())
    for (const std::string& below : d.folders)
      places.push_back(below.empty() ? fs::path(root) : fs::path(root) / below);
  const fs::path near = places.empty() ? fs::path() : places[meant(places, d.names)];
  if (given.empty()) places.insert(places.end(), d.elsewhere.begin(), d.elsewhere.end());
  for (const fs::path& place : places) {
    if (!missing(place, d.names).empty()) continue;
    for (const std::string& name : d.names) note_input((place / name).string());
    return fs::absolute(place).string();  // weights are read from other folders
  }
  if (places.empty())
    throw FileError(fmt::format("{}: no data: set their folder with --data or EBB_DATA ({}), or try --data generated",
                                d.task, d.expected));
  if (std::error_code error; !root.empty() && !fs::is_directory(root, error))
    throw FileError(fmt::format("'{}': {}; the task {} needs {}", root, error ? error.message() : "is not a folder",
                                d.task, d.expected));
  const fs::path place = near.empty() ? places[0] : near;
  throw FileError(fmt::format("'{}': '{}' is missing; the task {} needs {}", place.string(), missing(place, d.names),
                              d.task, d.expected));
}

std::string data_file(const std::string& given, const char* expected) {
  try {
    (void)ebb::detail::regular_file_size(given);
  } catch (const FileError& e) { throw FileError(fmt::format("{}; {}", e.what(), expected)); }
  return fs::absolute(given).string();  // weights are read from other folders
}

std::string fingerprint(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return fmt::format("{}, CRC-32C {:08x}", count_text(static_cast<double>(lines.size()), "line"), crc32c(all));
}

}  // namespace ebb::app
