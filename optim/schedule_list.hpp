#pragma once
#include <ebb/nn/given_options.hpp>
#include <ebb/nn/registry.hpp>
#include <ebb/optim/schedule.hpp>

namespace ebb {

/// The part of a run that a schedule covers; its updates are counted from the part's first.
struct ScheduleSpan {
  double lr = 1;             ///< the given learning rate, usually the largest
  std::int64_t updates = 1;  ///< number of updates, at least 1
  Schedule then{};           ///< the next schedule, or empty
};

/// A registered schedule: "cosine:least=1e-5". Registered by EBB_SCHEDULE.
struct ScheduleEntry : Registered<ScheduleEntry> {
  static constexpr const char* kind = "schedule";
  using Make = Schedule (*)(GivenOptions&, const ScheduleSpan&);
  ScheduleEntry(const char* n, const char* a, const char* f, Make m) : Registered(n, a, f), make(m) {}
  Make make;
};

/// Creates a schedule with its options, or a sequence of several joined by "+". Each has a number of updates,
/// `updates=N` or just N; without it, the last lasts for the rest of the run.
///
///     make_schedule("warmup:500+cosine:least=1e-5", 1e-3, 20'000)      // 500 up, 19,500 down
///     make_schedule("cosine:5000+cosine", 1e-3, 20'000)                // a restart after 5,000
///
/// Errors    ValueError for an unknown schedule (suggesting the nearest name) or option, a value out of range, or a
///           schedule other than the last without a number of updates
Schedule make_schedule(const std::string& text, double lr, std::int64_t updates);
/// The options of a registered schedule, for whatever spans it accepts.
/// Errors    ValueError for an unknown schedule, or with the reason if it accepts none of the spans tried
std::vector<OptionInfo> schedule_options(const std::string& name);

}  // namespace ebb

/// Registers a schedule, a function of its options and span:
///
///     Schedule halving(GivenOptions& o, const ScheduleSpan& s) {
///       return step_decay(s.lr, .5, o.whole("every", 1000, 1, 1'000'000, "updates from one halving to the next"));
///     }
///     EBB_SCHEDULE(halving, halving, "halves the rate periodically");
///
/// EBB_SCHEDULE_NAMED takes a name with a dash.
#define EBB_SCHEDULE(name, make, about)                                                                \
  static_assert(ebb::detail::is_identifier(#name),                                                     \
                "a name with a dash needs EBB_SCHEDULE_NAMED(my_decay, \"my-decay\", my_decay, ...)"); \
  EBB_SCHEDULE_NAMED(name, #name, make, about)
#define EBB_SCHEDULE_NAMED(id, name, make, about) \
  static const ebb::ScheduleEntry ebb_schedule_##id { name, about, __FILE__, &make }
