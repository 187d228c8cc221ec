#include <algorithm>
#include <ebb/ops/error.hpp>
#include <ebb/ops/rethrow.hpp>
#include <ebb/optim/schedule_list.hpp>
#include <exception>

namespace ebb {

namespace {

constexpr std::int64_t most_updates = std::int64_t{1} << 53;

// Splits at each "+" before a letter, so not within 1e+5.
std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts{""};
  for (std::size_t k = 0; k < text.size(); ++k) {
    const bool ends = text[k] == '+' && (k + 1 == text.size() || text[k + 1] < '0' || text[k + 1] > '9');
    if (ends) parts.emplace_back();
    else parts.back() += text[k];
  }
  return parts;
}

struct SchedulePart {
  const ScheduleEntry* entry;
  GivenOptions given;
  std::int64_t updates;  // 0: not given
};

SchedulePart part_of(const std::string& text) {
  const ScheduleEntry& entry = Registry<ScheduleEntry>::get(name_before_options(text));
  GivenOptions given = GivenOptions::after_name(text, "updates");
  const std::int64_t updates = given.whole("updates", 0, 0, most_updates, "number of updates; 0: the rest of the run");
  return {&entry, std::move(given), updates};
}

Schedule made_of(SchedulePart& part, const ScheduleSpan& span) {
  const char* const name = part.entry->name;
  Schedule schedule = detail::named_call("schedule", name, [&] { return part.entry->make(part.given, span); });
  part.given.reject_unknown();
  return [name, schedule = std::move(schedule)](std::int64_t u) {
    return detail::named_call("schedule", name, [&] { return schedule(u); });
  };
}

}  // namespace

Schedule make_schedule(const std::string& text, double lr, std::int64_t updates) {
  std::vector<SchedulePart> parts;
  for (const std::string& part : parts_of(text)) parts.push_back(part_of(part));
  std::int64_t before = 0;
  for (std::size_t k = 0; k + 1 < parts.size(); ++k) {
    const std::string& name = parts[k].given.owner();
    if (parts[k].updates == 0)
      throw ValueError(name + ": the number of updates is required, since another schedule follows: " + name +
                       ":500+...");
    before += parts[k].updates;
  }
  SchedulePart& last = parts.back();
  Schedule all = made_of(last, {lr, last.updates > 0 ? last.updates : std::max<std::int64_t>(updates - before, 1), {}});
  for (std::size_t k = parts.size() - 1; k-- > 0;) {
    const std::int64_t n = parts[k].updates;
    all = [n, own = made_of(parts[k], {lr, n, all}), then = all](std::int64_t u) {
      return u < n ? own(u) : then(u - n);
    };
  }
  return all;
}

std::vector<OptionInfo> schedule_options(const std::string& name) {
  Registry<ScheduleEntry>::get(name_before_options(name));
  std::exception_ptr first;
  for (const std::int64_t updates : {1000, 1, 1'000'000})
    for (const Schedule& then : {Schedule{}, Schedule{[](std::int64_t) { return 1.; }}}) {
      try {  // a schedule may reject a span; its options do not depend on it
        SchedulePart part = part_of(name);
        made_of(part, {1, updates, then});
        return part.given.known();
      } catch (const std::exception&) {
        if (!first) first = std::current_exception();
      }
    }
  std::rethrow_exception(first);
}

}  // namespace ebb
