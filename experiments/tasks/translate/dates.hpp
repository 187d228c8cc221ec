#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// A date as people write it, and as ISO 8601 has it: "Thursday, 3 March 2016", "2016-03-03".
struct WrittenDate {
  std::string written, iso;
};

struct DateSplits {
  std::vector<WrittenDate> train, valid, test;
};

/// How many ways there are to write a date; those that could be read as another date are left out: no years of two
/// digits, and 4/3/2016 only where one number is no month, or both are the same.
int date_forms();

/// The date of that form, numbered from 0; empty if it could be read as another in it. English names, ASCII.
///
/// Errors    ValueError unless there are such a form and such a date, of the years 1900 to 2099
std::string written_date(int form, int year, int month, int day);

/// Dates of the years 1900 to 2099, each split with days of its own: one day of twenty is for validation, one for the
/// test. The same at every call.
///
/// Errors    ValueError for a count below 1
DateSplits written_dates(int train, int valid, int test);

}  // namespace ebb::app
