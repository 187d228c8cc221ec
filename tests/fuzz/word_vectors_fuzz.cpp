#include <cmath>
#include <ebb/data/word_vectors.hpp>

#include "input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto words = ebb::Vocabulary::from_text(ebb::Symbols::words, "a b the . 1");
  const std::string path = fuzz::file_of(data, size);
  fuzz::reads([&] {
    const auto v =
        ebb::read_word_vectors(path, words, [](const ebb::Shape& s) { return ebb::Array::zeros(s, ebb::f32); });
    fuzz::require(v.table.dim(0) == words.size() && v.found >= 0 && v.found <= words.size());
  });
  return 0;
}
