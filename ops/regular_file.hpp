#pragma once
#include <cstdint>
#include <string>

namespace ebb::detail {

/// Size of the file in bytes. Does not open it: opening a pipe would wait for its writer, and a device may be endless.
///
/// Errors    FileError, "path: reason", if it does not exist or is a folder, a pipe or a device
std::uint64_t regular_file_size(const std::string& path);

}  // namespace ebb::detail
