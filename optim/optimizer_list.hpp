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
  using Declare = void (*)(GivenOptions&);
  OptimizerEntry(const char* n, const char* a, const char* f, Make m, Declare d)
      : Registered(n, a, f), make(m), declare(d) {}
  Make make;
  Declare declare;  ///< its options, without constructing it
};

/// Creates an optimiser with the options that follow its name; the learning rate is given separately.
/// Errors    ValueError for an unknown optimiser (suggesting the nearest name) or option, or a value out of range;
///           for a class that declares an option of an invalid name, or passes a name to Optimizer that is not its own
std::unique_ptr<Optimizer> make_optimizer(const std::string& name_and_options, const LeafSet&, double lr);
/// The options of a registered optimiser. Errors: ValueError for an unknown optimiser
std::vector<OptionInfo> optimizer_options(const std::string& name);

namespace detail {

/// Errors    ValueError for an option named "lr"; GivenOptions rejects other names that an option cannot have
void check_option_names(const char* optimizer, const std::vector<OptionInfo>&);
/// Errors    ValueError unless the name that its class passes to Optimizer is the registered one
void check_passed_name(const char* optimizer, const Optimizer& made);

/// What EBB_OPTIMIZER registers of a class.
template <class O> struct OptimizerMaker {
  static constexpr bool named = requires { typename O::Options; };
  static_assert(std::is_base_of_v<Optimizer, O>, "an optimiser is a class derived from ebb::Optimizer");
  static_assert(!std::is_abstract_v<O>,
                "an optimiser overrides update(const Slice<float>&) and update(const Slice<double>&)");
  static_assert(named, "an optimiser names the struct of its options: `using Options = MyOptions;`");

  static void declare(GivenOptions& given) {
    if constexpr (named) declared(given);
  }
  static std::unique_ptr<Optimizer> make(const LeafSet& set, double lr, GivenOptions& given) {
    if constexpr (named) {
      using Options = typename O::Options;
      static_assert(std::is_constructible_v<O, const LeafSet&, Options>,
                    "an optimiser is constructed from parameters and options: explicit Mine(const LeafSet&, Options)");
      Options options = declared(given);
      options.lr = lr;
      if constexpr (std::is_constructible_v<O, const LeafSet&, Options>) return std::make_unique<O>(set, options);
    }
    return nullptr;
  }

 private:
  static auto declared(GivenOptions& given) {
    typename O::Options options;
    constexpr bool declares =  // on these options, not on a copy
        requires { options.declare(given); } && !requires { options.declare(GivenOptions()); };
    static_assert(
        declares || !requires { &O::Options::declare; },
        "an optimiser's options are declared by `void declare(GivenOptions& given)`");
    static_assert(
        declares || sizeof(options) == sizeof(options.lr),
        "an optimiser's options other than lr are declared by `void declare(GivenOptions& given)` in the same "
        "struct: it has none");
    if constexpr (declares) options.declare(given);
    return options;
  }
};

}  // namespace detail
}  // namespace ebb

/// Registers an optimiser, a class constructed from a LeafSet and its `Options`, a struct with a member lr and, if
/// there are other options, a `void declare(GivenOptions&)` that names them:
///
///     EBB_OPTIMIZER(lion, Lion, "the sign of a running mean of gradients, Chen 2023");
///
/// EBB_OPTIMIZER_NAMED takes a name with a dash.
#define EBB_OPTIMIZER(name, Type, about)                                                         \
  static_assert(ebb::detail::is_identifier(#name),                                               \
                "a name with a dash needs EBB_OPTIMIZER_NAMED(my_sgd, \"my-sgd\", MySgd, ...)"); \
  EBB_OPTIMIZER_NAMED(name, #name, Type, about)
#define EBB_OPTIMIZER_NAMED(id, name, Type, about)                                                               \
  static const ebb::OptimizerEntry ebb_optimizer_##id {                                                          \
    name, about, __FILE__, &ebb::detail::OptimizerMaker<Type>::make, &ebb::detail::OptimizerMaker<Type>::declare \
  }
