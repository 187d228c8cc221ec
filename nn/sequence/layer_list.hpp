#pragma once
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/registry.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>

namespace ebb {

/// What a layer over whole sequences is made for.
struct LayerSizes {
  int input = 1, hidden = 1;  ///< I, H
  int steps = 100;            ///< T of a sequence in training, over which it should reach
  int layers = 1;             ///< as many times as deep
  double dropout = 0;         ///< probability
  bool both = false;          ///< each output sees later steps too, if the layer can; else it sees none
};

/// A layer over whole sequences as a command names it: "tcn:kernel=5". Registered by EBB_LAYER, listed apart from the
/// cells.
struct LayerEntry : Registered<LayerEntry> {
  static constexpr const char* kind = "layer";
  /// Options are asked of `options`, parameters made by `p`.
  using Make = LayerPtr (*)(const Builder& options, const Builder& p, const LayerSizes&);
  LayerEntry(const char* n, const char* a, const char* f, bool b, Make m) : Registered(n, a, f), both(b), make(m) {}
  bool both;  ///< one network can see both ways; of others it takes two
  Make make;
};

/// All registered layers, by name.
std::vector<const LayerEntry*> layer_list();
/// The layer of that name, options cut off, or null.
const LayerEntry* find_layer(const std::string& name_and_options);
/// Errors    ValueError for an unknown layer or option, or a size below 1
LayerPtr make_layer(const std::string& name_and_options, const Builder&, const LayerSizes&);
/// The options that a registered layer takes. Errors: as make_layer
std::vector<OptionInfo> layer_options(const std::string& name);

}  // namespace ebb

/// Registers a layer, a class made from (options, p, sizes): EBB_LAYER(tcn, TcnLayer, false, "causal convolutions").
#define EBB_LAYER(name, Type, both, about)                                                                      \
  static const ebb::LayerEntry ebb_layer_##name {                                                               \
    #name, about, __FILE__, both,                                                                               \
        [](const ebb::Builder& options, const ebb::Builder& p, const ebb::LayerSizes& sizes) -> ebb::LayerPtr { \
          return std::make_shared<Type>(options, p, sizes);                                                     \
        }                                                                                                       \
  }
