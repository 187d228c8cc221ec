#include <cmath>
#include <ebb/data/csv.hpp>

#include "input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path = fuzz::file_of(data, size);
  const auto read = [&](const ebb::CsvOptions& o) {
    return fuzz::reads([&] {
      const ebb::CsvTable t = ebb::read_csv(path, o);
      fuzz::require(t.values.dim(0) > 0 && t.values.dim(1) == static_cast<int>(t.names.size()));
      for (std::int64_t i = 0; i < t.values.size(); ++i) fuzz::require(std::isfinite(t.values.at_flat(i)));
    });
  };
  const bool strict = read({});
  const bool filled = read({.missing = ebb::Missing::fill});
  fuzz::require(filled || !strict);
  read({.header = false, .delimiter = ';', .missing = ebb::Missing::drop_row, .dtype = ebb::f64});
  const auto unbounded = [&] { ebb::read_csv(path, {.missing = ebb::Missing::fill, .finite = false}); };
  fuzz::require(fuzz::reads(unbounded) || !filled);
  read({.columns = {"a"}, .missing = ebb::Missing::previous});
  return 0;
}
