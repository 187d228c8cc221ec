#pragma once
#include <ebb/experiments/studies/observe/measure.hpp>
#include <optional>

namespace ebb::app::observe {

/// One measure and its results, by subject.
struct Observation {
  const MeasureEntry* entry;
  std::unique_ptr<const Measure> measure;
  std::vector<std::string> unfit;             ///< why a subject has no result; empty if it has, or may have
  std::vector<std::optional<Values>> values;  ///< empty until it is complete

  bool fits() const;
  std::vector<Observed> observed(const std::vector<Subject>&) const;  ///< those that are complete
  std::string unfit_text(const std::vector<Subject>&) const;          ///< all reasons in one line
};

/// Adds every measure's section, its numbers as CSV and its sentences to page, summary and terminal.
void add_to_page(Job&, const std::vector<Subject>&, const std::vector<Observation>&, const Amount&);

}  // namespace ebb::app::observe
