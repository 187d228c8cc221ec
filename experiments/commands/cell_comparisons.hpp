#pragma once
#include <ebb/experiments/atlas/cell_page.hpp>

namespace ebb::app {

/// The rows of every cell in what is stored in this folder: results.json, papers.json and lengths.json. Links are
/// relative to its subfolder `cells`.
///
/// Errors    FileError naming a file of another form
atlas::Comparisons stored_comparisons(const std::string& folder);

}  // namespace ebb::app
