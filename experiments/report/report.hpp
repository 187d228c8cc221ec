#pragma once
#include <cmath>
#include <ebb/experiments/report/palette.hpp>
#include <optional>
#include <string>
#include <vector>

namespace ebb::app {

/// One line of a plot, with a band around it if low and high are given. Values that are not finite leave a gap.
struct Series {
  std::string name{};
  std::vector<double> x{}, y{}, low{}, high{};
  std::string group{};   ///< lines of one group share colour, dash and marker: the cell's name; `name` if empty
  std::string label{};   ///< of one of several lines of its group, such as a seed: written beside it; the line is thin
  bool dashed = false;   ///< another kind of line of its group
  bool dots = false;     ///< only its points, without a line
  bool beads = false;    ///< a line with a small marker at each of its points
  bool thin = false;     ///< one of several runs behind their mean, without an entry in the legend
  bool outside = false;  ///< does not set the range of the axes: a run that diverged
};

struct Plot {
  std::string title{}, x_label{}, y_label{};
  std::string caption{};              ///< explains the plot
  bool log_y = false, log_x = false;  ///< initial scale of the axes; the reader can change it
  std::vector<Series> series{};
  std::vector<Series> marks{};  ///< thin grey lines for comparison, such as the loss of the baseline
  std::string finding{};        ///< a sentence before the plot: what it shows
  std::string id{};             ///< its name for `ebb plot`; made from the title if empty
  bool equal = false;           ///< a unit has the same length along both axes: a plane
  bool whole_bands = false;     ///< the y axis covers the bands, even where they make the lines look flat
};

/// A number for each point of a grid, shown as a colour on a perceptually uniform scale that the colour-blind can read.
struct HeatMap {
  std::string title{}, x_label{}, y_label{};
  std::string value_label{};     ///< of the scale, with its unit
  std::string caption{};         ///< explains the figure
  std::vector<double> x{}, y{};  ///< increasing
  std::vector<double> values{};  ///< [y.size(), x.size()] row by row; those that are not finite leave a gap
  std::string finding{};         ///< a sentence before the figure: what it shows
  bool diverging = false;        ///< values on both sides of zero have two hues that meet there
  std::string id{};              ///< its name for `ebb plot`; made from the title if empty
  double low = NAN, high = NAN;  ///< ends of the scale; the least and the greatest value if not given
};

/// Many rows, each a line across parallel axes: one for each of its values. The last axis gives the lines their
/// colour, on a scale that the colour-blind can read; the best row is drawn thick.
struct ParallelPlot {
  struct Axis {
    std::string name{};
    std::vector<std::string> words{};  ///< of an axis with words, whose values are indices of them
    bool log = false;
  };
  struct Row {
    std::string name{};
    std::vector<double> values{};  ///< by axis; one that is not finite interrupts the line
  };
  std::string title{};
  std::vector<Axis> axes{};
  std::vector<Row> rows{};
  bool low_is_best = true;                 ///< of the last axis
  std::optional<std::size_t> best{};       ///< the row that is drawn thick
  std::string caption{}, finding{}, id{};  ///< as for a Plot
};

/// A plot or heat map as it is written: into the page and figures.json (`json`) and into a file (`csv`).
struct Figure {
  std::string id, title, json, csv;
};

/// One entry of a table: text, or a sparkline of values between low and high.
struct Entry {
  std::string text{};
  std::vector<double> spark{};
  double low = 0, high = 1;
  std::string group{};  ///< in the first column, the group of series whose colour it has; the text if empty
  Entry(const char* words) : text(words) {}
  Entry(std::string words) : text(std::move(words)) {}
  Entry(std::string words, std::string of_group) : text(std::move(words)), group(std::move(of_group)) {}
  Entry(std::vector<double> numbers, double l, double h) : spark(std::move(numbers)), low(l), high(h) {}
};

struct Table {
  std::vector<std::string> head{};
  std::vector<std::vector<Entry>> rows{};
  std::string caption{};
  std::vector<std::vector<Entry>> foot{};  ///< rows below the others to compare them with, such as a baseline
};

/// report.html: text, tables and figures in the order in which they are added, in one file that works offline. Figures
/// are drawn as SVG by d3, which is embedded; drag to zoom, double-click to reset; buttons save them as SVG, PDF, CSV.
class Report {
 public:
  /// kicker: the small line above the title, and the title itself until one is set.
  explicit Report(std::string kicker) : kicker_(std::move(kicker)) {}
  void title(const std::string& text);
  void lead(const std::string& text);   ///< the sentence under the title
  void badge(const std::string& word);  ///< beside the title: QUICK, INTERRUPTED
  void section(const std::string& title, const std::string& text = "");
  void text(const std::string& paragraph);
  void verbatim(const std::string& text);  ///< preformatted text
  void note(const std::string& small);     ///< details in smaller letters
  /// One plot, or several side by side. Neighbours with the same label of the y axis share its range, unless one of
  /// them would fill less than a fifth of it.
  void plots(const std::vector<Plot>& side_by_side);
  /// One heat map, or several side by side, each with its own scale; share_scale gives them a common one.
  ///
  /// Errors    Error if values does not have x.size() * y.size() elements, or x or y does not increase
  void heat_map(const HeatMap& map) { heat_maps({map}); }
  void heat_maps(const std::vector<HeatMap>& side_by_side);
  /// Errors    Error if a row does not have a value for each axis, or there are fewer than two axes
  void parallel_plot(const ParallelPlot&);
  /// A drawing with a title above it and a caption below.
  void picture(const std::string& title, const std::string& svg, const std::string& caption);
  /// Entries of the first column whose text, or group, is that of a group of series get its colour.
  void table(const Table&);
  /// A table that is collapsed until its title is clicked.
  void details(const std::string& title, const Table&);
  std::string html() const;

  const std::vector<Figure>& figures() const { return figures_; }
  std::string figures_json() const;  ///< title and all figures, for `ebb plot`
  Palette& palette() { return palette_; }

 private:
  std::string row_html(const std::vector<Entry>&);
  std::string table_html(const Table&);
  std::string with_swatches(const std::string& body) const;
  std::string free_id(const std::string& id) const;
  void add(const Figure&, const std::string& finding, const std::string& caption);
  std::string kicker_, title_, lead_, badges_, body_, section_;
  std::vector<Figure> figures_;
  std::vector<std::string> row_groups_;  // of the first column's entries; a later figure may give them a style
  Palette palette_;
};

}  // namespace ebb::app
