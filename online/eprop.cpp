#include <ebb/online/eprop.hpp>
#include <ebb/online/local_influence.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

namespace {

std::unique_ptr<Influence> local_paths(const char* method, const StepMap& map, int rows, bool leaky) {
  const auto reject = [&](const std::string& why) {
    return ValueError(std::string(method) + " does not apply to cell " + map.cell().name() + ": " + why);
  };
  const StepStructure s = structure_of(map, StepPaths::local);
  std::string why;
  const std::optional<Units> units = units_of(map, s, why);
  if (!units) throw reject(why);
  if (!is_diagonal(map, s)) throw reject("its units depend on each other in other ways than by products with a matrix");
  if (leaky && !s.constant) throw reject("its state does not leak at a constant rate; eprop has no such assumption");
  return std::make_unique<detail::LocalRecursion>(map, *units, rows, StepPaths::local);
}

}  // namespace

std::unique_ptr<Influence> make_eprop(const StepMap& map, int rows) { return local_paths("eprop", map, rows, false); }
std::unique_ptr<Influence> make_rflo(const StepMap& map, int rows) { return local_paths("rflo", map, rows, true); }

}  // namespace ebb
