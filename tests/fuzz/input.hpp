#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ebb/ops/error.hpp>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

/// An in-memory file with these bytes, since readers take a path.
inline std::string file_of(const std::uint8_t* data, std::size_t size) {
  static const int file = ::memfd_create("input", MFD_CLOEXEC);
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  return "/proc/self/fd/" + std::to_string(file);
}

/// Runs a reader; returns whether it accepted the input. Ebb's errors are valid answers to bad input; any other
/// exception ends the program.
template <class F> bool reads(F&& f) {
  try {
    f();
    return true;
  } catch (const ebb::Error&) { return false; }
}

/// Checks a condition that must hold whenever a reader accepts its input.
inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace fuzz
