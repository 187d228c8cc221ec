#pragma once
#include <ebb/nn/archive.hpp>
#include <map>

/// The state of an Archive between its file (nn/files/archive.cpp) and its parts. Internal to nn.
namespace ebb {

namespace detail {

inline constexpr const char* archived_nothing = "nothing";  ///< stored for an empty array

struct ArchivedArray {
  std::string type;  // as spelt in the file format
  std::vector<int> shape;
  Array values;  // when writing
  std::vector<char> bytes;
  const void* data() const { return values ? values.raw() : bytes.data(); }
  std::size_t size() const { return values ? values.bytes() : bytes.size(); }
};

}  // namespace detail

struct Archive::Impl {
  std::string path;
  bool reading = false;
  std::vector<std::string> scope;  // beginning with the part's index
  std::map<std::string, std::string> texts;
  std::map<std::string, detail::ArchivedArray> arrays;  // when reading, entries are removed from both as they are taken
  std::vector<std::function<void()>> changes, last;

  std::string full(const char* name) const;  ///< "2/memory/rnn/W"
  [[noreturn]] void reject(const char* name, const std::string& why) const;
  [[noreturn]] void reject_full(const std::string& full, const std::string& why) const;
  void reject_what_is_left() const;
  void add_text(const char* name, std::string text);
  std::string take_text(const char* name);
  std::string take_string(const char* name);
  bool take_nothing(const char* name);  ///< true if an empty array is stored there
  void add_array(const char* name, detail::ArchivedArray);
  detail::ArchivedArray take_array(const char* name);
  void add(const char* name, const Array&);
  Array take(const char* name);
  /// With this shape and element type.
  Array take(const char* name, const Shape&, DType);
};

}  // namespace ebb
