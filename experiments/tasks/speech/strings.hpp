#pragma once
#include <ebb/experiments/tasks/speech/data.hpp>

namespace ebb::app {

/// One recording within a string of digits, and how it is played.
struct SpokenDigit {
  int recording = 0;  ///< its place among all
  int silence = 0;    ///< samples before it
  double gain = 1, speed = 1;
};

struct SpokenString {
  std::vector<SpokenDigit> digits;
  int silence = 0;     ///< samples after the last one
  double noise = 0;    ///< deviation of the noise that is added
  bool masks = false;  ///< some of its mels and frames are hidden
  Key key{};           ///< of noise and masks
};

/// Strings of recordings, drawn by key, and their features: log-mel powers less their mean, in deviations of what is
/// learned from.
///
///     features: 40 mels of 25 ms every 10 ms; a step holds three frames side by side
///
/// Source    speed: Ko et al. 2015, doi:10.21437/Interspeech.2015-711; masks: Park et al. 2019, arXiv:1904.08779
class SpokenStrings {
 public:
  static constexpr int mels = 40, stacked = 3, width = mels * stacked, hop = speech_rate / 100;
  static constexpr int least_tested = 3, most_tested = 5;  // digits of a string of the valid and test splits
  static constexpr double step_seconds = static_cast<double>(stacked) * hop / speech_rate;

  /// Of the valid and test splits: each recording alone as it is, then so many strings of 3 to 5 of them.
  SpokenStrings(Recordings, int valid_strings, int test_strings);

  const Recordings& recordings() const { return recordings_; }
  /// Of one to `most` digits, played louder or softer, faster or slower, in noise, some of it hidden.
  SpokenString training(Key, int most) const;
  int longest(int digits) const;                        ///< steps that no string of so many digits exceeds
  const std::vector<SpokenString>& items(Split) const;  ///< valid or test
  /// Number `begin + k` is the k-th of a split, so that a number says which split it is from.
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
  std::vector<std::vector<int>> by_split_[3];  // of each speaker, and of all as the last
  std::vector<SpokenString> valid_, test_;
  std::vector<double> mean_, deviation_;
};

}  // namespace ebb::app
