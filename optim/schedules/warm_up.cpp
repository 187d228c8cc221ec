#include <ebb/optim/schedule_checks.hpp>
#include <ebb/optim/schedule_list.hpp>

namespace ebb {

Schedule warm_up(std::int64_t updates, Schedule then) {
  const double n = detail::updates_of("warm_up", updates);
  return [=](std::int64_t u) { return u < updates ? static_cast<double>(u + 1) / n * then(0) : then(u - updates); };
}

namespace {
Schedule warmup_of(GivenOptions&, const ScheduleSpan& s) {
  return warm_up(s.updates, s.then ? s.then : step_decay(s.lr, 1, 1));
}
}  // namespace
EBB_SCHEDULE(warmup, warmup_of, "linear rise to the next schedule's first rate, Goyal 2017");

}  // namespace ebb
