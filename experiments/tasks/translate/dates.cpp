#include <fmt/format.h>
#include <array>
#include <chrono>
#include <ebb/experiments/tasks/translate/dates.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>
#include <functional>

namespace ebb::app {
namespace {

namespace chr = std::chrono;

constexpr std::array months{"January", "February", "March",     "April",   "May",      "June",
                            "July",    "August",   "September", "October", "November", "December"};
constexpr std::array weekdays{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

struct Day {
  int year, month, day;
  std::string name;  // of the month
  std::string weekday;
  std::string short_name() const { return name.substr(0, 3); }
  std::string short_weekday() const { return weekday.substr(0, 3); }
  bool clear() const { return day > 12 || day == month; }  // whether it is clear which number is the month
};

std::string lower(std::string s) {
  for (char& c : s)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return s;
}

std::string upper(std::string s) {
  for (char& c : s)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return s;
}

// "1st", "2nd", "3rd", "4th", "11th"
std::string ordinal(int day) {
  const int last = day / 10 == 1 ? 0 : day % 10;
  return fmt::format("{}{}", day, last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th");
}

using Form = std::string (*)(const Day&);
constexpr Form forms[] = {
    [](const Day& d) { return fmt::format("{}, {} {} {}", d.weekday, d.day, d.name, d.year); },
    [](const Day& d) { return fmt::format("{} {} {}", d.day, d.name, d.year); },
    [](const Day& d) { return fmt::format("{} {}, {}", d.name, d.day, d.year); },
    [](const Day& d) { return fmt::format("{}, {} {}, {}", d.weekday, d.name, d.day, d.year); },
    [](const Day& d) { return fmt::format("the {} of {}, {}", ordinal(d.day), d.name, d.year); },
    [](const Day& d) { return lower(fmt::format("{} {} {}", d.name, ordinal(d.day), d.year)); },
    [](const Day& d) { return fmt::format("{} {} {}", d.day, d.short_name(), d.year); },
    [](const Day& d) { return fmt::format("{} {} {} {}", d.short_weekday(), d.day, d.short_name(), d.year); },
    [](const Day& d) { return upper(fmt::format("{:02}-{}-{}", d.day, d.short_name(), d.year)); },
    [](const Day& d) { return lower(fmt::format("{}, the {} of {} {}", d.weekday, ordinal(d.day), d.name, d.year)); },
    [](const Day& d) {
      return fmt::format("{} {}, {} ({})", d.short_name(), ordinal(d.day), d.year, d.short_weekday());
    },
    [](const Day& d) { return fmt::format("{}/{}/{}", d.year, d.month, d.day); },
    [](const Day& d) { return fmt::format("{:04}{:02}{:02}", d.year, d.month, d.day); },
    [](const Day& d) { return d.clear() ? fmt::format("{}/{}/{}", d.day, d.month, d.year) : ""; },
    [](const Day& d) { return d.clear() ? fmt::format("{:02}/{:02}/{}", d.month, d.day, d.year) : ""; },
};

const chr::sys_days first_day = chr::sys_days{chr::year{1900} / 1 / 1}, past = chr::sys_days{chr::year{2100} / 1 / 1};

// All days, each in the split drawn by its number.
struct Days {
  std::vector<chr::year_month_day> train, valid, test;
  Days() {
    const Key key = Key{1}.named("dates").named("split");
    for (chr::sys_days day = first_day; day < past; day += chr::days{1}) {
      const int drawn = key.below(20, static_cast<std::uint64_t>((day - first_day).count()));
      (drawn == 0 ? valid : drawn == 1 ? test : train).push_back(day);
    }
  }
};

WrittenDate draw(const std::vector<chr::year_month_day>& days, Key key) {
  const chr::year_month_day date = days[static_cast<std::size_t>(key.below(static_cast<int>(days.size()), 0))];
  const int y = int(date.year()), m = static_cast<int>(unsigned(date.month())),
            d = static_cast<int>(unsigned(date.day()));
  std::string written;
  for (std::uint64_t k = 1; written.empty(); ++k) written = written_date(key.below(date_forms(), k), y, m, d);
  return {written, fmt::format("{:04}-{:02}-{:02}", y, m, d)};
}

}  // namespace

int date_forms() { return static_cast<int>(std::size(forms)); }

std::string written_date(int form, int year, int month, int day) {
  if (form < 0 || form >= date_forms())
    throw ValueError(fmt::format("dates: there is no format {}; there are {}", form, date_forms()));
  const chr::year_month_day date{chr::year{year}, chr::month{static_cast<unsigned>(month)},
                                 chr::day{static_cast<unsigned>(day)}};
  if (!date.ok() || year < 1900 || year > 2099)
    throw ValueError(fmt::format("dates: {}-{}-{} is not a date in the years 1900 to 2099", year, month, day));
  const unsigned weekday = chr::weekday{chr::sys_days{date}}.c_encoding();
  return forms[form]({year, month, day, months[static_cast<std::size_t>(month - 1)], weekdays[weekday]});
}

DateSplits written_dates(int train, int valid, int test) {
  if (train < 1 || valid < 1 || test < 1)
    throw ValueError(
        fmt::format("dates: each split needs an example, but {}, {} and {} were requested", train, valid, test));
  const Days days;
  const auto make = [](const std::vector<chr::year_month_day>& of, int count, const char* split) {
    std::vector<WrittenDate> made;
    const Key key = Key{1}.named("dates").named(split);
    for (int k = 0; k < count; ++k) made.push_back(draw(of, key.at(static_cast<std::uint64_t>(k))));
    return made;
  };
  return {make(days.train, train, "train"), make(days.valid, valid, "valid"), make(days.test, test, "test")};
}

}  // namespace ebb::app
