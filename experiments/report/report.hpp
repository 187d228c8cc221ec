#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// One line of a plot, with a band around it if low and high are given. Values that are not finite leave a gap.
struct Series {
  std::string name{};
  std::vector<double> x{}, y{}, low{}, high{};
  std::string group{};  ///< lines of one group share a colour throughout the report; the name if empty
  bool dashed = false;
  bool dots = false;   ///< only its points, without a line
  bool beads = false;  ///< a line with a small dot at each of its points
};

struct Plot {
  std::string title{}, x_label{}, y_label{};
  std::string caption{};              ///< explains the plot
  bool log_y = false, log_x = false;  ///< initial scale of the axes; the reader can change it
  std::vector<Series> series{};
  std::vector<Series> marks{};  ///< thin grey lines for comparison, such as the loss of the baseline
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
};

/// report.html: text, tables and plots in the order in which they are added, in one file that works offline. Plots are
/// drawn by dygraphs, which is embedded; drag to zoom, double-click to reset.
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
  /// One plot, or several side by side. Neighbours with the same label of the y axis share its range.
  void plots(const std::vector<Plot>& side_by_side);
  /// A drawing with a title above it and a caption below.
  void picture(const std::string& title, const std::string& svg, const std::string& caption);
  /// Entries of the first column whose text, or group, is that of a group of series get its colour.
  void table(const Table&);
  /// A table that is collapsed until its title is clicked.
  void details(const std::string& title, const Table&);
  std::string html() const;

 private:
  int colour(const std::string& group);
  std::string table_html(const Table&) const;
  std::string kicker_, title_, lead_, badges_, body_;
  std::vector<std::string> groups_;
};

}  // namespace ebb::app
