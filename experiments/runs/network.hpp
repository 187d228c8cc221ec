#pragma once
#include <string>

namespace ebb::app::runs {

/// The kind of network file system that holds a folder ("nfs", "smb", "lustre", ...), where the locks that SQLite needs
/// cannot be relied on; empty for a local one.
std::string network_file_system(const std::string& folder);

}  // namespace ebb::app::runs
