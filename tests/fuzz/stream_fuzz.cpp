#include <ebb/data/stream.hpp>

#include "input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path = fuzz::file_of(data, size);
  for (const ebb::Symbols kind : {ebb::Symbols::words, ebb::Symbols::characters, ebb::Symbols::bytes})
    fuzz::reads([&] {
      const auto v = ebb::Vocabulary::from_file(kind, path, {.min_count = 2, .eos = true});
      ebb::TokenStream stream(path, v, {.steps = 2, .rows = 3, .line_ends = kind == ebb::Symbols::words});
      ebb::TokenWindow a, b;
      for (int k = 0; k < 100 && stream.next(a); ++k) {
        const ebb::StreamPosition here = stream.position();
        const bool more = stream.next(b);
        stream.restore(here);
        fuzz::require(stream.next(a) == more);
        for (std::int64_t i = 0; more && i < 6; ++i) fuzz::require(a.next.data()[i] == b.next.data()[i]);
      }
    });
  return 0;
}
