#pragma once
#include <deque>
#include <ebb/nn/cell.hpp>
#include <ebb/nn/given_options.hpp>
#include <ebb/nn/params.hpp>
#include <string>
#include <vector>

/// The implementation of Builder and Fields. Internal to nn; cells never include it.
namespace ebb {

namespace detail {

/// Shared by a Params and its Builders.
struct ParamsData {
  LeafSet set;
  std::uint64_t seed;
  std::int64_t most;  // maximum number of values, 0: unlimited
  Count holders{1};

  /// Errors    ValueError if another parameter of this shape would exceed the maximum
  void admit(const std::string& name, const Shape& shape) const;
};
void drop(ParamsData*) noexcept;

/// A cell under construction: the options given with its name, and what its constructor declares.
struct CellSpec {
  int hidden = 0;
  GivenOptions options;
  std::string first_init;  // "init.Wh", for the parameter created first
  std::vector<Field> fields;
  std::deque<std::string> text;  // owns the fields' names; a deque, so that their addresses are stable
  std::vector<const char*> names;
  CellSpec* request = nullptr;  // make_cell's; receives the list of the cell's options

  /// The initialiser given for a parameter, "lstm:init.Wh=orthogonal-gates", or null. Every cell supports it.
  const std::string* asked_init(const char* parameter);
  static CellSpec* of(const Builder& b) { return b.cell_; }
};

/// Errors    ValueError, suggesting the nearest name, if a given option does not exist
void reject_unknown_options(const CellSpec&);

/// Whether this is the shape of a field with so many rows, and the expected shape as text: "2 rows of [4]".
bool fits(const Field&, const Shape&, int rows);
std::string wanted_text(const Field&, int rows);

/// Errors    ShapeError naming the caller's line, if the cell was made for another width than the last of x
void check_input(const Cell&, const Var& x, const std::source_location& where);
/// `before` is the state that the step received. A broadcasting state would grow silently.
/// Errors    ShapeError or TapeError, naming the origin of the value, if the state that the step returned does not
///           match the declared fields
void check_step(const Cell&, const State&, int rows, const Var& x, const State& before);
/// cell.output(x, s). Errors: TapeError if it is empty
Var some_output(const Cell&, const Var& x, const State& s);
/// " (mine.cpp:31)", for an error outside the steps.
std::string caller_text(const std::source_location& where);

}  // namespace detail

/// The same builder, reporting what it creates to another cell.
Builder detail_builder_for(const Builder&, detail::CellSpec*);

}  // namespace ebb
