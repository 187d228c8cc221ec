#include <algorithm>
#include <cmath>
#include <ebb/data/features.hpp>
#include <ebb/experiments/tasks/speech/strings.hpp>
#include <ebb/ops/parallel.hpp>
#include <map>

namespace ebb::app {
namespace {

// The floor is slightly below the noise of the strings, so that digital silence is not out of range.
Array mel_powers(const Array& waveform) {
  return log_mel(waveform, speech_rate,
                 {.frames = {.window = speech_rate / 40, .hop = SpokenStrings::hop, .fft = 256},
                  .mels = SpokenStrings::mels,
                  .low = 50,
                  .floor = 1e-6});
}

constexpr double longest_silence = .25, slowest = .88;  // in seconds; playback speed of a digit

double between(double low, double high, const Key& key, std::uint64_t position) {
  return low + (high - low) * key.uniform(position);
}

std::size_t number(Split s) { return static_cast<std::size_t>(s); }

// Masks `count` bands of up to `widest` rows or columns with zero, which is the mean.
void mask(Array& x, bool columns, int count, int widest, const Key& key) {
  const int T = x.dim(0), F = x.dim(1), n = columns ? F : T;
  float* const at = x.data<float>();
  for (int k = 0; k < count; ++k) {
    const auto position = static_cast<std::uint64_t>(2 * k);
    const int wide = std::min(key.below(widest + 1, position), n), begin = key.below(n - wide + 1, position + 1);
    for (int t = columns ? 0 : begin; t < (columns ? T : begin + wide); ++t)
      for (int f = columns ? begin : 0; f < (columns ? begin + wide : F); ++f) at[t * F + f] = 0;
  }
}

// Missing frames of the last step are zero.
Array stack_frames(const Array& frames) {
  constexpr int n = SpokenStrings::stacked;
  Array steps = Array::zeros({(frames.dim(0) + n - 1) / n, SpokenStrings::width}, f32);
  std::copy(frames.data<float>(), frames.data<float>() + frames.size(), steps.data<float>());
  return steps;
}

}  // namespace

SpokenStrings::SpokenStrings(Recordings r, int valid_strings, int test_strings) : recordings_(std::move(r)) {
  for (const Split split : {Split::train, Split::valid, Split::test}) {
    std::map<std::string, std::vector<int>> speakers;
    std::vector<int> all;
    for (std::size_t k = 0; k < recordings_.all.size(); ++k) {
      const Recording& one = recordings_.all[k];
      if (one.split() != split) continue;
      all.push_back(static_cast<int>(k));
      speakers[one.speaker].push_back(static_cast<int>(k));
      if (split != Split::train)
        (split == Split::valid ? valid_ : test_).push_back({.digits = {{.recording = static_cast<int>(k)}}});
    }
    for (auto& [speaker, own] : speakers) by_split_[number(split)].push_back(std::move(own));
    by_split_[number(split)].push_back(std::move(all));
  }
  const auto add = [&](std::vector<SpokenString>& to, Split split, const Key& key, int count) {
    for (int k = 0; k < count; ++k) {
      const Key own = key.at(static_cast<std::uint64_t>(k));
      to.push_back(drawn(split, own, least_tested + own.below(most_tested - least_tested + 1, 0), .2));
    }
  };
  add(valid_, Split::valid, Key{0}.named("speech valid"), valid_strings);
  add(test_, Split::test, Key{0}.named("speech test"), test_strings);
  measure();
}

// Half of the strings are by one speaker, the others by any speakers.
SpokenString SpokenStrings::drawn(Split split, Key key, int count, double longest_silence) const {
  const auto& speakers = by_split_[number(split)];
  const auto one = static_cast<std::size_t>(key.below(static_cast<int>(speakers.size()) - 1, 1));
  const std::vector<int>& from = key.below(2, 2) == 0 ? speakers[one] : speakers.back();
  const auto silence = [&](std::uint64_t at) {
    return static_cast<int>(key.uniform(at) * longest_silence * speech_rate);
  };
  SpokenString s{.digits = {},
                 .silence = silence(3),
                 .noise = std::exp(between(std::log(1e-4), std::log(1e-3), key, 4)),
                 .key = key};
  for (int k = 0; k < count; ++k) {
    const auto at = static_cast<std::uint64_t>(16 + 8 * k);
    const int which = key.below(static_cast<int>(from.size()), at);
    s.digits.push_back({.recording = from[static_cast<std::size_t>(which)], .silence = silence(at + 1)});
  }
  return s;
}

SpokenString SpokenStrings::training(Key key, int most) const {
  SpokenString s = drawn(Split::train, key, 1 + key.below(most, 0), longest_silence);
  for (std::size_t k = 0; k < s.digits.size(); ++k) {
    const auto at = static_cast<std::uint64_t>(16 + 8 * k);
    s.digits[k].gain = std::exp(between(std::log(.4), std::log(2.5), key, at + 2));
    s.digits[k].speed = between(slowest, 1.14, key, at + 3);
  }
  if (key.below(4, 5) == 0) s.noise = s.silence = s.digits[0].silence = 0;  // as plain as a single recording
  s.masks = true;
  return s;
}

int SpokenStrings::longest(int digits) const {
  double samples = 0;
  for (const Recording& r : recordings_.all) samples = std::max(samples, r.samples.dim(0) / slowest);
  const double silence = longest_silence * speech_rate;
  return static_cast<int>((silence + digits * (samples + silence)) / (hop * stacked)) + 1;
}

const std::vector<SpokenString>& SpokenStrings::items(Split s) const {
  if (s == Split::train) throw ValueError("training strings are drawn at random and not listed");
  return s == Split::valid ? valid_ : test_;
}

const SpokenString& SpokenStrings::item(int number) const {
  const Split split = number < begin(Split::test) ? Split::valid : Split::test;
  return items(split)[static_cast<std::size_t>(number - begin(split))];
}

std::vector<int> SpokenStrings::digits(const SpokenString& s) const {
  std::vector<int> all;
  for (const SpokenDigit& d : s.digits) all.push_back(recordings_.all[static_cast<std::size_t>(d.recording)].digit);
  return all;
}

Array SpokenStrings::waveform(const SpokenString& s) const {
  const auto samples = [&](const SpokenDigit& d) -> const Array& {
    return recordings_.all[static_cast<std::size_t>(d.recording)].samples;
  };
  const auto length = [&](const SpokenDigit& d) { return 1 + static_cast<int>((samples(d).dim(0) - 1) / d.speed); };
  int n = s.silence;
  for (const SpokenDigit& d : s.digits) n += d.silence + length(d);
  Array wave = s.noise > 0 ? normal({n}, s.key.named("noise"), 0, s.noise) : Array::zeros({n}, f32);
  float* to = wave.data<float>();
  for (const SpokenDigit& d : s.digits) {
    const float* const from = samples(d).data<float>();
    const int last = samples(d).dim(0) - 1, own = length(d);
    to += d.silence;
    for (int k = 0; k < own; ++k) {
      const double at = k * d.speed;
      const int i = std::min(static_cast<int>(at), last), j = std::min(i + 1, last);
      to[k] += static_cast<float>(d.gain * (from[i] + (at - i) * (from[j] - from[i])));
    }
    to += own;
  }
  return wave;
}

// Sums by recording, added in order: the same for any number of threads.
void SpokenStrings::measure() {
  const std::vector<int>& all = by_split_[number(Split::train)].back();
  const auto n = static_cast<std::int64_t>(all.size());
  std::vector<std::vector<double>> sums(all.size(), std::vector<double>(2 * mels));
  std::vector<double> frames(all.size()), total(2 * mels);
  parallel_for(n, 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto k = static_cast<std::size_t>(begin); k < static_cast<std::size_t>(end); ++k) {
      const Array y = mel_powers(recordings_.all[static_cast<std::size_t>(all[k])].samples);
      frames[k] = y.dim(0);
      for (int t = 0; t < y.dim(0); ++t)
        for (std::size_t m = 0; m < mels; ++m) {
          const double x = y.data<float>()[static_cast<std::size_t>(t) * mels + m];
          sums[k][m] += x;
          sums[k][mels + m] += x * x;
        }
    }
  });
  double count = 0;
  for (std::size_t k = 0; k < all.size(); ++k) {
    count += frames[k];
    for (std::size_t m = 0; m < 2 * mels; ++m) total[m] += sums[k][m];
  }
  for (std::size_t m = 0; m < mels; ++m) {
    mean_.push_back(total[m] / count);
    deviation_.push_back(std::sqrt(std::max(total[mels + m] / count - mean_[m] * mean_[m], 1e-6)));
  }
}

Array SpokenStrings::scaled(const Array& waveform) const {
  Array y = mel_powers(waveform);
  for (int t = 0; t < y.dim(0); ++t)
    for (std::size_t m = 0; m < mels; ++m) {
      float& x = y.data<float>()[static_cast<std::size_t>(t) * mels + m];
      x = static_cast<float>((x - mean_[m]) / deviation_[m]);
    }
  return y;
}

Array SpokenStrings::features(const Array& waveform) const { return stack_frames(scaled(waveform)); }

Array SpokenStrings::features(const SpokenString& s) const {
  Array y = scaled(waveform(s));
  if (s.masks) {
    mask(y, true, 2, 8, s.key.named("mels"));
    mask(y, false, static_cast<int>(s.digits.size()), 6, s.key.named("frames"));
  }
  return stack_frames(y);
}

}  // namespace ebb::app
