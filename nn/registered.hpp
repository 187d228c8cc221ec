#pragma once

namespace ebb {

namespace detail {

/// The description of a registered cell, optimiser, ...; the strings are literals.
struct Entry {
  const char* name;
  const char* about;
  const char* file;  ///< of its registration, as the compiler spells it
  const Entry* next = nullptr;
};

/// Whether a macro can use this name in the name of a variable.
constexpr bool is_identifier(const char* name) {
  bool ok = *name != 0 && !(*name >= '0' && *name <= '9');
  for (; *name; ++name) {
    const char c = *name;
    ok = ok && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_');
  }
  return ok;
}

}  // namespace detail

/// Base of the entries of one kind: a static object of such a type, created by a macro like EBB_CELL, is in the kind's
/// list before main begins. Adding it takes constant time and does not allocate, and the list's head is initialised
/// before any constructor runs, so the order in which files are initialised does not matter. `Registry` (registry.hpp)
/// reads the list.
///
///     struct CellEntry : Registered<CellEntry> {
///       static constexpr const char* kind = "cell";            // as messages name it
///       ...
///     };
template <class T> class Registered : public detail::Entry {
 public:
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;

 protected:
  Registered(const char* name, const char* about, const char* file) : Entry{name, about, file, first_} {
    first_ = this;
  }
  ~Registered() = default;

 private:
  template <class> friend struct Registry;
  inline static constinit const detail::Entry* first_ = nullptr;
};

}  // namespace ebb
