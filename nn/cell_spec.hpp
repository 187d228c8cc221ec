#pragma once
#include <deque>
#include <ebb/nn/cell.hpp>
#include <ebb/nn/given_options.hpp>
#include <ebb/nn/params.hpp>
#include <string>
#include <vector>

/// What stands behind Builder and Fields. For nn's own sources; cells never include it.
namespace ebb {

namespace detail {

/// Lives as long as its Params or any Builder.
struct ParamsData {
  LeafSet set;
  std::uint64_t seed;
  std::int64_t most;  // numbers, 0: any
  Count holders{1};

  /// Errors    ValueError if one more parameter of this shape is more than there may be
  void admit(const std::string& name, const Shape& shape) const;
};
void drop(ParamsData*) noexcept;

/// A cell that is being built: what its name asked for, and what its constructor declares.
struct CellSpec {
  int hidden = 0;
  GivenOptions options;
  std::string first_init;  // "init.Wh", of the parameter made first
  std::vector<Field> fields;
  std::deque<std::string> text;  // owns the fields' names; a deque, so that they stay where they are
  std::vector<const char*> names;
  CellSpec* request = nullptr;  // make_cell's: told which options the cell has

  /// The initialiser that the user named for a parameter, "lstm:init.Wh=orthogonal-gates", or null. Every cell takes
  /// it.
  const std::string* asked_init(const char* parameter);
  static CellSpec* of(const Builder& b) { return b.cell_; }
};

/// Errors    ValueError, with the nearest name, if an option was given that nobody asked for
void reject_unknown_options(const CellSpec&);

}  // namespace detail

/// The same builder, telling what it makes to another cell.
Builder detail_builder_for(const Builder&, detail::CellSpec*);

}  // namespace ebb
