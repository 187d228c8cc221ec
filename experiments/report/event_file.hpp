#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ebb::app {

/// A named value, as plotted by TensorBoard.
struct Scalar {
  const char* tag;
  double value;  ///< stored as float32, as the format requires
};

/// Records of a TensorBoard event file: 8 bytes of length, its masked CRC-32C, an Event message in protobuf, its masked
/// CRC-32C, all little-endian. A file begins with `event_file_head`; its name must contain "tfevents".
///
/// Source    tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto,
///           tensorflow/core/lib/io/record_writer.cc
std::string event_file_head(double wall_time);  ///< wall_time in seconds since 1970
std::string scalars_event(double wall_time, std::int64_t step, const std::vector<Scalar>&);
std::string event_record(const std::string& message);  ///< of an Event message

/// A record of a file, for a program that continues it.
struct StoredEvent {
  std::int64_t step = 0;
  bool histograms = false;    ///< it has some
  std::string_view record{};  ///< as in the file
};
/// All whole records, up to the first that is cut off or damaged.
std::vector<StoredEvent> stored_events(std::string_view file);

/// CRC-32 with the polynomial of Castagnoli: crc32c("123456789") is e3069283.
///
/// Source    Castagnoli, Braeuer & Herrmann 1993, doi:10.1109/26.231911; table-driven: Sarwate 1988,
///           doi:10.1145/63030.63037
std::uint32_t crc32c(std::string_view);

}  // namespace ebb::app
