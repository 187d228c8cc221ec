#pragma once
#include <ebb/experiments/report/gnuplot.hpp>

/// Parts of the programs for gnuplot. Internal.
namespace ebb::app::gnuplot {

/// In single quotes, where gnuplot interprets nothing but a doubled quote; on one line.
std::string quoted(const std::string& text);
/// Errors    FileError unless it is of the form #rrggbb
std::string colour_word(const std::string& colour);
std::string terminal(const Paper&);
/// The program for parallel axes. Errors: exceptions of the JSON library if it is not such a figure
std::string parallel_program(const std::string& figure_json, const Paper&);

}  // namespace ebb::app::gnuplot
