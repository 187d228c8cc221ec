#include <fmt/format.h>
#include <cctype>
#include <cstdio>
#include <ebb/experiments/cli/config.hpp>
#include <ebb/experiments/cli/parts.hpp>
#include <ebb/experiments/cli/version.hpp>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/ops/isa.hpp>
#include <ebb/ops/printable.hpp>
#include <filesystem>
#include <sstream>

namespace ebb::app {

namespace {

/// Incremented whenever the results of some command have other members, or another meaning.
constexpr int parts_format = 1;
constexpr const char* origin_name = "/job.json";

// The options that determine the results, as in config.toml.
std::map<std::string, std::string> options_in(const std::string& config) {
  std::map<std::string, std::string> values;
  std::istringstream lines(config);
  for (std::string line; std::getline(lines, line);)
    if (const std::size_t equals = line.find(" = "); line[0] != '#' && equals != std::string::npos)
      values[line.substr(0, equals)] = line.substr(equals + 3);
  return values;
}

}  // namespace

/// What all parts of a folder belong to: job.json beside them.
struct Parts::Origin {
  int format = parts_format;
  std::string command{};
  std::map<std::string, std::string> options{}, same{};
  Writer writer{};
  void visit(Fields& f) {
    f("format", format);
    if (format != parts_format) return;  // the others may have another form
    f("command", command)("options", options)("same", same)("writer", writer);
  }
};

Parts::Parts(Job& job, std::map<std::string, std::string> same)
    : job_(job), folder_(job.folder() + "/parts"), writer_{version_and_commit(), name_of(isa())}, beginner_(writer_) {
  if (!job.again()) remove_all();
  check_origin(std::move(same));
}

// Only files that a job has written: a folder of the user's may have this name.
void Parts::remove_all() const {
  std::error_code error;
  if (!std::filesystem::exists(folder_ + origin_name, error)) return;
  std::vector<std::filesystem::path> found;
  for (const auto& file : std::filesystem::directory_iterator(folder_, error))
    if (const auto ending = file.path().extension(); ending == ".json" || ending == ".checkpoint")
      found.push_back(file.path());
  for (const auto& path : found) std::filesystem::remove(path, error);
}

void Parts::check_origin(std::map<std::string, std::string> same) {
  Origin here{.command = job_.command(),
              .options = options_in(config_text(job_.command(), job_.options(), {"threads"})),
              .same = std::move(same),
              .writer = writer_};
  const std::string path = folder_ + origin_name, text = job_.again() ? read(path) : "";
  job_.keep("parts/", [&](const std::string&) {
    if (text.empty()) write_whole(path, json_of(here) + "\n");
  });
  if (text.empty()) return;
  auto there = from_json<Origin>(text, path);
  if (there.format != parts_format)
    throw FileError(fmt::format("'{}' was written by another version of Ebb, and this one, " EBB_VERSION
                                ", cannot resume it: run it again, with --config and another --out",
                                job_.folder()));
  beginner_ = there.writer;
  there.options["command"] = there.command;
  here.options["command"] = here.command;
  for (const auto& [now, before] : {std::pair{&here.options, &there.options}, {&here.same, &there.same}})
    for (const auto& [name, value] : *now)
      if (const auto at = before->find(name); at == before->end() || at->second != value)
        throw FileError(
            fmt::format("'{}' cannot be resumed: its {} is {}, not {}; run it again, with --config and another --out",
                        job_.folder(), name, at == before->end() ? "unknown" : ebb::detail::printable(at->second),
                        ebb::detail::printable(value)));
}

void Parts::warn_of_beginner() { warn_of(beginner_); }

// Readable, and unique by the checksum of the name.
std::string Parts::path_of(const std::string& name, const char* ending) const {
  constexpr std::size_t most = 80;
  std::string file;
  for (const char c : name.substr(0, most)) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '=' || c == '+';
    if (plain) file += c;
    else if (!file.empty() && file.back() != '-') file += '-';
  }
  return fmt::format("{}/{}-{:08x}{}", folder_, file, crc32c(name), ending);
}

std::string Parts::read(const std::string& path) const {
  std::error_code none;
  return std::filesystem::is_regular_file(path, none) ? read_file(path) : std::string();
}

void Parts::write(const std::string& name, const std::string& text) {
  try {
    write_whole(path_of(name, ".json"), text + "\n");
  } catch (const FileError& e) {  // a full disk may have space later, and the job may end without being resumed
    const std::lock_guard lock(warning_);
    if (!warned_of_disk_)
      std::fputs(fmt::format("ebb {}: warning: {}; a job that is resumed will compute this part again\n",
                             job_.command(), ebb::detail::printable(e.what()))
                     .c_str(),
                 stderr);
    warned_of_disk_ = true;
    return;
  }
  std::error_code ignored;
  std::filesystem::remove(checkpoint(name), ignored);
}

void Parts::check_name(const std::string& path, const std::string& name, const std::string& wanted) const {
  if (name != wanted)
    throw FileError(fmt::format("'{}' is the result of '{}', not of '{}'", path, ebb::detail::printable(name),
                                ebb::detail::printable(wanted)));
}

void Parts::warn_of(const Writer& there) {
  const std::lock_guard lock(warning_);
  const bool kernels = there.instruction_set != writer_.instruction_set;
  if (warned_of_writer_ || (!kernels && there.ebb == writer_.ebb)) return;
  warned_of_writer_ = true;
  const std::string before = kernels ? there.instruction_set + " kernels" : "Ebb " + there.ebb,
                    now = kernels ? writer_.instruction_set + " kernels" : "Ebb " + writer_.ebb;
  const std::string cure = kernels
                               ? fmt::format("; EBB_ISA={} selects the original kernels if the processor supports them",
                                             there.instruction_set)
                               : "";
  std::fputs(
      fmt::format("ebb {}: warning: the finished parts of this job were computed with {}, and the others will be "
                  "with {}: their results may differ from those of a job that was not stopped in their last "
                  "bits{}\n",
                  job_.command(), before, now, cure)
          .c_str(),
      stderr);
}

}  // namespace ebb::app
