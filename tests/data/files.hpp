#pragma once
#include <zlib.h>

#include <ebb/ops/array.hpp>
#include <ebb/ops/error.hpp>
#include <string>

#include "message_of.hpp"
#include "temp_folder.hpp"

namespace test {

/// Writes a gzip file with these bytes; returns its path.
inline std::string gzipped(const TempFolder& folder, const std::string& name, const std::string& bytes) {
  const gzFile f = gzopen((folder / name).c_str(), "wb");
  gzwrite(f, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(f);
  return folder / name;
}

}  // namespace test
