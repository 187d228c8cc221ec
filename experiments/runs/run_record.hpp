#pragma once
#include <ebb/experiments/runs/database.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ebb::app::runs {

/// What the folder of a run records, by column: how it ended, its options, its results. A run of several seeds has the
/// mean of each result over those that have one.
struct RunRecord {
  std::string name;      ///< of the folder below the folder of all runs: "train-20250131-142233", "sweep/trial-7"
  std::string folder{};  ///< its path
  std::map<std::string, Value> values{};
  std::set<std::string> options{};  ///< which of the columns are options; only if it was read from its folder
  /// None if the run has no such column.
  const Value& operator[](const std::string& column) const;
};

/// Columns that every index has, in the order in which they are shown, and what they mean. Options and further results
/// come after them.
struct Column {
  const char *name, *about;
};
const std::vector<Column>& base_columns();

/// Reads a run's folder. A run whose status is "running" although no process holds its folder was killed. A folder with
/// a file that cannot be read as what it is has the status "damaged", and the column `error` names the file.
///
/// Returns   nothing if the folder is not one of a run
std::optional<RunRecord> read_run(const std::string& folder, std::string name);

/// The column for an option or a measure: "checkpoint-every" is checkpoint_every, "word error rate" word_error_rate.
std::string column_name(const std::string&);
std::string text_of(const Value&);                                               ///< all digits; empty for none
std::optional<double> number_of(const Value&);                                   ///< none for a text
std::string json_of(const RunRecord&, const std::vector<std::string>& columns);  ///< an object, without what is none

}  // namespace ebb::app::runs
