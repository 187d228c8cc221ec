#include <algorithm>
#include <cmath>
#include <ebb/nn/cell_spec.hpp>
#include <ebb/nn/sequence/layer_list.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

namespace {

// Constructed at first use: entries register before main, in any order of files.
std::vector<const LayerEntry*>& registry() {
  static std::vector<const LayerEntry*> entries;
  return entries;
}

LayerPtr make_from(const std::string& text, const Builder& p, const LayerSizes& sizes, detail::CellSpec& request) {
  const LayerEntry* entry = find_layer(text);
  if (!entry) throw ValueError("there is no layer '" + text + "' over whole sequences");
  const std::string name = entry->name;
  if (sizes.input < 1 || sizes.hidden < 1)
    throw ValueError(name + ": sizes must be at least 1, but input is " + std::to_string(sizes.input) + " and hidden is " +
                     std::to_string(sizes.hidden));
  if (const std::size_t colon = text.find(':'); colon != std::string::npos)
    request.given = detail::parse_options(name, text.substr(colon + 1));
  try {
    const LayerPtr layer = entry->make(detail_builder_for(p, &request), detail_builder_for(p, nullptr), sizes);
    detail::refuse_unknown_options(request, name.c_str());
    return layer;
  } catch (const ValueError& e) {
    if (std::string(e.what()).rfind("option ", 0) != 0) throw;
    throw ValueError(name + ": " + e.what());
  }
}

}  // namespace

LayerEntry::LayerEntry(const char* n, const char* a, bool b, LayerPtr (*m)(const Builder&, const Builder&, const LayerSizes&))
    : name(n), about(a), both(b), make(m) {
  registry().push_back(this);
}

std::vector<const LayerEntry*> layer_list() {
  auto sorted = registry();
  std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return std::string(a->name) < b->name; });
  return sorted;
}

const LayerEntry* find_layer(const std::string& name_and_options) {
  const std::string name = name_and_options.substr(0, name_and_options.find(':'));
  for (const LayerEntry* e : registry())
    if (e->name == name) return e;
  return nullptr;
}

LayerPtr make_layer(const std::string& name_and_options, const Builder& p, const LayerSizes& sizes) {
  detail::CellSpec request;
  return make_from(name_and_options, p, sizes, request);
}

std::vector<CellOption> layer_options(const std::string& name) {
  Params scratch;
  detail::CellSpec request;
  make_from(name, scratch / "", {.hidden = 8}, request);
  std::vector<CellOption> list;
  for (const auto& k : request.known) list.push_back({k.name, k.standard, k.help});
  return list;
}

int whole_option(const Builder& options, const char* name, int standard, int low, int high, const char* help) {
  const double x = options.option(name, standard, help);
  if (x < low || x > high || x != std::floor(x))
    throw ValueError(std::string("option ") + name + ": must be a whole number from " + std::to_string(low) + " to " +
                     std::to_string(high));
  return static_cast<int>(x);
}

}  // namespace ebb
