#pragma once
#include <cstdint>
#include <string>

namespace ebb::app {

/// The processor's model as the kernel names it; "processor unknown" if it does not.
std::string processor();
std::string host_name();
/// "Linux 6.1.0-18-amd64".
std::string system_name();
int processor_cores();        ///< logical ones
std::int64_t memory_bytes();  ///< physical; 0 if unknown

}  // namespace ebb::app
