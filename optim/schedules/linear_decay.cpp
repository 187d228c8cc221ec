#include <algorithm>
#include <ebb/optim/schedule_checks.hpp>
#include <ebb/optim/schedule_list.hpp>

namespace ebb {

Schedule linear_decay(double lr, std::int64_t updates, double least) {
  detail::checked("linear_decay", "the rate", lr);
  detail::checked("linear_decay", "the minimum rate", least);
  const double n = detail::updates_of("linear_decay", updates);
  return [=](std::int64_t u) { return lr + (least - lr) * std::min(1., static_cast<double>(u) / n); };
}

namespace {
Schedule linear_of(GivenOptions& o, const ScheduleSpan& s) {
  return linear_decay(s.lr, s.updates, o.number("least", 0, "the final rate"));
}
}  // namespace
EBB_SCHEDULE(linear, linear_of, "falls linearly");

}  // namespace ebb
