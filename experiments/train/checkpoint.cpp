#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
#include <ebb/experiments/train/checkpoint.hpp>
#include <ebb/nn/files/archive.hpp>
#include <ebb/nn/files/safetensors.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/isa.hpp>
#include <filesystem>

namespace ebb::app {

namespace {

/// Incremented whenever the contents of a checkpoint, or the names of the options in it, change. Ebb 0.1.0 wrote none.
const std::string checkpoint_format = "3";

}  // namespace

void Origin::visit(Archive& a) {
  a.same("format", checkpoint_format)("version", version);
  a.same("task", task).same("cell", cell).same("data", data).same("seed", std::to_string(seed));
  for (const auto& [name, value] : options) a.same(("option " + name).c_str(), value);
  a("steps", steps)("started", started)("instruction set", instruction_set);
}

void check_checkpoint_version(const std::string& path) {
  Metadata texts;
  try {
    texts = read_safetensors_metadata(path);
  } catch (const FileError&) {  // truncated: loading reports it
    return;
  }
  const auto text = [&](const char* key) {  // after the prefix "text ", as stored by an archive
    const auto at = texts.find(key);
    return at == texts.end() ? std::string() : at->second.substr(std::min(at->second.find(' ') + 1, at->second.size()));
  };
  if (texts.count("1/task") == 0 || text("1/format") == checkpoint_format) return;
  const std::string writer = texts.count("1/format") ? text("1/version") : "0.1.0";
  throw FileError(fmt::format("{0}: was written by Ebb {1}, and this version, " EBB_VERSION
                              ", cannot resume its runs: train again, or resume "
                              "with Ebb {1}. Weights of that version can be read",
                              path, writer));
}

TrainKeeper keep_at(const std::string& path, int every, Origin& origin, bool resume) {
  TrainKeeper keeper;
  keeper.every = every;
  keeper.save = [path, &origin](const TrainPart& run) {
    origin.version = EBB_VERSION;
    save(path, origin, run);
  };
  std::error_code error;
  if (!resume) std::filesystem::remove(path, error);  // belongs to another run in this folder
  else if (std::filesystem::exists(path, error))
    keeper.load = [path, &origin](TrainPart& run) {
      check_checkpoint_version(path);
      load(path, origin, run);
    };
  return keeper;
}

void warn_of_other_kernels(const char* command, const Origin& origin) {
  const std::string here = name_of(isa());
  if (origin.instruction_set == here) return;
  std::fputs(fmt::format("{0}: warning: this run was computed with {1} kernels so far, and now uses {2}: its results "
                         "will differ from those of an uninterrupted run in their last bits; EBB_ISA={1} selects the "
                         "original kernels if the processor supports them\n",
                         command, origin.instruction_set, here)
                 .c_str(),
             stderr);
}

}  // namespace ebb::app
