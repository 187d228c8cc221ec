#pragma once
#include <cstdint>
#include <ebb/ops/error.hpp>
#include <memory>
#include <string>
#include <variant>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace ebb::app::runs {

/// A value of a run: none, a whole number, a number, or a text.
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

class Database;

/// A prepared statement of SQL. Parameters and columns are counted from 0.
class Statement {
 public:
  /// Errors    ValueError with SQLite's message if the SQL is wrong
  Statement(Database&, const std::string& sql);
  void bind(int parameter, const Value&);
  void clear();  ///< all parameters are none
  bool step();   ///< to the next row; false after the last one
  void run();    ///< to the end, and ready for other parameters
  std::int64_t whole(int column) const;
  std::string text(int column) const;
  Value value(int column) const;
  int columns() const;
  std::string name(int column) const;

 private:
  struct Close {
    void operator()(sqlite3_stmt*) const;
  };
  Database& database_;
  std::unique_ptr<sqlite3_stmt, Close> statement_;
};

/// A file is not a database, or is damaged.
struct DamagedDatabase final : Error {
  using Error::Error;
};

/// A database of SQLite in a file, or in memory if the path is empty. Several processes may use one file: a statement
/// waits up to 30 seconds for another that writes.
///
/// Errors    FileError naming the file: it cannot be written, the disk is full, ...; DamagedDatabase
class Database {
 public:
  explicit Database(std::string path);
  const std::string& path() const { return path_; }
  void run(const std::string& sql);  ///< statements without results

  /// While it exists, statements that are prepared can only read the table, and only with SQLite's functions of values.
  class ReadOnly {
   public:
    ReadOnly(Database&, std::string table);
    ~ReadOnly();
    ReadOnly(const ReadOnly&) = delete;
    ReadOnly& operator=(const ReadOnly&) = delete;
    const std::string& table() const { return table_; }

   private:
    Database& database_;
    std::string table_;
  };

  /// Writes of one process that others see together. They are undone unless commit() is called.
  class Transaction {
   public:
    explicit Transaction(Database&);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit();

   private:
    Database& database_;
    bool open_ = true;
  };

 private:
  friend Statement;
  struct Close {
    void operator()(sqlite3*) const;
  };
  [[noreturn]] void fail() const;
  void use_write_ahead_log();
  std::string path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// The name in double quotes, as SQL has it.
std::string sql_name(const std::string&);

}  // namespace ebb::app::runs
