#pragma once
#include <ebb/nn/given_options.hpp>
#include <ebb/nn/registry.hpp>
#include <ebb/optim/optimizer.hpp>
#include <memory>

namespace ebb {

/// An optimiser as commands name it: "lion:beta2=.98". Registered by EBB_OPTIMIZER.
struct OptimizerEntry : Registered<OptimizerEntry> {
  static constexpr const char* kind = "optimiser";
  using Make = std::unique_ptr<Optimizer> (*)(const LeafSet&, double lr, GivenOptions&);
  OptimizerEntry(const char* n, const char* a, const char* f, Make m) : Registered(n, a, f), make(m) {}
  Make make;
};

/// An optimiser with the options that follow its name; the learning rate is given by itself.
/// Errors    ValueError for an unknown optimiser (with the nearest name) or option, or a value out of range
std::unique_ptr<Optimizer> make_optimizer(const std::string& name_and_options, const LeafSet&, double lr);
/// The options that a registered optimiser takes. Errors: as make_optimizer
std::vector<OptionInfo> optimizer_options(const std::string& name);

namespace detail {

template <class O> std::unique_ptr<Optimizer> make_registered(const LeafSet& set, double lr, GivenOptions& given) {
  typename O::Options options;
  if constexpr (requires { options.declare(given); }) options.declare(given);
  options.lr = lr;
  return std::make_unique<O>(set, options);
}

}  // namespace detail
}  // namespace ebb

/// Registers an optimiser, a class made from a LeafSet and its `Options`, a struct with a member lr and, if there are
/// others, a `void declare(GivenOptions&)` that names them:
///
///     EBB_OPTIMIZER(lion, Lion, "the sign of a running mean, Chen 2023");
///
/// Use EBB_OPTIMIZER_NAMED for a name with a dash.
#define EBB_OPTIMIZER(name, Type, about) EBB_OPTIMIZER_NAMED(name, #name, Type, about)
#define EBB_OPTIMIZER_NAMED(id, name, Type, about) \
  static const ebb::OptimizerEntry ebb_optimizer_##id { name, about, __FILE__, &ebb::detail::make_registered<Type> }
