#pragma once
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/registry.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>

namespace ebb {

/// The sizes of a layer over whole sequences.
struct LayerSizes {
  int input = 1, hidden = 1;  ///< I, H
  int steps = 100;            ///< T of a training sequence, which its receptive field should cover
  int layers = 1;             ///< factor of the depth
  double dropout = 0;         ///< probability
  bool both = false;          ///< bidirectional, if the layer supports it; else outputs do not depend on later steps
};

/// A registered layer over whole sequences: "tcn:kernel=5". Registered by EBB_LAYER; listed separately from cells.
struct LayerEntry : Registered<LayerEntry> {
  static constexpr const char* kind = "layer";
  /// `options` provides the options, `p` creates the parameters.
  using Make = LayerPtr (*)(const Builder& options, const Builder& p, const LayerSizes&);
  LayerEntry(const char* n, const char* a, const char* f, bool b, Make m) : Registered(n, a, f), both(b), make(m) {}
  bool both;  ///< one network can be bidirectional; others need one per direction
  Make make;
};

/// All registered layers, by name.
std::vector<const LayerEntry*> layer_list();
/// The layer of this name, ignoring options, or null.
const LayerEntry* find_layer(const std::string& name_and_options);
/// Errors    ValueError for an unknown layer or option, or a size below 1
LayerPtr make_layer(const std::string& name_and_options, const Builder&, const LayerSizes&);
/// The options of a registered layer, for whatever widths it accepts. Errors: as for cell_options
std::vector<OptionInfo> layer_options(const std::string& name);

}  // namespace ebb

/// Registers a layer, constructed from (options, p, sizes): EBB_LAYER(tcn, TcnLayer, false, "causal convolutions").
/// EBB_LAYER_NAMED takes a name with a dash.
#define EBB_LAYER(name, Type, both, about)                                                         \
  static_assert(ebb::detail::is_identifier(#name),                                                 \
                "a name with a dash needs EBB_LAYER_NAMED(my_layer, \"my-layer\", MyLayer, ...)"); \
  EBB_LAYER_NAMED(name, #name, Type, both, about)
#define EBB_LAYER_NAMED(id, name, Type, both, about)                                                            \
  static const ebb::LayerEntry ebb_layer_##id {                                                                 \
    name, about, __FILE__, both,                                                                                \
        [](const ebb::Builder& options, const ebb::Builder& p, const ebb::LayerSizes& sizes) -> ebb::LayerPtr { \
          return std::make_shared<Type>(options, p, sizes);                                                     \
        }                                                                                                       \
  }
