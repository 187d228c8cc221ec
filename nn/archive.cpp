#include <fmt/format.h>
#include <charconv>
#include <cmath>
#include <cstring>
#include <ebb/nn/archive.hpp>
#include <ebb/nn/archive_impl.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

namespace {

template <class W> constexpr const char* kind_of() {
  if constexpr (std::is_same_v<W, double>) return "float64";
  else if constexpr (std::is_same_v<W, float>) return "float32";
  else return "integer";
}
template <class W> constexpr const char* stored_type() {
  if constexpr (std::is_same_v<W, double>) return "F64";
  else if constexpr (std::is_same_v<W, float>) return "F32";
  else return std::is_signed_v<W> ? "I64" : "U64";
}

/// The shortest decimal text that reads back exactly; a NaN is written as its bits.
template <class W> std::string text_of(W x) {
  if constexpr (std::is_floating_point_v<W>) {
    if (std::isnan(x)) {
      std::conditional_t<sizeof(W) == 8, std::uint64_t, std::uint32_t> bits;
      std::memcpy(&bits, &x, sizeof x);
      return fmt::format("nan {:x}", bits);
    }
  }
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof digits, x);
  return {digits, end.ptr};
}

template <class W> bool parse(const std::string& text, W& x) {
  const char *begin = text.data(), *end = begin + text.size();
  if constexpr (std::is_floating_point_v<W>) {
    if (text.rfind("nan ", 0) == 0) {
      std::conditional_t<sizeof(W) == 8, std::uint64_t, std::uint32_t> bits = 0;
      const auto r = std::from_chars(begin + 4, end, bits, 16);
      std::memcpy(&x, &bits, sizeof x);
      return r.ec == std::errc() && r.ptr == end && std::isnan(x);
    }
  }
  const auto r = std::from_chars(begin, end, x);
  return r.ec == std::errc() && r.ptr == end;
}

}  // namespace

Archive::Archive(bool reading) : impl_(new Impl) { impl_->reading = reading; }
Archive::~Archive() = default;
bool Archive::reading() const { return impl_->reading; }
void Archive::enter(const char* name) { impl_->scope.emplace_back(name); }
void Archive::leave() { impl_->scope.pop_back(); }
void Archive::later(std::function<void()> f) { impl_->changes.push_back(std::move(f)); }
Archive& Archive::then(std::function<void()> f) {
  if (reading()) impl_->last.push_back(std::move(f));
  return *this;
}
void Archive::too_large(const char* name) const { impl_->reject(name, "is out of range for its type here"); }

void Archive::give() {
  impl_->reject_what_is_left();
  for (const auto& change : impl_->changes) change();
  for (const auto& f : impl_->last) f();
}

template <class W> void Archive::put(const char* name, W x) {
  impl_->add_text(name, fmt::format("{} {}", kind_of<W>(), text_of(x)));
}

template <class W> W Archive::get(const char* name) {
  const std::string text = impl_->take_text(name), kind = std::string(kind_of<W>()) + " ";
  W x{};
  if (text.rfind(kind, 0) != 0 || !parse(text.substr(kind.size()), x))
    impl_->reject(name, fmt::format("is '{}', but a value of type {} is expected", text, kind_of<W>()));
  return x;
}

template <class W> void Archive::put_list(const char* name, const std::vector<W>& list) {
  const char* bytes = reinterpret_cast<const char*>(list.data());
  if (list.size() > INT32_MAX) throw ValueError(fmt::format("{}: a list has at most 2^31 values", impl_->full(name)));
  impl_->add_array(name,
                   {stored_type<W>(), {static_cast<int>(list.size())}, {}, {bytes, bytes + list.size() * sizeof(W)}});
}

template <class W> std::vector<W> Archive::get_list(const char* name) {
  const detail::ArchivedArray a = impl_->take_array(name);
  if (a.type != stored_type<W>() || a.shape.size() != 1)
    impl_->reject(
        name, fmt::format("is {} of rank {}, but a list of {} is expected", a.type, a.shape.size(), stored_type<W>()));
  std::vector<W> list(a.bytes.size() / sizeof(W));
  if (!list.empty()) std::memcpy(list.data(), a.bytes.data(), a.bytes.size());
  return list;
}

#define EBB_WIDE(W)                                                       \
  template void Archive::put<W>(const char*, W);                          \
  template W Archive::get<W>(const char*);                                \
  template void Archive::put_list<W>(const char*, const std::vector<W>&); \
  template std::vector<W> Archive::get_list<W>(const char*);
EBB_WIDE(std::int64_t)
EBB_WIDE(std::uint64_t)
EBB_WIDE(double)
EBB_WIDE(float)
#undef EBB_WIDE

}  // namespace ebb
