#pragma once
#include <string>

namespace ebb::app {

/// The family that fontconfig uses in place of a font that is not installed, as `fc-match` names it. Empty if the font
/// is installed, if its name is one of a kind of fonts (`serif`), or if there is no fc-match, which knows.
///
/// The name may have gnuplot's suffixes, as in `Arial:Bold`.
std::string font_instead_of(const std::string& name);

}  // namespace ebb::app
