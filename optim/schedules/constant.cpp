#include <ebb/optim/schedule_list.hpp>

namespace ebb {

namespace {
Schedule constant_of(GivenOptions&, const ScheduleSpan& s) { return step_decay(s.lr, 1, 1); }
}  // namespace
EBB_SCHEDULE(constant, constant_of, "constant rate");

}  // namespace ebb
