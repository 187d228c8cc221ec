#pragma once
#include <ebb/autograd/var.hpp>

namespace ebb {

/// The erased state of a cell: named Vars, in the order in which the cell declares them.
class State {
 public:
  static constexpr int max_fields = 16;

  State() = default;
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
