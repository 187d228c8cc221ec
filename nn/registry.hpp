#pragma once
#include <ebb/nn/nearest.hpp>
#include <ebb/nn/registered.hpp>
#include <string>
#include <vector>

namespace ebb {

namespace detail {

/// The entries of a list sorted by name, without duplicates.
std::vector<const Entry*> sorted_entries(const char* kind, const Entry* first);
const Entry* find_entry(const char* kind, const Entry* first, const std::string& name);
[[noreturn]] void unknown_entry(const char* kind, const Entry* first, const std::string& name);
/// An entry's file relative to the root of its tree; for an absolute path, the last folder and the name.
std::string file_of(const Entry&);

}  // namespace detail

/// All entries registered as a T (registered.hpp), by name. It is in nn, the lowest folder that registers anything, so
/// that nn, optim and experiments share it.
///
/// An entry that occurs twice, because a process contains two copies of a library, counts once.
/// Errors    ValueError if two different entries have one name, naming the files of both
template <class T> struct Registry {
  /// All, sorted by name.
  static std::vector<const T*> list() {
    std::vector<const T*> all;
    for (const detail::Entry* e : detail::sorted_entries(T::kind, T::first_)) all.push_back(static_cast<const T*>(e));
    return all;
  }
  static std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const T* e : list()) all.emplace_back(e->name);
    return all;
  }
  /// Null if there is none.
  static const T* find(const std::string& name) {
    return static_cast<const T*>(detail::find_entry(T::kind, T::first_, name));
  }
  /// Errors    ValueError if the name is unknown, with the nearest and all registered names
  static const T& get(const std::string& name) {
    if (const T* found = find(name)) return *found;
    detail::unknown_entry(T::kind, T::first_, name);
  }
};

}  // namespace ebb
