#pragma once
#include <string>
#include <vector>

namespace ebb::app {

/// A date in a common format and in ISO 8601: "Thursday, 3 March 2016", "2016-03-03".
struct WrittenDate {
  std::string written, iso;
};

struct DateSplits {
  std::vector<WrittenDate> train, valid, test;
};

/// The number of formats of a date. Ambiguous ones are excluded: no two-digit years, and 4/3/2016 only if one number is
/// not a month, or both are equal.
int date_forms();

/// The date in the given format, numbered from 0; empty if it would be ambiguous. English names, ASCII.
///
/// Errors    ValueError for an unknown format, or a date that is invalid or outside the years 1900 to 2099
std::string written_date(int form, int year, int month, int day);

/// Dates in the years 1900 to 2099, with different days in each split: one day in twenty is for validation, one for the
/// test. The same at every call.
///
/// Errors    ValueError for a count below 1
DateSplits written_dates(int train, int valid, int test);

}  // namespace ebb::app
