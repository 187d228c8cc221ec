#include <cmath>
#include <ebb/optim/schedule_checks.hpp>
#include <ebb/optim/schedule_list.hpp>

namespace ebb {

Schedule step_decay(double lr, double factor, std::int64_t every) {
  detail::checked("step_decay", "the rate", lr);
  detail::checked("step_decay", "the factor", factor);
  detail::updates_of("step_decay", every);
  return [=](std::int64_t u) { return lr * std::pow(factor, static_cast<double>(u / every)); };
}

namespace {
Schedule step_of(GivenOptions& o, const ScheduleSpan& s) {
  const double factor = o.number("factor", .1, "factor of each step");
  return step_decay(s.lr, factor, o.whole("every", 1000, 1, std::int64_t{1} << 53, "updates between steps"));
}
}  // namespace
EBB_SCHEDULE(step, step_of, "falls by a factor at regular intervals");

}  // namespace ebb
