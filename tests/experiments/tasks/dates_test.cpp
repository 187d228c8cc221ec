#include <array>
#include <ctime>
#include <ebb/experiments/tasks/translate/dates.hpp>
#include <ebb/ops/error.hpp>
#include <map>
#include <set>

#include "catch.hpp"

namespace dates_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

// The forms as strftime has them; @ is the day with its ending.
constexpr std::array patterns{"%A, %-d %B %Y", "%-d %B %Y",  "%B %-d, %Y",   "%A, %B %-d, %Y", "the @ of %B, %Y",
                              "%B @ %Y",       "%-d %b %Y",  "%a %-d %b %Y", "%d-%b-%Y",       "%A, the @ of %B %Y",
                              "%b @, %Y (%a)", "%Y/%-m/%-d", "%Y%m%d",       "%-d/%-m/%Y",     "%m/%d/%Y"};
constexpr std::array endings{"st", "nd", "rd", "th", "th", "th", "th", "th", "th", "th", "th",
                             "th", "th", "th", "th", "th", "th", "th", "th", "th", "st", "nd",
                             "rd", "th", "th", "th", "th", "th", "th", "th", "st"};

std::tm calendar(std::time_t seconds) {
  std::tm t{};
  gmtime_r(&seconds, &t);
  return t;
}

std::string by_the_library(int form, const std::tm& t) {
  std::string pattern = patterns[static_cast<std::size_t>(form)];
  if (const auto at = pattern.find('@'); at != std::string::npos)
    pattern.replace(at, 1, std::to_string(t.tm_mday) + endings[static_cast<std::size_t>(t.tm_mday - 1)]);
  char text[80];
  const std::size_t n = std::strftime(text, sizeof text, pattern.c_str(), &t);
  std::string s(text, n);
  for (char& c : s) c = static_cast<char>(form == 5 || form == 9 ? std::tolower(c) : form == 8 ? std::toupper(c) : c);
  return s;
}

std::string iso(const std::tm& t) {
  char text[20];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &t)};
}

constexpr std::time_t day = 86'400, begin = -2'208'988'800,
                      end = 4'102'444'800;  // 1900-01-01, 2100-01-01; from 1970, seconds

}  // namespace

TEST_CASE("each form of a date agrees with the C library and is unambiguous") {
  REQUIRE(date_forms() == static_cast<int>(patterns.size()));
  REQUIRE(iso(calendar(begin)) == "1900-01-01");
  REQUIRE(iso(calendar(end - day)) == "2099-12-31");
  std::map<std::string, std::string> reads;
  int left_out = 0;
  for (std::time_t at = begin; at < end;
       at += at < begin + 800 * day ? day : 13 * day) {  // two whole years, then some days
    const std::tm t = calendar(at);
    for (int form = 0; form < date_forms(); ++form) {
      const std::string written = written_date(form, t.tm_year + 1900, t.tm_mon + 1, t.tm_mday);
      if (written.empty()) {
        ++left_out;
        CHECK((form >= 13 && t.tm_mday <= 12 && t.tm_mday != t.tm_mon + 1));
        continue;
      }
      if (written != by_the_library(form, t)) FAIL(written << " is " << by_the_library(form, t));
      const auto [known, fresh] = reads.emplace(written, iso(t));
      if (!fresh && known->second != iso(t)) FAIL(written << " is " << known->second << " and " << iso(t));
    }
  }
  CHECK(left_out > 1000);
}

TEST_CASE("each synthetic date is one of the C library's forms of its ISO date, and splits share no days") {
  const DateSplits d = written_dates(3000, 200, 300), again = written_dates(3000, 200, 300);
  CHECK(d.train.size() == 3000);
  CHECK(d.valid.size() == 200);
  CHECK(d.test.size() == 300);
  std::map<std::string, int> split_of;
  std::set<int> forms;
  int split = 0;
  for (const auto* each : {&d.train, &d.valid, &d.test}) {
    for (const WrittenDate& w : *each) {
      std::tm t{};
      REQUIRE(strptime(w.iso.c_str(), "%Y-%m-%d", &t) != nullptr);
      t = calendar(timegm(&t));
      int found = -1;
      for (int form = 0; form < date_forms() && found < 0; ++form)
        if (by_the_library(form, t) == w.written) found = form;
      INFO(w.written << " " << w.iso);
      REQUIRE(found >= 0);
      forms.insert(found);
      REQUIRE(split_of.emplace(w.iso, split).first->second == split);
    }
    ++split;
  }
  CHECK(static_cast<int>(forms.size()) == date_forms());
  CHECK(split_of.size() > 3000);  // hardly a day twice
  CHECK(split_of.begin()->first < "1901");
  CHECK(split_of.rbegin()->first > "2099");
  for (std::size_t k = 0; k < d.test.size(); ++k) CHECK(d.test[k].written == again.test[k].written);
}

TEST_CASE("a larger set begins with the smaller one, and invalid dates are rejected") {
  const DateSplits small = written_dates(10, 1, 1), large = written_dates(50, 1, 1);
  for (std::size_t k = 0; k < 10; ++k) CHECK(small.train[k].written == large.train[k].written);
  CHECK_THROWS_WITH(written_dates(1, 0, 1), Contains("each split needs an example, but 1, 0 and 1 were requested"));
  CHECK_THROWS_WITH(written_date(99, 2000, 1, 1), Contains("there is no format 99; there are 15"));
  for (const auto& [y, m, d] :
       {std::tuple{2001, 2, 29}, {1899, 12, 31}, {2100, 1, 1}, {2000, 13, 1}, {2000, 0, 1}, {2000, 4, 31}})
    CHECK_THROWS_WITH(written_date(0, y, m, d), Contains("is not a date in the years 1900 to 2099"));
}

}  // namespace dates_test
