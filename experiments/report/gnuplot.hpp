#pragma once
#include <string>

namespace ebb::app {

/// How a figure is put on paper.
struct Paper {
  double width = 3.3, height = 2.3;  ///< inches
  std::string format = "pdf";        ///< pdf, svg or png
  std::string font = "Helvetica";    ///< or what fontconfig has instead
  double font_size = 8;              ///< points
  std::string title{};               ///< above the figure; none if empty
  bool legend = true;
};

/// The program by which gnuplot draws a figure of figures.json to its standard output. Whatever the texts of the figure
/// contain, they are only drawn: they are quoted, and gnuplot's markup is off for them.
///
/// Errors    FileError if the JSON is not a figure of a report
std::string gnuplot_program(const std::string& figure_json, const Paper&);

/// What gnuplot writes when it runs a program.
///
/// Errors    Error with the command that installs gnuplot if there is none, and with its message if it fails
std::string run_gnuplot(const std::string& program);

}  // namespace ebb::app
