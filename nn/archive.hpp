#pragma once
#include <concepts>
#include <cstdint>
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/params.hpp>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace ebb {

class Archive;
namespace detail {
class ArchiveFile;
}

/// Has a `visit(Archive&)`: Params, optimisers, EarlyStopping, AverageWeights, Plateau, or a user's struct.
template <class T>
concept Visitable = requires(T& x, Archive& a) { x.visit(a); };
template <class T>
concept Arithmetic = std::is_arithmetic_v<T> && !std::same_as<T, long double>;

/// Passed to a part's `visit` by `save` and `load` (nn/files/archive.hpp), for writing and reading alike:
///
///     struct Cursor {
///       std::int64_t epoch = 0;
///       std::string file;
///       void visit(Archive& a) { a("epoch", epoch)("file", file); }
///     };
///
/// When reading, members are assigned only after the whole file has been checked, so `visit` must name them without
/// reading their values. Anything derived from them belongs in `then`.
///
/// Errors    ValueError when writing two members with one name
class Archive final {
 public:
  ~Archive();
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;
  bool reading() const;

  template <Arithmetic T> Archive& operator()(const char* name, T& x);
  template <Arithmetic T> Archive& operator()(const char* name, std::vector<T>& list);
  Archive& operator()(const char* name, std::string&);
  Archive& operator()(const char* name, std::vector<std::string>&);
  Archive& operator()(const char* name, Array&);  ///< of any shape and element type, or empty
  Archive& operator()(const char* name, Tokens&);
  Archive& operator()(const char* name, StateArrays&);
  template <Visitable T> Archive& operator()(const char* name, T& part);

  /// The values of every leaf. Errors: FileError when reading if the leaves, their shapes or element types differ
  Archive& leaves(const char* name, const LeafSet&);
  /// Values in the layout of the set's flat buffer, or empty; stored by leaf. Errors: as for `leaves`
  Archive& like(const char* name, const LeafSet&, Array& flat);
  /// A property that must match the file's, such as the optimiser or the architecture. Errors: FileError naming both
  Archive& same(const char* name, const std::string& here);
  /// When reading, called after all members have been assigned; must not throw.
  Archive& then(std::function<void()>);

 private:
  // Values are stored as the widest type of their kind.
  template <class T>
  using Wide = std::conditional_t<std::is_floating_point_v<T>, T,
                                  std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>>;

  explicit Archive(bool reading);
  void give();  // assigns every member, after all have been checked
  void enter(const char* name);
  void leave();
  void later(std::function<void()>);  // deferred until give()
  [[noreturn]] void too_large(const char* name) const;
  template <class W> void put(const char* name, W x);
  template <class W> W get(const char* name);
  template <class W> void put_list(const char* name, const std::vector<W>&);
  template <class W> std::vector<W> get_list(const char* name);
  template <class T> T narrow(const char* name, Wide<T> wide) const;

  struct Impl;
  std::unique_ptr<Impl> impl_;
  friend class detail::ArchiveFile;
};

template <class T> T Archive::narrow(const char* name, Wide<T> wide) const {
  const T x = static_cast<T>(wide);
  if constexpr (std::is_integral_v<T>)
    if (static_cast<Wide<T>>(x) != wide) too_large(name);
  return x;
}

template <Arithmetic T> Archive& Archive::operator()(const char* name, T& x) {
  if (!reading()) {
    put<Wide<T>>(name, x);
  } else {
    const T y = narrow<T>(name, get<Wide<T>>(name));
    later([&x, y] { x = y; });
  }
  return *this;
}

template <Arithmetic T> Archive& Archive::operator()(const char* name, std::vector<T>& list) {
  if (!reading()) {
    put_list(name, std::vector<Wide<T>>(list.begin(), list.end()));
  } else {
    auto fresh = std::make_shared<std::vector<T>>();
    for (const Wide<T> y : get_list<Wide<T>>(name)) fresh->push_back(narrow<T>(name, y));
    later([&list, fresh] { list.swap(*fresh); });
  }
  return *this;
}

template <Visitable T> Archive& Archive::operator()(const char* name, T& part) {
  enter(name);
  part.visit(*this);
  leave();
  return *this;
}

}  // namespace ebb
