#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/runs/network.hpp>
#include <ebb/experiments/runs/run_index.hpp>
#include <ebb/ops/error.hpp>
#include <filesystem>
#include <set>

namespace ebb::app::runs {
namespace {

namespace fs = std::filesystem;
constexpr int layout = 3;                   // of the table and of how folders are read: another one is made anew
constexpr std::size_t most_columns = 1500;  // of SQLite's 2000

const std::string& checked_folder(const std::string& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (!fs::exists(status))
    throw FileError(
        fmt::format("there is no folder '{}': commands write runs into runs/ below the current folder "
                    "unless --out names another; --in DIR names the folder to look in",
                    folder));
  if (!fs::is_directory(status)) throw FileError(fmt::format("'{}' is not a folder", folder));
  return folder;
}

// A file that is damaged is only a cache.
Database database_in(const std::string& file) {
  try {
    Database found{file};
    Statement(found, "SELECT count(*) FROM sqlite_master").step();
    return found;
  } catch (const DamagedDatabase&) {
    std::error_code none;
    for (const char* end : {"", "-wal", "-shm"}) fs::remove(file + end, none);
    return Database{file};
  }
}

std::int64_t version_of(Database& database) {
  Statement version{database, "PRAGMA user_version"};
  version.step();
  return version.whole(0);
}

}  // namespace

struct RunIndex::Opened {
  Database database;
  std::string remark;
};

RunIndex::Opened RunIndex::opened(const std::string& folder, const std::string& file) {
  if (!file.empty()) return {database_in(file), {}};
  const std::string again = "every folder is read each time; --index FILE keeps an index on a local disk";
  if (const std::string kind = network_file_system(folder); !kind.empty())
    return {Database{""},
            fmt::format("'{}' is on a network file system ({}), where SQLite's locks cannot be relied on: {}", folder,
                        kind, again)};
  try {
    return {database_in(folder + "/.ebb-runs.sqlite"), {}};
  } catch (const FileError&) {
    return {Database{""}, fmt::format("no index can be written into '{}': {}", folder, again)};
  }
}

RunIndex::RunIndex(std::string folder, const std::string& file)
    : RunIndex(folder, opened(checked_folder(folder), file)) {}

RunIndex::RunIndex(std::string folder, Opened o)
    : folder_(std::move(folder)), remark_(std::move(o.remark)), database_(std::move(o.database)) {
  while (folder_.size() > 1 && folder_.ends_with('/')) folder_.pop_back();
  if (version_of(database_) != layout) make_tables(false);
  read_columns();
}

void RunIndex::make_tables(bool anew) {
  Database::Transaction change{database_};
  if (!anew && version_of(database_) == layout) return;  // another process was faster
  database_.run("DROP TABLE IF EXISTS runs");
  // What refresh() reads of every run comes first: SQLite need not decode the rest of a row.
  std::string sql = "CREATE TABLE runs (run PRIMARY KEY, _stamp, _nested, status";
  for (const Column& c : base_columns())
    if (const std::string name = c.name; name != "run" && name != "status") sql += ", " + sql_name(name);
  database_.run(sql + ")");
  database_.run(fmt::format("PRAGMA user_version = {}", layout));
  change.commit();
}

void RunIndex::read_columns() {
  columns_.clear();
  Statement all{database_, "SELECT name FROM pragma_table_info('runs')"};
  while (all.step())
    if (const std::string name = all.text(0); !name.starts_with("_"))
      columns_.emplace(name, static_cast<int>(columns_.size()));
}

std::vector<std::string> RunIndex::columns() const {
  std::vector<std::string> all;
  for (const Column& c : base_columns()) all.emplace_back(c.name);
  const std::set<std::string> base(all.begin(), all.end());
  for (const auto& [name, position] : columns_)
    if (!base.contains(name)) all.push_back(name);
  return all;
}

std::unordered_map<std::string, RunIndex::Known> RunIndex::known() {
  std::unordered_map<std::string, Known> all;
  Statement rows{database_, "SELECT run, _stamp, _nested, status FROM runs"};
  while (rows.step()) all.emplace(rows.text(0), Known{rows.whole(1), rows.whole(2) != 0, rows.text(3) == "running"});
  return all;
}

void RunIndex::refresh() {
  std::unordered_map<std::string, Known> before = known();
  std::vector<Folder> changed;
  visit_folders(folder_, [&](const Folder& f) {
    const auto at = before.find(f.name);
    const bool known = at != before.end(), same = known && f.stamp != 0 && at->second.stamp == f.stamp;
    if (known) at->second.seen = true;
    if (!same || at->second.open) changed.push_back(f);
    return !same || at->second.nested;
  });
  std::vector<std::string> gone;
  for (const auto& [name, k] : before)
    if (!k.seen) gone.push_back(name);
  store_all(changed, std::move(gone));
}

void RunIndex::store_all(const std::vector<Folder>& changed, std::vector<std::string> gone) {
  struct Read {
    RunRecord run;
    std::int64_t stamp;
    bool nested;
  };
  std::vector<Read> read;
  for (const Folder& f : changed) {  // outside of the transaction, for which others wait
    if (auto run = read_run(folder_of(f.name), f.name))
      read.push_back({std::move(*run), f.stamp, has_folders(folder_of(f.name))});
    else gone.push_back(f.name);  // no longer a run, if it was one
  }
  if (read.empty() && gone.empty()) return;
  Database::Transaction change{database_};
  read_columns();  // another process may have added some
  for (const Read& r : read) add_columns(r.run);
  Statement remove{database_, "DELETE FROM runs WHERE run = ?"};
  for (const std::string& name : gone) {
    remove.bind(0, name);
    remove.run();
  }
  std::vector<const std::string*> in_order(columns_.size());
  for (const auto& [name, position] : columns_) in_order[static_cast<std::size_t>(position)] = &name;
  std::string names = "_stamp, _nested", values = "?, ?";
  for (const std::string* name : in_order) {
    names += ", " + sql_name(*name);
    values += ", ?";
  }
  Statement insert{database_, fmt::format("INSERT OR REPLACE INTO runs ({}) VALUES ({})", names, values)};
  for (const Read& r : read) {
    insert.clear();
    insert.bind(0, r.stamp);
    insert.bind(1, std::int64_t{r.nested ? 1 : 0});
    for (const auto& [name, value] : r.run.values)
      if (const auto at = columns_.find(name); at != columns_.end()) insert.bind(2 + at->second, value);
    insert.run();
  }
  change.commit();
}

void RunIndex::rebuild() {
  make_tables(true);
  read_columns();
  refresh();
}

void RunIndex::reread(const std::string& name) {
  const std::string folder = folder_of(name);
  std::error_code none;
  if (fs::exists(folder, none)) store_all({{name, stamp_of(folder)}}, {});
  else store_all({}, {name});
}

void RunIndex::add_columns(const RunRecord& run) {
  for (const auto& [name, value] : run.values) {
    if (columns_.contains(name) || name.empty() || name.starts_with("_") || columns_.size() >= most_columns) continue;
    database_.run(fmt::format("ALTER TABLE runs ADD COLUMN {}", sql_name(name)));
    columns_.emplace(name, static_cast<int>(columns_.size()));
  }
}

}  // namespace ebb::app::runs
