#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/runs/notes.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/utf8.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace ebb::app::runs {
namespace {

using nlohmann::json;

std::string notes_file(const std::string& folder) { return folder + "/notes.json"; }

}  // namespace

Notes read_notes(const std::string& folder) {
  const std::string path = notes_file(folder);
  std::error_code none;
  if (!std::filesystem::exists(path, none)) return {};
  const json found = json::parse(read_file(path), nullptr, false);
  try {
    Notes notes{.tags = found.at("tags").get<std::vector<std::string>>(), .note = found.at("note").get<std::string>()};
    std::sort(notes.tags.begin(), notes.tags.end());
    return notes;
  } catch (const json::exception&) { throw FileError(fmt::format("'{}' is damaged: remove or repair it", path)); }
}

void write_notes(const std::string& folder, const Notes& notes) {
  const std::string path = notes_file(folder);
  if (notes == Notes{}) {
    std::error_code error;
    std::filesystem::remove(path, error);
    if (error) throw FileError(fmt::format("cannot remove '{}': {}", path, error.message()));
    return;
  }
  const nlohmann::ordered_json all{{"tags", notes.tags}, {"note", notes.note}};
  write_whole(path, all.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

void add_notes(std::map<std::string, Value>& values, const Notes& notes) {
  if (!notes.tags.empty()) values["tags"] = fmt::format("{}", fmt::join(notes.tags, ","));
  if (!notes.note.empty()) values["note"] = notes.note;
}

void check_tag(const std::string& tag) {
  const bool fine = !tag.empty() && ebb::detail::is_utf8(tag) && std::none_of(tag.begin(), tag.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == ',';
  });
  if (!fine) throw ValueError(fmt::format("'{}' cannot be a tag: a tag is one word without commas", tag));
}

}  // namespace ebb::app::runs
