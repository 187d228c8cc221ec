#pragma once
#include <array>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace ebb::app {

/// A colour, on pages with a white and with a dark background. Lightness varies, so that hues also differ in grey.
struct Hue {
  const char *name, *light, *dark;  ///< "#rrggbb"
};
/// Six hues, which remain distinct for the colour-blind (palette_test computes their distances).
std::span<const Hue> hues();

/// How the lines of one name are drawn.
struct Style {
  int hue = 0;     ///< index into hues()
  int dash = 0;    ///< 0 solid, 1 dash-dot
  int marker = 0;  ///< index into markers()
  bool operator==(const Style&) const = default;
};
/// Shapes of markers, as d3 names them.
std::span<const char* const> markers();
/// Lengths of strokes and gaps; empty for a solid line. `second` is the other kind of line in one style.
std::vector<int> dash_pattern(int dash, bool second);

/// The style of each name in a report. A shipped cell has a fixed style, the same in every report, and those that are
/// usually compared differ in hue. Another cell, or a cell with options, takes a free style, of a colour and dash that
/// the report has least; among those its name decides. The report's run records it. Names that are not cells take the
/// hues that the report has least, in the order in which they come. No two names have the same style while one is free.
class Palette {
 public:
  Style of(const std::string& name);
  /// Gives names that appear together their styles: fixed ones first, so that the others avoid their colours, whatever
  /// the order.
  void add(const std::vector<std::string>& names);
  const Style* find(const std::string& name) const;
  /// The styles that are not fixed, as JSON: {"mycell": {"hue": 4, "dash": 0, "marker": 1}}; {} if there are none.
  std::string recorded() const;
  /// Takes the styles that a run recorded, before any name is used. Names that are fixed or known keep their style;
  /// ignored are styles that a name of another run, or a shipped cell, has already, and entries that are not styles:
  /// the file may have been written by another version.
  void recall(const std::string& json);

 private:
  Style free_style(const std::string& name) const;
  Style next_style() const;
  bool used(const Style&) const;
  std::array<int, 6> uses_of_hues() const;
  std::map<std::string, Style> styles_;
  std::vector<std::string> taken_;  // names of cells with a free style
};

/// The style of a shipped cell; null for other names.
const Style* fixed_style(const std::string& cell);

}  // namespace ebb::app
