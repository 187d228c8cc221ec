#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// The middle value; of an even number, the mean of the two in the middle. NaN if there is none.
double median_of(std::vector<double>);
/// How often the median the slowest of these updates took, in a sentence, if that is more than twice: then one
/// interruption outweighs the rest of a mean. Empty otherwise, and for fewer than three updates.
std::string slowest_text(const std::vector<double>& seconds);

}  // namespace ebb::app
