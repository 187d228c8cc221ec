#include <ebb/nn/files/safetensors.hpp>

#include "input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path = fuzz::file_of(data, size);
  fuzz::reads([&] {
    std::size_t bytes = 0;
    for (const ebb::NamedArray& a : ebb::read_safetensors(path)) bytes += a.values.bytes();
    fuzz::require(bytes < size);
  });
  fuzz::reads([&] {
    const auto some = ebb::read_safetensors(path, {"a"});
    fuzz::require(some.size() == 1 && some[0].name == "a" && some[0].values.bytes() < 8 * size);
  });
  fuzz::reads([&] { ebb::read_safetensors_metadata(path); });
  return 0;
}
