#pragma once

namespace ebb {

namespace detail {

/// What every registered thing says of itself; the words are literals.
struct Entry {
  const char* name;
  const char* about;
  const char* file;  ///< where it is registered, as the compiler names it
  const Entry* next = nullptr;
};

}  // namespace detail

/// Base of the entries of one kind: a static object of such a type, made by a macro like EBB_CELL, stands in the kind's
/// list from before main on. Linking it in is constant work and allocates nothing, and the head of the list is there
/// before any constructor runs, so that the order in which files are initialised does not matter. `Registry`
/// (registry.hpp) reads the list.
///
///     struct CellEntry : Registered<CellEntry> {
///       static constexpr const char* kind = "cell";            // as messages name one of them, with an s for several
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
