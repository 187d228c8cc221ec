#include <fmt/format.h>
#include <algorithm>
#include <ebb/ops/error.hpp>
#include <ebb/optim/schedule_checks.hpp>
#include <ebb/optim/schedule_list.hpp>

namespace ebb {

Schedule one_cycle(double largest, std::int64_t updates, OneCycleOptions o) {
  detail::checked("one_cycle", "the largest rate", largest);
  const double n = detail::updates_of("one_cycle", updates);
  if (!(o.rising > 0 && o.rising < 1))
    throw ValueError(fmt::format("one_cycle: rising must be between 0 and 1, but is {}", o.rising));
  for (const double d : {o.start_divisor, o.end_divisor})
    if (!(d >= 1)) throw ValueError(fmt::format("one_cycle: a divisor must be at least 1, but is {}", d));
  const double begin = largest / o.start_divisor, end = begin / o.end_divisor;
  const double top = std::max(o.rising * n - 1, 0.), last = std::max(n - 1, top);
  return [=](std::int64_t update) {
    const double u = std::min(static_cast<double>(update), last);
    if (u < top) return detail::along_cosine(begin, largest, u / top);
    return detail::along_cosine(largest, end, last > top ? (u - top) / (last - top) : 0);
  };
}

namespace {
Schedule one_cycle_of(GivenOptions& given, const ScheduleSpan& s) {
  OneCycleOptions o;
  given("rising", o.rising, "fraction of the updates before the largest rate");
  given("start_divisor", o.start_divisor, "initial rate: the largest divided by this")(
      "end_divisor", o.end_divisor, "final rate: the initial one divided by this");
  return one_cycle(s.lr, s.updates, o);
}
}  // namespace
EBB_SCHEDULE_NAMED(one_cycle, "one-cycle", one_cycle_of, "rises and falls along half cosines, Smith & Topin 2018");

}  // namespace ebb
