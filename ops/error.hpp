#pragma once
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
/// Shapes that do not fit each other.
struct ShapeError final : Error {
  using Error::Error;
};
/// A Var that outlived its tape, an order of differentiation that was not declared, and the like.
struct TapeError : Error {
  using Error::Error;
};
/// A number or name that is not allowed.
struct ValueError : Error {
  using Error::Error;
};
/// A file that is missing, truncated, or not what it claims to be.
struct FileError final : Error {
  using Error::Error;
};
/// A Var that names no value was used.
struct EmptyVarError final : TapeError {
  using TapeError::TapeError;
};
/// An Array that holds no numbers was used.
struct EmptyArrayError final : ValueError {
  using ValueError::ValueError;
};

}  // namespace ebb
