#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/runs/condition.hpp>
#include <ebb/experiments/runs/run_index.hpp>
#include <ebb/nn/nearest.hpp>
#include <ebb/ops/error.hpp>
#include <filesystem>

namespace ebb::app::runs {
namespace {

namespace fs = std::filesystem;

std::string order_of(const std::vector<std::string>& sort, const std::vector<std::string>& columns) {
  std::string sql;
  for (const std::string& item : sort) {
    const std::string word = item.substr(std::min(item.find_first_not_of(' '), item.size()));
    const bool falling = word.starts_with('-');
    sql += sql_name(known_column(falling ? word.substr(1) : word, columns)) + (falling ? " DESC" : " ASC") +
           " NULLS LAST, ";
  }
  return sql + R"("started" ASC, "run" ASC)";
}

// The path below `root`, by the file system's own names; empty if it is elsewhere.
std::string below(const std::string& path, const std::string& root) {
  std::error_code error;
  const fs::path whole = fs::canonical(path, error), base = error ? fs::path() : fs::canonical(root, error);
  if (error) return {};
  const std::string name = whole.lexically_relative(base).string();
  return name == "." || name.starts_with("..") ? std::string() : name;
}

[[noreturn]] void reject_run(const std::string& word, const std::string& folder,
                             const std::vector<std::string>& names) {
  std::vector<std::string> begin;
  for (const std::string& name : names)
    if (name.starts_with(word)) begin.push_back(name);
  if (begin.size() > 1) {
    const std::size_t n = begin.size();
    begin.resize(std::min<std::size_t>(n, 4));
    throw ValueError(fmt::format("'{}' begins the names of {} runs: {}{}", word, n, fmt::join(begin, ", "),
                                 n > begin.size() ? ", ..." : ""));
  }
  const std::string near = nearest(word, names);
  throw ValueError(fmt::format("there is no run '{}' in '{}'; {}", word, folder,
                               near.empty() ? "`ebb runs list` lists them" : fmt::format("did you mean '{}'?", near)));
}

}  // namespace

std::vector<RunRecord> RunIndex::select(const Query& query, const std::vector<std::string>& wanted) {
  const std::vector<std::string> known = columns();
  std::string sql = R"(SELECT "run")";
  for (const std::string& name : wanted) sql += ", " + sql_name(known_column(name, known));
  sql += " FROM runs WHERE 1";
  if (!query.where.empty())
    sql += " AND (" + condition_sql(query.where, known, [this](const std::string& c) { return is_number(c); }) + ")";
  if (!query.tag.empty()) sql += R"( AND instr(',' || "tags" || ',', ',' || ? || ',') > 0)";
  sql += " ORDER BY " + order_of(query.sort, known);
  std::vector<RunRecord> found;
  try {
    const Database::ReadOnly scope{database_, "runs"};
    Statement rows{database_, sql};
    if (!query.tag.empty()) rows.bind(0, query.tag);
    while (rows.step()) {
      RunRecord run{.name = rows.text(0), .folder = folder_of(rows.text(0))};
      run.values["run"] = run.name;
      for (int k = 1; k < rows.columns(); ++k) {
        Value value = rows.value(k);
        if (!std::holds_alternative<std::monostate>(value)) run.values[rows.name(k)] = std::move(value);
      }
      found.push_back(std::move(run));
    }
  } catch (const ValueError& e) {      // the rest of the statement is ours
    const std::string why = e.what();  // what it names may be ours
    throw ValueError(
        fmt::format("--where \"{}\": {}", query.where, why.starts_with("near \")\"") ? "it is incomplete" : why));
  }
  return found;
}

bool RunIndex::is_number(const std::string& column) {
  const std::string name = sql_name(column);
  Statement texts{database_, fmt::format("SELECT count({0}), sum(typeof({0}) = 'text') FROM runs", name)};
  return texts.step() && texts.whole(0) > 0 && texts.whole(1) == 0;
}

std::vector<std::string> RunIndex::names() {
  std::vector<std::string> all;
  Statement rows{database_, "SELECT run FROM runs ORDER BY run"};
  while (rows.step()) all.push_back(rows.text(0));
  return all;
}

RunRecord RunIndex::run_of(const std::string& word) {
  const std::vector<std::string> all = names();
  const auto has = [&](const std::string& name) { return std::binary_search(all.begin(), all.end(), name); };
  std::string name = word;
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  if (!has(name)) name = below(word, folder_);
  if (!has(name)) {
    std::error_code none;
    if (fs::is_directory(word, none))
      if (auto elsewhere =
              read_run(word, (fs::absolute(word) / "").lexically_normal().parent_path().filename().string()))
        return *elsewhere;
    const auto first = std::lower_bound(all.begin(), all.end(), word);
    const bool one =
        first != all.end() && first->starts_with(word) && (first + 1 == all.end() || !(first + 1)->starts_with(word));
    if (!one) reject_run(word, folder_, all);
    name = *first;
  }
  if (auto run = read_run(folder_of(name), name)) return *run;
  throw ValueError(fmt::format("the folder of the run '{}' was removed", name));
}

}  // namespace ebb::app::runs
