#include <ebb/optim/optimizer_list.hpp>

namespace ebb {

std::unique_ptr<Optimizer> make_optimizer(const std::string& text, const LeafSet& set, double lr) {
  const OptimizerEntry& entry = Registry<OptimizerEntry>::get(name_before_options(text));
  GivenOptions given = GivenOptions::after_name(text);
  auto optimizer = entry.make(set, lr, given);
  given.reject_unknown("; the learning rate is given separately");
  return optimizer;
}

std::vector<OptionInfo> optimizer_options(const std::string& name) {
  GivenOptions given = GivenOptions::after_name(name);
  Registry<OptimizerEntry>::get(given.owner()).declare(given);
  return given.known();
}

}  // namespace ebb
