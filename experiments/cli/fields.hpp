#pragma once
#include <array>
#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace ebb::app {

class Fields;

namespace detail {
// Of the standard library: an unqualified `visit` of these would find that of std::variant.
template <class> inline constexpr bool of_std = false;
template <> inline constexpr bool of_std<std::string> = true;
template <class T> inline constexpr bool of_std<std::vector<T>> = true;
template <class T> inline constexpr bool of_std<std::optional<T>> = true;
template <class T, std::size_t N> inline constexpr bool of_std<std::array<T, N>> = true;
template <class K, class T> inline constexpr bool of_std<std::map<K, T>> = true;
}  // namespace detail

/// Has a member `visit(Fields&)`, or a function `visit(Fields&, T&)` in the namespace of T.
template <class T>
concept HasFields = std::is_class_v<T> && !detail::of_std<T> &&
                    (requires(Fields& f, T& x) { x.visit(f); } || requires(Fields& f, T& x) { visit(f, x); });

/// Writes the members of a struct as JSON, and reads them back to the bit:
///
///     struct Run { int seed; double loss; std::vector<double> curve; };
///     void visit(Fields& f, Run& r) { f("seed", r.seed)("loss", r.loss)("curve", r.curve); }
///     const std::string text = json_of(run);
///     run = from_json<Run>(text, "run.json");
///
/// Members are numbers, bool, enums, std::string, structs with a `visit`, and std::vector, std::array, std::optional
/// (null if empty) or std::map (with names as keys) of these.
///
/// Errors    FileError when reading, naming the file and the member that is missing or has another type
/// Numerics  the shortest decimal that reads back as the same number; what JSON has no number for is a word: "nan",
///           "-nan", "inf", "-inf"
class Fields final {
 public:
  ~Fields();
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;
  bool reading() const;
  template <class T> Fields& operator()(const char* name, T& x) {
    enter(name);
    value(x);
    leave();
    return *this;
  }

 private:
  struct Impl;
  Fields();                                                  // for writing
  Fields(const std::string& json, const std::string& file);  // for reading
  std::string text() const;
  template <class R> friend std::string json_of(const R&);
  template <class R> friend R from_json(const std::string&, const std::string&);

  void enter(const std::string& name);  // a member of the current object
  void leave();
  std::size_t open_list(std::size_t size);  // the number of items, when reading that of the file
  void enter_item(std::size_t);
  std::vector<std::string> open_map();  // the keys, when reading
  bool is_null() const;
  void put_null();
  void flag(bool&);
  void whole(std::int64_t&);
  void natural(std::uint64_t&);
  void number(double&);
  void word(std::string&);
  [[noreturn]] void fail(const std::string& what) const;

  void value(bool& x) { flag(x); }
  void value(double& x) { number(x); }
  void value(std::string& x) { word(x); }
  template <std::integral T> void value(T& x) {
    using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
    auto wide = static_cast<Wide>(x);
    if constexpr (std::is_signed_v<T>) whole(wide);
    else natural(wide);
    x = static_cast<T>(wide);
    if (static_cast<Wide>(x) != wide) fail("is too large");
  }
  template <class T>
    requires std::is_enum_v<T>
  void value(T& x) {
    auto wide = static_cast<std::int64_t>(x);
    whole(wide);
    x = static_cast<T>(wide);
  }
  template <class T> void value(std::optional<T>& x) {
    if (reading()) x = is_null() ? std::nullopt : std::optional<T>(std::in_place);
    if (x) value(*x);
    else if (!reading()) put_null();
  }
  template <class T> void value(std::vector<T>& list) {
    list.resize(open_list(list.size()));
    items(list);
  }
  template <class T, std::size_t N> void value(std::array<T, N>& list) {
    if (open_list(N) != N) fail("has another number of items");
    items(list);
  }
  template <class T> void value(std::map<std::string, T>& map) {
    for (const std::string& key : open_map()) map[key];
    for (auto& [key, x] : map) {
      enter(key);
      value(x);
      leave();
    }
  }
  template <HasFields T> void value(T& x) {
    open_map();  // an object even without members
    if constexpr (requires { x.visit(*this); }) x.visit(*this);
    else visit(*this, x);
  }
  template <class List> void items(List& list) {
    for (std::size_t k = 0; k < list.size(); ++k) {
      enter_item(k);
      value(list[k]);
      leave();
    }
  }

  std::unique_ptr<Impl> impl_;
};

/// One line, without a line break.
template <class R> std::string json_of(const R& result) {
  Fields f;
  f.value(const_cast<R&>(result));  // visit does not modify when writing
  return f.text();
}

/// `file` is named by errors. Errors: FileError as above, or if the text is not JSON
template <class R> R from_json(const std::string& json, const std::string& file) {
  Fields f(json, file);
  R result{};
  f.value(result);
  return result;
}

}  // namespace ebb::app
