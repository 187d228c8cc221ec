#include <cmath>
#include <ebb/data/audio.hpp>

#include "input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path = fuzz::file_of(data, size);
  for (const ebb::DType t : {ebb::f32, ebb::f64})
    fuzz::reads([&] {
      const ebb::Audio a = ebb::read_wav(path, t);
      fuzz::require(a.rate > 0 && a.samples.size() > 0);
      for (std::int64_t i = 0; i < a.samples.size(); ++i) fuzz::require(std::isfinite(a.samples.at_flat(i)));
    });
  return 0;
}
