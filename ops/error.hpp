#pragma once
#include <ebb/ops/printable.hpp>
#include <stdexcept>
#include <string>

namespace ebb {

/// Base class of all exceptions that Ebb throws. The message says what is wrong and where.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
  /// Appends to the message, for instance where the error occurred, and keeps the exception's type:
  ///
  ///     catch (Error& e) { e.with_context(", in file " + name); throw; }
  void with_context(const std::string& where) { message_ = what() + where; }
  const char* what() const noexcept override {
    return message_.empty() ? std::runtime_error::what() : message_.c_str();
  }

 private:
  std::string message_;
};
/// Incompatible shapes.
struct ShapeError final : Error {
  using Error::Error;
};
/// A Var outlived its tape, an order of differentiation was not declared, ...
struct TapeError : Error {
  using Error::Error;
};
/// An invalid value or name.
struct ValueError : Error {
  using Error::Error;
};
/// A file is missing, truncated or malformed. Control characters of the message, which may come from the path or the
/// file, are escaped: each would cut a line or change the terminal.
struct FileError final : Error {
  explicit FileError(const std::string& what) : Error(detail::printable(what)) {}
};
/// An empty Var was used.
struct EmptyVarError final : TapeError {
  using TapeError::TapeError;
};
/// An empty Array was used.
struct EmptyArrayError final : ValueError {
  using ValueError::ValueError;
};

}  // namespace ebb
