#pragma once
#include <ebb/experiments/report/palette.hpp>
#include <ebb/experiments/report/report.hpp>

namespace ebb::app {

/// The figure as JSON, as the page, figures.json and `ebb plot` read it, and its numbers as CSV. `id` is its name in
/// the run.
Figure figure_of(const Plot&, const std::string& id, Palette&);
/// Errors    Error if values does not have x.size() * y.size() elements, or x or y does not increase
Figure figure_of(const HeatMap&, const std::string& id);
/// Errors    Error if a row does not have a value for each axis, or there are fewer than two axes
Figure figure_of(const ParallelPlot&, const std::string& id);
/// Its caption, which says what blank cells are, if there are any.
std::string caption_of(const HeatMap&);

/// "norm-of-the-gradient" of "Norm of the gradient": lower-case letters, digits and dashes; "figure" if none remain.
std::string id_of(const std::string& title);

/// Gives heat maps that are to be compared one scale of colours. Where the values of one would fill less than a tenth
/// of it, each keeps its own. The captions say which; nothing for a single map.
void share_scale(std::vector<HeatMap>&);

}  // namespace ebb::app
