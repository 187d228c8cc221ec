#include <ebb/data/idx.hpp>

#include "input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path = fuzz::file_of(data, size);
  const bool images = fuzz::reads([&] {
    const ebb::Array a = ebb::read_idx_images(path, {.scaled = true, .dtype = ebb::f64});
    for (std::int64_t i = 0; i < a.size(); ++i) fuzz::require(a.at_flat(i) >= 0 && a.at_flat(i) <= 1);
  });
  if (fuzz::reads([&] { ebb::read_idx_labels(path); })) fuzz::require(images);
  return 0;
}
