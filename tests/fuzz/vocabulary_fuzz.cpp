#include <ebb/data/vocabulary.hpp>

#include "input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path = fuzz::file_of(data, size);
  fuzz::reads([&] {
    const auto v = ebb::Vocabulary::load(path);
    for (int i = 0; i < v.size(); ++i) fuzz::require(v.find(v[i]) == i);
  });
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const ebb::Symbols kind : {ebb::Symbols::words, ebb::Symbols::characters, ebb::Symbols::bytes})
    fuzz::reads([&] {
      const auto v = ebb::Vocabulary::from_text(kind, text, {.unknown = false});
      const std::string back = v.decode(v.encode(text));
      fuzz::require(kind == ebb::Symbols::words || back == text);
    });
  return 0;
}
