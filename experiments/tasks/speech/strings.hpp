#pragma once
#include <ebb/experiments/tasks/speech/data.hpp>

namespace ebb::app {

/// One recording in a string of digits, and how it is played.
struct SpokenDigit {
  int recording = 0;  ///< its index among all
  int silence = 0;    ///< samples before it
  double gain = 1, speed = 1;
};

struct SpokenString {
  std::vector<SpokenDigit> digits;
  int silence = 0;     ///< samples after the last one
  double noise = 0;    ///< standard deviation of the added noise
  bool masks = false;  ///< whether some mels and frames are masked
  Key key{};           ///< for noise and masks
};

/// Strings of recordings, drawn by key, and their features: log-mel powers, normalised by the mean and standard
/// deviation of the training split.
///
///     features: 40 mels of 25 ms every 10 ms; a step consists of three frames
///
/// Source    speed: Ko et al. 2015, doi:10.21437/Interspeech.2015-711; masks: Park et al. 2019, arXiv:1904.08779
class SpokenStrings {
 public:
  static constexpr int mels = 40, stacked = 3, width = mels * stacked, hop = speech_rate / 100;
  static constexpr int least_tested = 3, most_tested = 5;  // digits per string in the valid and test splits
  static constexpr double step_seconds = static_cast<double>(stacked) * hop / speech_rate;

  /// For the valid and test splits: each recording alone, unchanged, then the given number of strings of 3 to 5 of
  /// them.
  SpokenStrings(Recordings, int valid_strings, int test_strings);

  const Recordings& recordings() const { return recordings_; }
  /// One to `most` digits with random volume and speed, in noise, partly masked.
  SpokenString training(Key, int most) const;
  int longest(int digits) const;                        ///< maximum number of steps of a string of this many digits
  const std::vector<SpokenString>& items(Split) const;  ///< valid or test
  /// Number `begin + k` is the k-th of a split, so the number identifies the split.
  int begin(Split s) const { return s == Split::test ? static_cast<int>(valid_.size()) : 0; }
  const SpokenString& item(int number) const;

  std::vector<int> digits(const SpokenString&) const;
  Array waveform(const SpokenString&) const;  ///< [N]
  /// Shapes    waveform [N] -> [T, 120]
  Array features(const Array& waveform) const;
  Array features(const SpokenString&) const;  ///< with its masks

 private:
  SpokenString drawn(Split, Key, int count, double longest_silence) const;
  void measure();
  Array scaled(const Array& waveform) const;  // [frames, mels]
  Recordings recordings_;
  std::vector<std::vector<int>> by_split_[3];  // by speaker; the last is all speakers
  std::vector<SpokenString> valid_, test_;
  std::vector<double> mean_, deviation_;
};

}  // namespace ebb::app
