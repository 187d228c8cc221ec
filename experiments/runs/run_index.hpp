#pragma once
#include <ebb/experiments/runs/database.hpp>
#include <ebb/experiments/runs/run_record.hpp>
#include <ebb/experiments/runs/scan.hpp>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace ebb::app::runs {

/// Which runs to take, and in which order.
struct Query {
  std::string where{};              ///< a condition over columns (condition.hpp); empty: all
  std::string tag{};                ///< only runs with this tag; empty: all
  std::vector<std::string> sort{};  ///< columns, with - in front for falling order; empty: as they began
};

/// All runs below a folder, in a database of SQLite that is only a cache: refresh() brings it in line with the folders,
/// which are the truth, and it can be removed at any time. Several processes may use it at once. It is
/// DIR/.ebb-runs.sqlite; where SQLite's locks cannot be relied on (network file systems), or nothing can be written, it
/// is in memory.
///
/// Errors    FileError if the folder cannot be read
class RunIndex {
 public:
  /// `file`: where to keep it instead.
  explicit RunIndex(std::string folder, const std::string& file = "");

  /// Reads the folders that changed since, and those of runs that have not ended.
  ///
  /// Cost      four system calls per run that has not changed
  void refresh();
  /// Reads all folders again.
  void rebuild();
  /// Reads one folder again, after a change by this process.
  void reread(const std::string& name);

  /// The runs of a query, with these columns and `run`.
  ///
  /// Errors    ValueError naming an unknown column and the nearest known one, or what is wrong with the condition
  std::vector<RunRecord> select(const Query&, const std::vector<std::string>& columns);
  /// The run of this name, with all columns; of a path outside of the folder, too.
  ///
  /// Errors    ValueError with similar names
  RunRecord run_of(const std::string& name_or_path);
  /// All columns of any run: those of base_columns(), then the others by name.
  std::vector<std::string> columns() const;

  const std::string& folder() const { return folder_; }
  std::string folder_of(const std::string& run) const { return folder_ + "/" + run; }
  /// Why the index is not in a file; empty if it is.
  const std::string& remark() const { return remark_; }
  /// A transaction of the index is a lock, too: other processes wait before they write.
  Database& database() { return database_; }

 private:
  struct Known {
    std::int64_t stamp;
    bool nested, open;  // open: it had not ended
    bool seen = false;
  };
  struct Opened;
  static Opened opened(const std::string& folder, const std::string& file);
  RunIndex(std::string folder, Opened);
  std::unordered_map<std::string, Known> known();
  std::vector<std::string> names();
  bool is_number(const std::string& column);  // all of its values are
  void make_tables(bool anew);
  void read_columns();
  void add_columns(const RunRecord&);
  void store_all(const std::vector<Folder>& changed, std::vector<std::string> gone);
  std::string folder_, remark_;
  Database database_;
  std::map<std::string, int> columns_;  // and their positions among the parameters of an insertion
};

}  // namespace ebb::app::runs
