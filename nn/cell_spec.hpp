#pragma once
#include <deque>
#include <ebb/nn/cell.hpp>
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
  std::int64_t most;                   // numbers, 0: any
  Count holders{1};

  /// Errors    ValueError if one more parameter of this shape is more than there may be
  void admit(const std::string& name, const Shape& shape) const;
};
void drop(ParamsData*) noexcept;

/// A cell that is being built: what its name asked for, and what its constructor declares.
struct CellSpec {
  struct Given {
    std::string name, value;
    bool known = false;
  };
  struct Known {
    std::string name, standard, help;
  };

  int hidden = 0;
  std::vector<Given> given;
  std::vector<Known> known;
  std::vector<std::string> starts;     // "init.Wh", one a parameter
  std::vector<Field> fields;
  std::deque<std::string> text;        // owns the fields' names; a deque, so that they stay where they are
  std::vector<const char*> names;
  CellSpec* request = nullptr;         // make_cell's: told which options the cell has

  /// The value that the user gave, or null; remembers that the cell knows this option.
  const std::string* asked(const char* name, const std::string& standard, const char* help);
  /// The initialiser that the user named for a parameter, "lstm:init.Wh=orthogonal-gates", or null. Every cell takes it.
  const std::string* asked_start(const char* parameter);
  /// "activation=tanh|relu|sigmoid (pointwise function), ..."
  std::string options() const;
  static CellSpec* of(const Builder& b) { return b.cell_; }
};

/// What follows a name: "activation=relu,recurrent=orthogonal". Errors: ValueError
std::vector<CellSpec::Given> parse_options(const std::string& cell, const std::string& text);
/// Errors    ValueError, with the nearest name, if one was given that nobody asked for
void refuse_unknown_options(const CellSpec&, const char* cell);

}  // namespace detail

/// The same builder, telling what it makes to another cell.
Builder detail_builder_for(const Builder&, detail::CellSpec*);

}  // namespace ebb
