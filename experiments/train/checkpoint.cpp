#include <ebb/experiments/train/checkpoint.hpp>
#include <ebb/nn/files/archive.hpp>
#include <filesystem>

namespace ebb {

void Origin::visit(Archive& a) {
  a.same("task", task).same("cell", cell).same("data", data).same("seed", std::to_string(seed));
  for (const auto& [name, value] : options) a.same(("option " + name).c_str(), value);
  a("started", started);
}

TrainKeeper keep_at(const std::string& path, int every, Origin& origin, bool resume) {
  TrainKeeper keeper;
  keeper.every = every;
  keeper.save = [path, &origin](const TrainPart& run) { save(path, origin, run); };
  std::error_code error;
  if (!resume) std::filesystem::remove(path, error);   // of another run in this folder
  else if (std::filesystem::exists(path, error)) keeper.load = [path, &origin](TrainPart& run) { load(path, origin, run); };
  return keeper;
}

}  // namespace ebb
