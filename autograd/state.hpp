#pragma once
#include <ebb/autograd/var.hpp>
#include <type_traits>

namespace ebb {

/// A field's name, with the line of the request.
struct FieldName {
  const char* name;
  std::source_location where;
  template <class T>
    requires std::is_convertible_v<T, const char*>  // a template, so that s[0] is not taken for a null pointer
  FieldName(const T& n, std::source_location w = std::source_location::current()) : name(n), where(w) {}
};

/// The type-erased state of a cell: named Vars, in the order of their declaration.
///
/// Errors    ValueError for an index or name without a field, with the caller's line
class State {
 public:
  static constexpr int max_fields = 16;

  State() = default;
  State(const State& o) : names_(o.names_), size_(o.size_) {  // only the fields in use, not all sixteen
    for (int k = 0; k < size_; ++k) field_[k] = o.field_[k];
  }
  State(State&& o) noexcept : names_(o.names_), size_(o.size_) {
    for (int k = 0; k < size_; ++k) field_[k] = static_cast<Var&&>(o.field_[k]);
  }
  State& operator=(const State& o) { return *this = State(o); }
  State& operator=(State&& o) noexcept {
    for (int k = 0; k < size_ || k < o.size_; ++k) field_[k] = static_cast<Var&&>(o.field_[k]);
    names_ = o.names_;
    size_ = o.size_;
    return *this;
  }
  /// `names` must outlive the state (they belong to the cell).
  State(const char* const* names, int count) : names_(names), size_(count) {}

  int size() const { return size_; }
  Var& operator[](Index k) { return field_[checked(k)]; }
  const Var& operator[](Index k) const { return field_[checked(k)]; }
  Var& operator[](FieldName name) { return field_[index(name)]; }
  const Var& operator[](FieldName name) const { return field_[index(name)]; }
  const char* name(int k) const { return names_[k]; }
  const char* const* names() const { return names_; }
  int index(FieldName name) const;

 private:
  int checked(const Index& k) const {
    if (k.number < 0 || k.number >= size_) reject(k);
    return k.number;
  }
  [[noreturn]] void reject(const Index&) const;
  const char* const* names_ = nullptr;
  int size_ = 0;
  Var field_[max_fields];
};

}  // namespace ebb
