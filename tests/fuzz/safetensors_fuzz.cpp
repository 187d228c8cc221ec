#include <ebb/nn/files/safetensors.hpp>

#include "input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path = fuzz::file_of(data, size);
  fuzz::reads([&] {
    std::size_t bytes = 0;
    for (const ebb::NamedArray& a : ebb::read_safetensors(path)) bytes += a.values.bytes();
    fuzz::require(bytes < size);
  });
  return 0;
}
