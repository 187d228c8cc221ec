#pragma once
#include <ebb/experiments/train/task.hpp>
#include <string>
#include <vector>

namespace ebb::app {

constexpr int speech_rate = 8000;  // samples per second

/// One spoken digit.
struct Recording {
  std::string speaker;
  int digit = 0, index = 0;
  Array samples;  ///< [N], from -1 to 1

  /// Recordings 0 to 4 of a digit and speaker are for testing, 5 to 9 for validation, the others for training.
  Split split() const { return index < 5 ? Split::test : index < 10 ? Split::valid : Split::train; }
  std::string name() const;  ///< "7_theo_12.wav"
};

struct Recordings {
  std::vector<Recording> all;  ///< by digit, speaker and index
  std::string folder, source;  ///< their folder, or "generated"; description of the data
};

/// The folder's files DIGIT_SPEAKER_INDEX.wav, or those of its folders `recordings`, `fsdd` and `fsdd/recordings`;
/// without a folder: EBB_DATA.
///
/// Errors    FileError naming the file or folder: no such files, not a wav file, not one channel at 8,000 samples per
///           second, shorter than a tenth of a second, or no recording of some digit in some split; also if Ebb was
///           built without libsndfile
/// Source    data: Jackson et al., the Free Spoken Digit Dataset, doi:10.5281/zenodo.1342401
Recordings read_recordings(const std::string& folder);

/// A rising or falling tone for each digit, by three speakers of different pitch, with noise.
Recordings made_up_recordings();

/// One channel at 8,000 samples per second, at least a tenth of a second. Errors: FileError naming the difference
Array read_speech(const std::string& path);

}  // namespace ebb::app
