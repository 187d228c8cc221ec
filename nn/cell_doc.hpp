#pragma once
#include <ebb/nn/registered.hpp>

namespace ebb {

/// The docstring of a cell's struct: equation, shapes, source. CMake writes these entries from the sources of the cells
/// (cmake/cell_docs.awk), so that a program can show them; a cell without a docstring has none.
///
///     if (const CellDoc* doc = Registry<CellDoc>::find("gru")) std::cout << doc->about;
struct CellDoc : Registered<CellDoc> {
  static constexpr const char* kind = "docstring of a cell";
  CellDoc(const char* name, const char* text, const char* file) : Registered(name, text, file) {}
};

}  // namespace ebb
