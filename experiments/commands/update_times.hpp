#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// The middle value; of an even number, the mean of the two in the middle. NaN if there is none.
double median_of(std::vector<double>);
/// Names the update that was slowest without the profile, and the one that was slowest with it, if it took more than
/// twice the median of that pass: then one interruption outweighs the rest of the pass's mean. Empty if neither did;
/// for fewer than three updates there is no usual time.
std::string slowest_text(const std::vector<double>& plain, const std::vector<double>& profiled);

}  // namespace ebb::app
