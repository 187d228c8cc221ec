#pragma once
#include <stdexcept>
#include <string>

namespace ebb {

/// Base of everything that Ebb throws. The message names what is wrong and where.
struct Error : std::runtime_error { using std::runtime_error::runtime_error; };
struct ShapeError final : Error { using Error::Error; };  ///< shapes do not fit
struct TapeError final : Error { using Error::Error; };   ///< a Var outlived its tape, an order was not declared, ...
struct ValueError final : Error { using Error::Error; };  ///< a number or name that cannot be
struct FileError final : Error { using Error::Error; };   ///< a file is missing, torn, or not what it says

}  // namespace ebb
