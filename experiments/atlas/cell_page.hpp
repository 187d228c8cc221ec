#pragma once
#include <ebb/experiments/atlas/cell_measures.hpp>
#include <map>

namespace ebb::app::atlas {

/// A cell's row in something that was measured elsewhere: a paper run again, a task's result, a test of length.
struct Comparison {
  std::string source;  ///< Markdown, a link to the page that has it, relative to the folder of the atlas's page
  std::string what, result, beside;  ///< the row; ours; what it is compared with
};
using Comparisons = std::map<std::string, std::vector<Comparison>>;  ///< by cell, without options
using AllMeasures = std::map<std::string, CellMeasures>;             ///< by cell

/// The stored measures; none if the file does not exist yet. Errors: FileError naming the file if it is of another form
AllMeasures read_cells(const std::string& path);
std::string cells_json(const AllMeasures&);

/// cells/NAME.md: equation, measures, figure, comparisons. Its figure is cells/NAME.svg.
std::string cell_page(const CellMeasures&, const std::vector<Comparison>&);
/// The gradient against the lag, beside those of rnn and lstm if they are among all, and the exponents.
std::string cell_svg(const CellMeasures&, const AllMeasures& all);
/// "lstm.md", for a name that may have options.
std::string file_of_cell(const std::string& cell, const char* ending);

/// cells.md: a table of all cells, whose pages are in the folder `cells`.
std::string cells_page(const AllMeasures&, const Comparisons&);

/// The struct's docstring (CellDoc); empty if the program was built without it.
std::string docstring_of(const std::string& cell);

}  // namespace ebb::app::atlas
