#pragma once
#include <optional>
#include <string>

namespace ebb::app::papers {

/// When a number of ours agrees with a paper's: the rule of a row.
///
///     "<= 0.01"   ">= 99"   "90 to 100"   "within 0.2"   "within 5 %"
///
/// The last two are distances from the paper's number.
struct Rule {
  std::string text;
  double low, high;      ///< bounds, or distances from the paper's number
  bool around = false;   ///< from the paper's number
  bool percent = false;  ///< of it

  bool holds(double ours, double paper) const;  ///< never for NaN
};

/// Errors    ValueError that lists the forms
Rule rule_of(const std::string& text);

}  // namespace ebb::app::papers
