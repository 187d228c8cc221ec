#include <ebb/data/npy.hpp>

#include "input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path = fuzz::file_of(data, size);
  fuzz::reads([&] {
    const ebb::NpyArray a = ebb::read_npy(path);
    fuzz::require(bool(a.values) != bool(a.tokens));
    fuzz::require(a.as_array().size() >= 0);
  });
  return 0;
}
