#pragma once
#include <ebb/nn/cell.hpp>
#include <ebb/nn/given_options.hpp>
#include <ebb/nn/nearest.hpp>
#include <string>
#include <vector>

namespace ebb {

struct CellInfo {
  std::string name, about, file;
};
/// All registered cells, by name.
std::vector<CellInfo> cell_list();

/// Creates a registered cell; options follow the name: "lmu:order=256", "rnn:activation=relu".
/// Errors    ValueError for an unknown cell (suggesting the nearest name) or option, or a size below 1
CellPtr make_cell(const std::string& name_and_options, const Builder&, CellSizes);

/// These sizes, or if the cell rejects them, others that it accepts, up to a width of 64.
/// Errors    as for make_cell with the given sizes, if the cell accepts none
CellSizes accepted_sizes(const std::string& name_and_options, CellSizes);

/// The options of a registered cell, for whatever widths it accepts.
/// Errors    as for make_cell; ValueError with the reason if it accepts none of the widths tried
std::vector<OptionInfo> cell_options(const std::string& name);

/// A cell that wraps another: dropout, zoneout, ... Forwards everything except step.
class CellWrapper : public Cell {
 public:
  explicit CellWrapper(CellPtr inner) : inner_(static_cast<CellPtr&&>(inner)) {}
  const Cell& inner() const { return *inner_; }
  State step(const Var& x, const State& s, const StepContext& at) const override { return inner_->step(x, s, at); }
  Var output(const Var& x, const State& s) const override { return inner_->output(x, s); }
  Drops drops() const override { return inner_->drops(); }
  CellSizes sizes() const override { return inner_->sizes(); }
  const char* name() const override { return inner_->name(); }
  int field_count() const override { return inner_->field_count(); }
  const Field& field(int k) const override { return inner_->field(k); }
  const char* const* field_names() const override { return inner_->field_names(); }

 private:
  CellPtr inner_;
};

}  // namespace ebb
