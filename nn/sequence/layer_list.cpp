#include <ebb/nn/cell_spec.hpp>
#include <ebb/nn/sequence/layer_list.hpp>
#include <ebb/nn/trial_widths.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/rethrow.hpp>

namespace ebb {

namespace {

LayerPtr make_layer_from(const std::string& text, const Builder& p, const LayerSizes& sizes,
                         detail::CellSpec& request) {
  const LayerEntry& entry = Registry<LayerEntry>::get(name_before_options(text));
  if (sizes.input < 1 || sizes.hidden < 1)
    throw ValueError(std::string(entry.name) + ": sizes must be at least 1, but input is " +
                     std::to_string(sizes.input) + " and hidden is " + std::to_string(sizes.hidden));
  request.options = GivenOptions::after_name(text);
  const LayerPtr layer = detail::named_call("layer", entry.name, [&] {
    return entry.make(detail_builder_for(p, &request), detail_builder_for(p, nullptr), sizes);
  });
  detail::reject_unknown_options(request);
  return layer;
}

}  // namespace

std::vector<const LayerEntry*> layer_list() { return Registry<LayerEntry>::list(); }

const LayerEntry* find_layer(const std::string& name_and_options) {
  return Registry<LayerEntry>::find(name_before_options(name_and_options));
}

LayerPtr make_layer(const std::string& name_and_options, const Builder& p, const LayerSizes& sizes) {
  detail::CellSpec request;
  return make_layer_from(name_and_options, p, sizes, request);
}

std::vector<OptionInfo> layer_options(const std::string& name) {
  std::vector<OptionInfo> known;
  Registry<LayerEntry>::get(name_before_options(name));
  detail::at_some_widths(name, 8, 8, [&](int input, int hidden) {
    Params scratch{{.most = detail::trial_params}};
    detail::CellSpec request;
    make_layer_from(name, scratch / "", {.input = input, .hidden = hidden}, request);
    known = request.options.known();
  });
  return known;
}

}  // namespace ebb
