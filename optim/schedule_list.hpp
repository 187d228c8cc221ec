#pragma once
#include <ebb/nn/given_options.hpp>
#include <ebb/nn/registry.hpp>
#include <ebb/optim/schedule.hpp>

namespace ebb {

/// The updates of a run for which one schedule is made, counted from its own first one.
struct ScheduleSpan {
  double lr = 1;             ///< the rate that the user asked for: usually the largest
  std::int64_t updates = 1;  ///< how many, at least 1
  Schedule then{};           ///< what follows, empty if nothing does
};

/// A schedule as commands name it: "cosine:least=1e-5". Registered by EBB_SCHEDULE.
struct ScheduleEntry : Registered<ScheduleEntry> {
  static constexpr const char* kind = "schedule";
  using Make = Schedule (*)(GivenOptions&, const ScheduleSpan&);
  ScheduleEntry(const char* n, const char* a, const char* f, Make m) : Registered(n, a, f), make(m) {}
  Make make;
};

/// A schedule with its options, or several one after another, joined by "+". Each takes `updates=N`, or N alone: for
/// how many it lasts. The last may leave it out, and then lasts for the rest of the run.
///
///     make_schedule("warmup:500+cosine:least=1e-5", 1e-3, 20'000)      // 500 up, 19,500 down
///     make_schedule("cosine:5000+cosine", 1e-3, 20'000)                // a restart after 5,000
///
/// Errors    ValueError for an unknown schedule (with the nearest name) or option, a value out of range, or one that
///           something follows and that does not say for how many updates it lasts
Schedule make_schedule(const std::string& text, double lr, std::int64_t updates);
/// The options that a registered schedule takes. Errors: as make_schedule
std::vector<OptionInfo> schedule_options(const std::string& name);

}  // namespace ebb

/// Registers a schedule, a function of its options and span:
///
///     Schedule halving(GivenOptions& o, const ScheduleSpan& s) {
///       return step_decay(s.lr, .5, o.whole("every", 1000, 1, 1'000'000, "updates from one halving to the next"));
///     }
///     EBB_SCHEDULE(halving, halving, "half the rate again and again");
///
/// Use EBB_SCHEDULE_NAMED for a name with a dash.
#define EBB_SCHEDULE(name, make, about) EBB_SCHEDULE_NAMED(name, #name, make, about)
#define EBB_SCHEDULE_NAMED(id, name, make, about) \
  static const ebb::ScheduleEntry ebb_schedule_##id { name, about, __FILE__, &make }
