#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/cell_spec.hpp>
#include <ebb/nn/registry.hpp>
#include <ebb/nn/trial_widths.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

namespace {

CellPtr make_from(const std::string& text, const Builder& p, CellSizes sizes, detail::CellSpec& request) {
  const CellEntry& entry = Registry<CellEntry>::get(name_before_options(text));
  if (sizes.input < 1 || sizes.hidden < 1)
    throw ValueError(std::string(entry.name) + ": sizes must be at least 1, but input is " +
                     std::to_string(sizes.input) + " and hidden is " + std::to_string(sizes.hidden));
  request.options = GivenOptions::after_name(text);
  request.hidden = sizes.hidden;
  return detail::named_call("cell", entry.name,
                            [&] { return CellPtr(entry.make(entry.name, detail_builder_for(p, &request), sizes)); });
}

}  // namespace

std::vector<CellInfo> cell_list() {
  std::vector<CellInfo> list;
  for (const CellEntry* e : Registry<CellEntry>::list()) list.push_back({e->name, e->about, detail::file_of(*e)});
  return list;
}

CellPtr make_cell(const std::string& name_and_options, const Builder& p, CellSizes sizes) {
  detail::CellSpec request;
  return make_from(name_and_options, p, sizes, request);
}

CellSizes accepted_sizes(const std::string& text, CellSizes wanted) {
  CellSizes accepted = wanted;
  detail::at_some_widths(text, wanted.input, wanted.hidden, [&](int input, int hidden) {
    Params scratch{{.most = detail::trial_params}};
    make_cell(text, scratch / "", {input, hidden});
    accepted = {input, hidden};
  });
  return accepted;
}

std::vector<OptionInfo> cell_options(const std::string& name) {
  std::vector<OptionInfo> known;
  Registry<CellEntry>::get(name_before_options(name));
  detail::at_some_widths(name, 8, 8, [&](int input, int hidden) {
    Params scratch{{.most = detail::trial_params}};
    detail::CellSpec request;
    make_from(name, scratch / "", {input, hidden}, request);
    known = request.options.known();
  });
  return known;
}

}  // namespace ebb
