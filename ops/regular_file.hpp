#pragma once
#include <cstdint>
#include <string>

namespace ebb::detail {

/// Bytes of the file on the disk. Nothing is opened: opening a pipe would wait for its writer, and a device may never
/// end.
///
/// Errors    FileError, "path: why": not there, a folder, a pipe, a device
std::uint64_t regular_file_size(const std::string& path);

}  // namespace ebb::detail
