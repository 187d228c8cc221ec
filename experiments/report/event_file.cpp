#include <array>
#include <bit>
#include <cstring>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/report/log_event.hpp>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

static_assert(std::endian::native == std::endian::little, "lengths and checksums are stored little-endian");

namespace ebb::app {
namespace {

// Field numbers, from the .proto files.
namespace event {
enum : protozero::pbf_tag_type { wall_time = 1, step = 2, file_version = 3, summary = 5 };
}
namespace summary {
enum : protozero::pbf_tag_type { value = 1 };
}
namespace value {
enum : protozero::pbf_tag_type { histogram = 5 };
}

constexpr std::array<std::uint32_t, 256> table = [] {
  std::array<std::uint32_t, 256> t{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t r = byte;
    for (int bit = 0; bit < 8; ++bit) r = r >> 1 ^ (r & 1 ? 0x82F63B78u : 0u);  // the polynomial, bits reversed
    t[byte] = r;
  }
  return t;
}();

// The format masks checksums, because a plain checksum stored next to its data would itself be checksummed in nested
// files.
std::uint32_t masked(std::uint32_t sum) { return std::rotr(sum, 15) + 0xA282EAD8u; }

template <class T> std::string bytes_of(T x) {
  std::string bytes(sizeof x, '\0');
  std::memcpy(bytes.data(), &x, sizeof x);
  return bytes;
}

template <class T> T from_bytes(std::string_view bytes) {
  T x;
  std::memcpy(&x, bytes.data(), sizeof x);
  return x;
}

StoredEvent stored(std::string_view message) {
  StoredEvent e;
  protozero::pbf_reader in{message.data(), message.size()};
  while (in.next()) switch (in.tag()) {
      case event::step: e.step = in.get_int64(); break;
      case event::summary:
        for (auto all = in.get_message(); all.next(summary::value);)
          for (auto one = all.get_message(); one.next(); one.skip()) e.histograms |= one.tag() == value::histogram;
        break;
      default: in.skip();
    }
  return e;
}

}  // namespace

std::string event_record(const std::string& message) {
  const std::string length = bytes_of(std::uint64_t{message.size()});
  return length + bytes_of(masked(crc32c(length))) + message + bytes_of(masked(crc32c(message)));
}

std::vector<StoredEvent> stored_events(std::string_view file) {
  constexpr std::size_t head = 12, tail = 4;  // length and its checksum; the checksum of the message
  std::vector<StoredEvent> all;
  while (file.size() >= head + tail) {
    const std::string_view length = file.substr(0, 8);
    const auto size = from_bytes<std::uint64_t>(length);
    if (from_bytes<std::uint32_t>(file.substr(8)) != masked(crc32c(length)) || size > file.size() - head - tail) break;
    const std::string_view message = file.substr(head, size);
    if (from_bytes<std::uint32_t>(file.substr(head + size)) != masked(crc32c(message))) break;
    try {
      all.push_back(stored(message));
    } catch (const protozero::exception&) { break; }
    all.back().record = file.substr(0, head + size + tail);
    file.remove_prefix(head + size + tail);
  }
  return all;
}

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t r = ~0u;
  for (const char c : bytes) r = r >> 8 ^ table[(r ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~r;
}

std::string event_file_head(double wall_time) {
  std::string message;
  protozero::pbf_writer w{message};
  w.add_double(event::wall_time, wall_time);
  w.add_string(event::file_version, "brain.Event:2");
  return event_record(message);
}

std::string scalars_event(double wall_time, std::int64_t step, const std::vector<Scalar>& scalars) {
  LogEvent event(wall_time, step);
  for (const Scalar& s : scalars) event.scalar(s.tag, s.value);
  return event.record();
}

}  // namespace ebb::app
