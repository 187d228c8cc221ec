#include <fmt/format.h>
#include <sqlite3.h>

#include <ebb/experiments/runs/database.hpp>
#include <ebb/ops/error.hpp>

// The only file that includes SQLite.
namespace ebb::app::runs {
namespace {

constexpr int patience = 30'000;  // ms

// What a condition may do: read columns of the one table, and call functions that only compute.
int only_reads(void* about, int action, const char* first, const char* /*second*/, const char*, const char*) {
  const auto& scope = *static_cast<const Database::ReadOnly*>(about);
  if (action == SQLITE_SELECT || action == SQLITE_FUNCTION) return SQLITE_OK;
  return action == SQLITE_READ && first && first == scope.table() ? SQLITE_OK : SQLITE_DENY;
}

}  // namespace

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
void Statement::Close::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Database::Database(std::string path) : path_(std::move(path)) {
  sqlite3* handle = nullptr;
  const std::string file = path_.empty() ? ":memory:" : path_;
  const int code = sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail();
  sqlite3_busy_timeout(handle, patience);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);  // an unknown "name" is an error, not a text
  use_write_ahead_log();
  run("PRAGMA synchronous=NORMAL");  // an index that a power cut loses is made again, so it need not be flushed
}

// Readers then do not wait for writers. SQLite does not wait for processes that switch at the same moment.
void Database::use_write_ahead_log() {
  constexpr int tries = 200;
  for (int left = tries;; --left) {
    const int code = sqlite3_exec(handle_.get(), "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return;
    if (code != SQLITE_BUSY || left == 0) fail();
    sqlite3_sleep(20);
  }
}

void Database::fail() const {
  const std::string why = handle_ ? sqlite3_errmsg(handle_.get()) : "not enough memory";
  const std::string what = path_.empty() ? why : fmt::format("'{}': {}", path_, why);
  const int code = handle_ ? sqlite3_errcode(handle_.get()) : SQLITE_NOMEM;
  if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT) throw DamagedDatabase(what);
  throw FileError(what);
}

void Database::run(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

Database::ReadOnly::ReadOnly(Database& database, std::string table) : database_(database), table_(std::move(table)) {
  sqlite3_set_authorizer(database_.handle_.get(), only_reads, this);
}
Database::ReadOnly::~ReadOnly() { sqlite3_set_authorizer(database_.handle_.get(), nullptr, nullptr); }

// "Immediate": two processes that both read before they write would otherwise lock each other out.
Database::Transaction::Transaction(Database& database) : database_(database) { database_.run("BEGIN IMMEDIATE"); }
Database::Transaction::~Transaction() {
  if (open_) sqlite3_exec(database_.handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}
void Database::Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

Statement::Statement(Database& database, const std::string& sql) : database_(database) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(database_.handle_.get(), sql.c_str(), static_cast<int>(sql.size()), &statement, nullptr);
  statement_.reset(statement);
  if (code == SQLITE_ERROR || code == SQLITE_AUTH) throw ValueError(sqlite3_errmsg(database_.handle_.get()));
  if (code != SQLITE_OK) database_.fail();
}

void Statement::bind(int parameter, const Value& value) {
  sqlite3_stmt* const s = statement_.get();
  const int at = parameter + 1;
  int code = SQLITE_OK;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) code = sqlite3_bind_int64(s, at, *whole);
  else if (const auto* number = std::get_if<double>(&value)) code = sqlite3_bind_double(s, at, *number);
  else if (const auto* text = std::get_if<std::string>(&value))
    code = sqlite3_bind_text64(s, at, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  else code = sqlite3_bind_null(s, at);
  if (code != SQLITE_OK) database_.fail();
}

void Statement::clear() { sqlite3_clear_bindings(statement_.get()); }

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  if (code == SQLITE_ERROR) throw ValueError(sqlite3_errmsg(database_.handle_.get()));  // such as an overflow
  database_.fail();
}

void Statement::run() {
  while (step()) {}
  sqlite3_reset(statement_.get());
}

std::int64_t Statement::whole(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string Statement::text(int column) const {
  const auto* const bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))) : "";
}

Value Statement::value(int column) const {
  switch (sqlite3_column_type(statement_.get(), column)) {
    case SQLITE_INTEGER: return whole(column);
    case SQLITE_FLOAT: return sqlite3_column_double(statement_.get(), column);
    case SQLITE_NULL: return {};
    default: return text(column);
  }
}

int Statement::columns() const { return sqlite3_column_count(statement_.get()); }
std::string Statement::name(int column) const { return sqlite3_column_name(statement_.get(), column); }

std::string sql_name(const std::string& name) {
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace ebb::app::runs
