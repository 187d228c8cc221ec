#pragma once
#include <ebb/autograd/sequence.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/unroll.hpp>

namespace ebb {

struct StackOptions {
  bool residual = false;  ///< adds a layer's input to its output, from the second layer on
};

/// Layers of cells as one cell: each layer's input is the output of the one below. The state has the fields of all,
/// "1/h", "1/c", "2/h", ...; layer k draws random numbers in the context's scope "k".
///
/// Errors    ValueError if there are no layers; ShapeError, when it runs, if widths do not fit
class StackedCell final : public Cell {
 public:
  explicit StackedCell(std::vector<CellPtr> layers, StackOptions o = {});
  State step(const Var& x, const State& s, const StepContext& at) const override;
  Var output(const Var& x, const State& s) const override;
  Drops drops() const override;
  CellSizes sizes() const override;  ///< the union over its layers
  const char* name() const override { return "stack"; }
  int field_count() const override { return static_cast<int>(fields_.size()); }
  const Field& field(int k) const override { return fields_[static_cast<std::size_t>(k)]; }
  const char* const* field_names() const override { return name_list_.data(); }

 private:
  State part(const State& s, std::size_t layer) const;
  Var raised(const Var& below, const Var& output, std::size_t layer) const;
  StackOptions o_;
  std::vector<CellPtr> layers_;
  std::vector<int> first_;  // index of each layer's first field, and the total
  std::vector<std::string> scopes_, names_;
  std::vector<const char*> name_list_;
  std::vector<Field> fields_;
};

/// Layers of one registered cell, with parameters in the builder's scopes "1", "2", ...
CellPtr make_stack(const std::string& name_and_options, const Builder&, CellSizes, int layers, StackOptions o = {});

}  // namespace ebb
