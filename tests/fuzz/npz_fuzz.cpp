#include <ebb/data/npy.hpp>

#include "input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path = fuzz::file_of(data, size);
  fuzz::reads([&] {
    for (const auto& [name, a] : ebb::read_npz(path)) fuzz::require(bool(a.values) != bool(a.tokens));
  });
  fuzz::reads([&] { fuzz::require(ebb::read_npz(path, {"a"}).count("a") == 1); });
  return 0;
}
