#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

StackedCell::StackedCell(std::vector<CellPtr> layers, StackOptions o) : o_(o), layers_(std::move(layers)) {
  if (layers_.empty()) throw ValueError("stack: there are no layers");
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    scopes_.push_back(std::to_string(l + 1));
    first_.push_back(static_cast<int>(names_.size()));
    for (int k = 0; k < layers_[l]->field_count(); ++k)
      names_.push_back(scopes_.back() + "/" + layers_[l]->field(k).name);
  }
  first_.push_back(static_cast<int>(names_.size()));
  if (static_cast<int>(names_.size()) > State::max_fields)
    throw ValueError("stack: the layers have " + std::to_string(names_.size()) +
                     " state fields in total; the maximum is " + std::to_string(State::max_fields));
  for (const std::string& n : names_) name_list_.push_back(n.c_str());
  for (std::size_t l = 0; l < layers_.size(); ++l)
    for (int k = 0; k < layers_[l]->field_count(); ++k) {
      fields_.push_back(layers_[l]->field(k));
      fields_.back().name = name_list_[fields_.size() - 1];
    }
}

CellSizes StackedCell::sizes() const { return {layers_.front()->sizes().input, layers_.back()->sizes().hidden}; }

Drops StackedCell::drops() const {
  Drops any;
  for (const CellPtr& layer : layers_) {
    const Drops d = layer->drops();
    any = {.state = any.state || d.state, .candidate = any.candidate || d.candidate};
  }
  return any;
}

/// The fields of one layer, under their own names.
State StackedCell::part(const State& s, std::size_t layer) const {
  State own(layers_[layer]->field_names(), layers_[layer]->field_count());
  for (int k = 0; k < own.size(); ++k) own[k] = s[first_[layer] + k];
  return own;
}

Var StackedCell::raised(const Var& below, const Var& output, std::size_t layer) const {
  if (!o_.residual || layer == 0) return output;
  if (!(output.shape() == below.shape()))
    throw ShapeError("stack: layer " + scopes_[layer] + " outputs " + text(output.shape()) +
                     ", but the residual connection adds " + text(below.shape()));
  return output + below;
}

State StackedCell::step(const Var& x, const State& s, const StepContext& at) const {
  State next(field_names(), field_count());
  Var below = x;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const WatchScope named(scopes_[l].c_str());
    const State n = layers_[l]->step(below, part(s, l), at.named(scopes_[l].c_str()));
    for (int k = 0; k < n.size(); ++k) next[first_[l] + k] = n[k];
    if (l + 1 < layers_.size()) below = raised(below, checked_output(*layers_[l], below, n), l);
  }
  return next;
}

Var StackedCell::output(const Var& x, const State& s) const {
  Var below = x;
  const std::size_t top = layers_.size() - 1;
  {
    const detail::WatchNothing seen;  // step has computed these outputs before
    for (std::size_t l = 0; l < top; ++l) below = raised(below, layers_[l]->output(below, part(s, l)), l);
  }
  const WatchScope named(scopes_[top].c_str());
  return raised(below, layers_[top]->output(below, part(s, top)), top);
}

CellPtr make_stack(const std::string& cell, const Builder& p, CellSizes sizes, int layers, StackOptions o) {
  std::vector<CellPtr> list;
  for (int l = 0; l < layers; ++l)
    list.push_back(
        make_cell(cell, p / std::to_string(l + 1).c_str(), {l == 0 ? sizes.input : sizes.hidden, sizes.hidden}));
  return CellPtr(new StackedCell(std::move(list), o));
}

}  // namespace ebb
