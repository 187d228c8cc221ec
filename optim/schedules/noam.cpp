#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/ops/error.hpp>
#include <ebb/optim/schedule_checks.hpp>
#include <ebb/optim/schedule_list.hpp>

namespace ebb {

Schedule noam(int width, std::int64_t warm, double factor) {
  detail::checked("noam", "the factor", factor);
  if (width < 1) throw ValueError(fmt::format("noam: the width must be at least 1, but is {}", width));
  const double rise = std::pow(detail::updates_of("noam", warm), -1.5),
               scale = factor / std::sqrt(static_cast<double>(width));
  return [=](std::int64_t u) {
    const double n = static_cast<double>(u + 1);
    return scale * std::min(1 / std::sqrt(n), n * rise);
  };
}

namespace {
Schedule noam_of(GivenOptions& o, const ScheduleSpan& s) {
  const std::int64_t warm = o.whole("warm", 4000, 1, std::int64_t{1} << 53, "updates of linear warm-up");
  return noam(1, warm, s.lr * std::sqrt(static_cast<double>(warm)));
}
}  // namespace
EBB_SCHEDULE(noam, noam_of, "linear warm-up, then inverse square root decay, Vaswani 2017");

}  // namespace ebb
