#pragma once

/// Lightweight, since cells include it.
namespace ebb::detail {

/// Rethrows the current exception; called inside a catch block around the code of a registered cell, task, ... An
/// exception that is not Ebb's becomes an Error "the cell 'mine' threw an exception: MESSAGE", so that commands do not
/// report it as an internal error. Exceptions about memory, files and the system keep their types, which commands
/// report in words of their own.
[[noreturn]] void rethrow_named(const char* kind, const char* name);

/// f(), with its exceptions rethrown in this way.
template <class F> decltype(auto) named_call(const char* kind, const char* name, const F& f) try {
  return f();
} catch (...) { rethrow_named(kind, name); }

}  // namespace ebb::detail
