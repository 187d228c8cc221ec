#pragma once
#include <ebb/nn/archive.hpp>
#include <map>

/// What an Archive holds between its file (nn/files/archive.cpp) and its parts. For nn's own sources.
namespace ebb {

namespace detail {

inline constexpr const char* archived_nothing = "nothing";  ///< in the place of an empty array

struct ArchivedArray {
  std::string type;  // as the file's format spells it
  std::vector<int> shape;
  Array values;  // when writing; or else
  std::vector<char> bytes;
  const void* data() const { return values ? values.raw() : bytes.data(); }
  std::size_t size() const { return values ? values.bytes() : bytes.size(); }
};

}  // namespace detail

struct Archive::Impl {
  std::string path;
  bool reading = false;
  std::vector<std::string> scope;  // the part's number first
  std::map<std::string, std::string> texts;
  std::map<std::string, detail::ArchivedArray> arrays;  // when reading, both shrink as they are asked for
  std::vector<std::function<void()>> changes, last;

  std::string full(const char* name) const;  ///< "2/memory/rnn/W"
  [[noreturn]] void reject(const char* name, const std::string& why) const;
  [[noreturn]] void reject_full(const std::string& full, const std::string& why) const;
  void reject_what_is_left() const;
  void add_text(const char* name, std::string text);
  std::string take_text(const char* name);
  std::string take_string(const char* name);
  bool take_nothing(const char* name);  ///< true if an empty array stands there
  void add_array(const char* name, detail::ArchivedArray);
  detail::ArchivedArray take_array(const char* name);
  void add(const char* name, const Array&);
  Array take(const char* name);
  /// Of this shape and element type.
  Array take(const char* name, const Shape&, DType);
};

}  // namespace ebb
