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
struct ShapeError final : Error {
  using Error::Error;
};  ///< shapes do not fit
struct TapeError : Error {
  using Error::Error;
};  ///< a Var outlived its tape, an order was not declared, ...
struct ValueError : Error {
  using Error::Error;
};  ///< a number or name that cannot be
struct FileError final : Error {
  using Error::Error;
};  ///< a file is missing, torn, or not what it says

struct EmptyVarError final : TapeError {
  using TapeError::TapeError;
};  ///< a Var that names no value was used
struct EmptyArrayError final : ValueError {
  using ValueError::ValueError;
};  ///< an Array that holds no numbers was used

}  // namespace ebb
