#pragma once
#include <ebb/nn/given_options.hpp>
#include <ebb/nn/registry.hpp>
#include <ebb/optim/optimizer.hpp>
#include <memory>

namespace ebb {

/// A registered optimiser: "lion:beta2=.98". Registered by EBB_OPTIMIZER.
struct OptimizerEntry : Registered<OptimizerEntry> {
  static constexpr const char* kind = "optimiser";
  using Make = std::unique_ptr<Optimizer> (*)(const LeafSet&, double lr, GivenOptions&);
  OptimizerEntry(const char* n, const char* a, const char* f, Make m) : Registered(n, a, f), make(m) {}
  Make make;
};

/// Creates an optimiser with the options that follow its name; the learning rate is given separately.
/// Errors    ValueError for an unknown optimiser (suggesting the nearest name) or option, or a value out of range
std::unique_ptr<Optimizer> make_optimizer(const std::string& name_and_options, const LeafSet&, double lr);
/// The options of a registered optimiser. Errors: as for make_optimizer
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

/// Registers an optimiser, a class constructed from a LeafSet and its `Options`, a struct with a member lr and, if
/// there are other options, a `void declare(GivenOptions&)` that names them:
///
///     EBB_OPTIMIZER(lion, Lion, "the sign of a running mean of gradients, Chen 2023");
///
/// EBB_OPTIMIZER_NAMED takes a name with a dash.
#define EBB_OPTIMIZER(name, Type, about) EBB_OPTIMIZER_NAMED(name, #name, Type, about)
#define EBB_OPTIMIZER_NAMED(id, name, Type, about) \
  static const ebb::OptimizerEntry ebb_optimizer_##id { name, about, __FILE__, &ebb::detail::make_registered<Type> }
