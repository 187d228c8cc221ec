#include <cmath>
#include <ebb/optim/schedule_checks.hpp>
#include <ebb/optim/schedule_list.hpp>

namespace ebb {

Schedule exponential_decay(double lr, double factor) {
  detail::checked("exponential_decay", "the rate", lr);
  detail::checked("exponential_decay", "the factor", factor);
  return [=](std::int64_t u) { return lr * std::pow(factor, static_cast<double>(u)); };
}

namespace {
Schedule exponential_of(GivenOptions& o, const ScheduleSpan& s) {
  return exponential_decay(s.lr, o.number("factor", .999, "factor of the rate per update"));
}
}  // namespace
EBB_SCHEDULE(exponential, exponential_of, "falls by a factor per update");

}  // namespace ebb
