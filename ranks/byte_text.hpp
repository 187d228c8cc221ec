#pragma once
#include <cstdint>
#include <cstring>
#include <ebb/ops/error.hpp>
#include <string>
#include <string_view>
#include <type_traits>

namespace ebb::detail {

/// Values one after another, as bytes, for ranks of one program on machines of one kind.
class ByteText {
 public:
  template <class T>
    requires std::is_arithmetic_v<T>
  ByteText& put(T x) {
    return put_bytes(&x, sizeof x);
  }
  ByteText& put(std::string_view s) {
    put(std::uint64_t{s.size()});
    return put_bytes(s.data(), s.size());
  }
  ByteText& put_bytes(const void* data, std::size_t bytes) {
    text_.append(static_cast<const char*>(data), bytes);
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Reads them back, in the same order and types. The text must outlive it.
class ByteTextReader {
 public:
  explicit ByteTextReader(std::string_view text) : rest_(text) {}
  template <class T>
    requires std::is_arithmetic_v<T>
  ByteTextReader& get(T& x) {
    return get_bytes(&x, sizeof x);
  }
  ByteTextReader& get(std::string& s) {
    std::uint64_t size = 0;
    get(size);
    if (size > rest_.size()) throw ValueError("a message from another rank is shorter than expected");
    s.assign(rest_.substr(0, size));
    rest_.remove_prefix(s.size());
    return *this;
  }
  ByteTextReader& get_bytes(void* data, std::size_t bytes) {
    if (bytes > rest_.size()) throw ValueError("a message from another rank is shorter than expected");
    if (bytes == 0) return *this;
    std::memcpy(data, rest_.data(), bytes);
    rest_.remove_prefix(bytes);
    return *this;
  }

 private:
  std::string_view rest_;
};

}  // namespace ebb::detail
