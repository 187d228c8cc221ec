#pragma once
#include <ebb/autograd/var.hpp>

namespace ebb {

/// The erased state of a cell: named Vars, in the order in which the cell declares them.
class State {
 public:
  static constexpr int max_fields = 16;

  State() = default;
  State(const State& o) : names_(o.names_), size_(o.size_) {   // the fields there are, not all sixteen
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
  /// names must outlive the state (they belong to the cell).
  State(const char* const* names, int count) : names_(names), size_(count) {}

  int size() const { return size_; }
  Var& operator[](int k) { return field_[k]; }
  const Var& operator[](int k) const { return field_[k]; }
  Var& operator[](const char* name) { return field_[index(name)]; }
  const Var& operator[](const char* name) const { return field_[index(name)]; }
  const char* name(int k) const { return names_[k]; }
  const char* const* names() const { return names_; }
  int index(const char* name) const;   ///< Errors: ValueError naming the fields there are

 private:
  const char* const* names_ = nullptr;
  int size_ = 0;
  Var field_[max_fields];
};

}  // namespace ebb
