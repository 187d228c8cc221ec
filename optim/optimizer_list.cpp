#include <fmt/format.h>
#include <ebb/ops/error.hpp>
#include <ebb/ops/rethrow.hpp>
#include <ebb/optim/optimizer_list.hpp>

namespace ebb {
namespace detail {

void check_option_names(const char* optimizer, const std::vector<OptionInfo>& options) {
  for (const OptionInfo& o : options)
    if (o.name == "lr")
      throw ValueError(
          fmt::format("{}: an option cannot be named 'lr': the learning rate is given separately", optimizer));
}

void check_passed_name(const char* optimizer, const Optimizer& made) {
  if (made.name() != std::string(optimizer))
    throw ValueError(fmt::format("{}: its constructor passes the name '{}' to Optimizer", optimizer, made.name()));
}

}  // namespace detail

std::unique_ptr<Optimizer> make_optimizer(const std::string& text, const LeafSet& set, double lr) {
  const OptimizerEntry& entry = Registry<OptimizerEntry>::get(name_before_options(text));
  optimizer_options(entry.name);  // checks their names
  GivenOptions given = GivenOptions::after_name(text);
  auto optimizer = detail::named_call("optimiser", entry.name, [&] { return entry.make(set, lr, given); });
  detail::check_passed_name(entry.name, *optimizer);
  given.reject_unknown("; the learning rate is given separately");
  return optimizer;
}

std::vector<OptionInfo> optimizer_options(const std::string& name) {
  GivenOptions given = GivenOptions::after_name(name);
  const OptimizerEntry& entry = Registry<OptimizerEntry>::get(given.owner());
  detail::named_call("optimiser", entry.name, [&] { entry.declare(given); });
  detail::check_option_names(entry.name, given.known());
  return given.known();
}

}  // namespace ebb
