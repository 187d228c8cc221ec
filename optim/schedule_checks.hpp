#pragma once
#include <ebb/optim/schedule.hpp>

namespace ebb::detail {

/// Errors    ValueError naming schedule and value unless it is finite and not negative
double checked(const char* schedule, const char* what, double x);
/// Errors    ValueError naming the schedule if the number of updates is below 1
double updates_of(const char* schedule, std::int64_t n);

/// From a to b along half a cosine, as `done` goes from 0 to 1.
double along_cosine(double a, double b, double done);

}  // namespace ebb::detail
