#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/checkpoint.hpp>
#include <ebb/experiments/train/extension.hpp>
#include <ebb/nn/files/safetensors.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/printable.hpp>
#include <ebb/ranks/ranks.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace ebb::app {
namespace {

constexpr const char* extensions_file = "extended.json";

// The value after the name of its type, "integer 40", as an archive stores it; empty if there is none.
std::string stored_value(const Metadata& texts, const char* key) {
  const auto at = texts.find(key);
  return at == texts.end() ? std::string() : at->second.substr(std::min(at->second.find(' ') + 1, at->second.size()));
}

int stored_number(const Metadata& texts, const char* key) {
  const std::string text = stored_value(texts, key);
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::vector<Extension> extensions_of(const std::string& folder) {
  const std::string path = folder + "/" + extensions_file;
  std::error_code none;
  std::vector<Extension> all;
  if (!std::filesystem::is_regular_file(path, none)) return all;
  try {
    for (const auto& e : nlohmann::json::parse(read_file(path))) all.push_back({e.at("planned"), e.at("made")});
  } catch (const nlohmann::json::exception&) {
    throw FileError(fmt::format("'{}' is not a list of numbers of updates", path));
  }
  return all;
}

void keep_extension(Job& job, const std::optional<Extension>& extension) {
  std::error_code ignored;
  if (!job.again() && (!job.ranks() || job.ranks()->rank() == 0))
    std::filesystem::remove(job.folder() + "/" + extensions_file, ignored);
  if (!extension) return;
  std::vector<Extension> all = extensions_of(job.folder());
  if (!all.empty() && all.back() == *extension) return;  // it was killed before its next checkpoint
  all.push_back(*extension);
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Extension& e : all) list.push_back({{"planned", e.planned}, {"made", e.made}});
  job.write(extensions_file, list.dump(1) + "\n");
}

// Of the parts that keep_at() saves: 1 is the Origin, 2 the training.
Reached reached_in(const std::string& checkpoint) {
  std::error_code none;
  if (!std::filesystem::exists(checkpoint, none)) return {};
  check_checkpoint_version(checkpoint);
  const Metadata texts = read_safetensors_metadata(checkpoint);
  Reached r{.planned = stored_number(texts, "1/steps")};
  r.early = stored_number(texts, "2/waited") != 0 || stored_number(texts, "2/enough") != 0 ||
            !stored_value(texts, "2/diverged").empty();
  if (texts.contains("2/curve")) return r;  // it is empty
  r.made = read_safetensors(checkpoint, {"2/curve"}).at(0).values.shape()[0];
  return r;
}

std::optional<Extension> extension_to(int steps, const std::vector<std::pair<std::uint64_t, Reached>>& seeds,
                                      const std::string& folder) {
  std::optional<Extension> extension;
  bool begun = false, open = false;
  for (const auto& [seed, r] : seeds) {
    if (steps < r.made)
      throw ValueError(
          fmt::format("--steps {}: the run of seed {} has made {} already", steps, seed, count_text(r.made, "update")));
    open = open || !r.early;
    if (r.planned == 0 || r.planned == steps) continue;
    begun = true;
    if (!extension) extension = Extension{.planned = r.planned, .made = r.made};
  }
  if (begun && !open)
    throw ValueError(fmt::format(
        "--steps {0} does not extend '{1}': it ended by itself after {2} of {3} (early stopping, the task's target, or "
        "divergence); to train longer, begin anew: ebb train --config {1}/config.toml --steps {0} --out ANOTHER, with "
        "other options such as --patience",
        steps, ebb::detail::printable(folder), count_text(extension->made), count_text(extension->planned, "update")));
  for (const auto& [seed, r] : seeds)
    if (extension && r.made != extension->made) extension->made = -1;
  return extension;
}

std::string extension_text(std::uint64_t seed, const TrainRecord& before, int planned, const TaskSettings& s) {
  const auto done = static_cast<double>(before.curve.size());
  if (s.steps == planned) return {};
  if (before.waited || before.enough || !before.diverged.empty())
    return fmt::format("seed {}: the run ended after {} of {}, so --steps {} does not extend it\n", seed,
                       count_text(done, "update"), count_text(planned), count_text(s.steps));
  return fmt::format("seed {}: from {} to {}{}\n", seed, count_text(planned), count_text(s.steps, "update"),
                     s.schedule == "constant" ? ""
                                              : fmt::format("; the updates so far followed the schedule {} over "
                                                            "{}, the others follow it over {}",
                                                            s.schedule, count_text(planned), count_text(s.steps)));
}

}  // namespace ebb::app
