#include <algorithm>
#include <ebb/optim/schedule_checks.hpp>
#include <ebb/optim/schedule_list.hpp>

namespace ebb {

Schedule cosine_decay(double lr, std::int64_t updates, double least) {
  detail::checked("cosine_decay", "the rate", lr);
  detail::checked("cosine_decay", "the minimum rate", least);
  const double n = detail::updates_of("cosine_decay", updates);
  return [=](std::int64_t u) { return detail::along_cosine(lr, least, std::min(1., static_cast<double>(u) / n)); };
}

namespace {
Schedule cosine_of(GivenOptions& o, const ScheduleSpan& s) {
  return cosine_decay(s.lr, s.updates, o.number("least", 0, "the final rate"));
}
}  // namespace
EBB_SCHEDULE(cosine, cosine_of, "falls along half a cosine, Loshchilov & Hutter 2017");

}  // namespace ebb
