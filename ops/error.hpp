#pragma once
#include <stdexcept>
#include <string>

namespace ebb {

/// Base of everything that Ebb throws. The message names what is wrong and where.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
  /// Adds to the message where it happened; the kind of error stays:
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
