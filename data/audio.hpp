#pragma once
#include <ebb/ops/array.hpp>
#include <string>

namespace ebb {

struct Audio {
  Array samples;  ///< [N, channels], scaled to [-1, 1] if the file has integers
  int rate = 0;   ///< samples per second
};

/// Whether this build reads wav files, that is, whether it was built with libsndfile.
bool can_read_wav();

/// Reads a wav file: integer samples of 8 to 32 bits, floating point, A-law or mu-law.
///
/// Shapes    samples [N, channels]; channel c is samples.column_block(c, c + 1)
/// Errors    FileError for another format or encoding, fewer samples than the data chunk declares, no samples, a sample
///           that is not finite, or if Ebb was built without libsndfile
Audio read_wav(const std::string& path, DType = f32);

}  // namespace ebb
