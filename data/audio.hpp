#pragma once
#include <ebb/ops/array.hpp>
#include <string>

namespace ebb {

struct Audio {
  Array samples;  ///< [N, channels], from -1 to 1 where the file has whole numbers
  int rate = 0;   ///< samples a second
};

/// Whether this build reads wav files: libsndfile was there when Ebb was configured.
bool can_read_wav();

/// A recording from a wav file, of 8 to 32 bits, floating point or a telephone's A-law or mu-law.
///
/// Shapes    samples [N, channels]; one channel of them is samples.column_block(c, c + 1)
/// Errors    FileError: not such a file, fewer samples than its data chunk says, another encoding, no samples, one that
///           is not finite; or that Ebb was built without libsndfile
Audio read_wav(const std::string& path, DType = f32);

}  // namespace ebb
