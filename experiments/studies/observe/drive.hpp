#pragma once
#include <ebb/experiments/studies/observe/measure.hpp>
#include <ebb/observe/trajectory.hpp>

namespace ebb::app::observe {

/// The amount of which the task of a subject has data: its sequences may be shorter than --length, or fewer.
/// `prefix` is that of the two options. With --free, the amount itself.
/// Errors    ValueError naming the options if more were chosen, or if the task has no batch of that size
Amount within_data(const Subject&, const Amount&, const std::string& prefix = "");

/// The inputs along which a measure follows a subject: the task's data, or zeros.
Drive drive_of(const Subject&, const Amount&);
/// The states from which the sequences start: the cell's own, with noise; empty for the cell's own.
Array start_of(const Subject&, const Amount&);
/// "4 sequences of 1,000 steps of the test split of chars", or "... with zero inputs"
std::string drive_text(const Subject&, const Amount&);

/// The "driven" notes of the subjects, each once: "4 sequences of 200 steps of the test split of chars".
std::string driven_texts(const std::vector<Observed>&);

/// "-0.0123 ± 0.0004"; without an error that is not known, as that of -∞
std::string estimate_text(double value, double error);

/// A rate in nats per step; 0 if it is no larger than its rounding.
double without_rounding(double rate);

/// The elements in row-major order.
std::vector<double> list_of(const Array&);
/// The name of a subject, in its colour, with the label of its lines.
Entry name_of(const Observed&);
/// A line in the colour of the subject.
Series line_of(const Observed&, std::vector<double> x, std::vector<double> y);

}  // namespace ebb::app::observe
