#pragma once
#include <ebb/autograd/var.hpp>
#include <string>

/// Source locations of values. Every op receives the line of its caller; a function composed of several ops opens a
/// CallSite (var.hpp), so that they all have the line of the function's caller.
namespace ebb::detail {

/// The line of the outermost CallSite, else `where`.
inline const std::source_location& site_of(const std::source_location& where) {
  const std::source_location* outer = CallSite::current();
  return outer ? *outer : where;
}

/// "my_cell.cpp:31", without the folders.
std::string line_of(const char* path, std::uint32_t line);
/// " (my_cell.cpp:31, time step 7)", with the time of the innermost tape.
std::string place_of(const std::source_location& where);
/// The same for a value on a live tape; else empty.
std::string origin_of(const Var&);

/// Rethrows the current exception with line and time step added to its message. Call inside a catch block.
[[noreturn]] void rethrow_at(const std::source_location& where);

/// f(), with the line added to its exceptions.
template <class F> auto located(const std::source_location& where, const F& f) {
  try {
    return f();
  } catch (...) { rethrow_at(where); }
}
inline Shape shape_of(const At& x) {
  return located(x.where, [&] { return x.var.shape(); });
}

}  // namespace ebb::detail
