#pragma once
#include <cstring>
#include <ebb/data/audio.hpp>
#include <ebb/experiments/tasks/speech/strings.hpp>
#include <string>

#include "catch.hpp"
#include "train_quick.hpp"

/// A wav file of 32 bit floating point, which holds samples exactly as they are.
inline std::string wav(const ebb::Array& samples, int rate = ebb::app::speech_rate, int channels = 1) {
  const std::string data(static_cast<const char*>(samples.raw()), samples.bytes());
  const auto number = [](std::size_t x, int bytes) {
    std::string little_endian;
    for (int k = 0; k < bytes; ++k) little_endian += static_cast<char>(x >> (8 * k) & 255U);
    return little_endian;
  };
  const auto hertz = static_cast<std::size_t>(rate), frame = 4 * static_cast<std::size_t>(channels);
  const std::string format = number(3, 2) + number(frame / 4, 2) + number(hertz, 4) + number(frame * hertz, 4) +
                             number(frame, 2) + number(32, 2);
  return "RIFF" + number(36 + data.size(), 4) + "WAVEfmt " + number(format.size(), 4) + format + "data" +
         number(data.size(), 4) + data;
}

inline ebb::Array tone(int n = 1000) { return ebb::uniform({n}, ebb::Key{3}, -.1, .1); }

/// Warns and returns true where wav files cannot be read.
inline bool no_wav() {
  if (!ebb::can_read_wav()) WARN("skipped: built without libsndfile");
  return !ebb::can_read_wav();
}

/// A model of made-up digits after a short training, with its weights in a file.
struct Taught {
  TempFolder folder;
  std::string weights = folder / "out/weights.safetensors";
  nlohmann::json run;
  explicit Taught(std::vector<std::string> more = {}) : run(train_quick("speech", folder, std::move(more))) {}
};

/// 20 strings for validation and 20 for the test.
inline ebb::app::SpokenStrings made_up() { return {ebb::app::made_up_recordings(), 20, 20}; }

inline bool same_bits(const ebb::Array& a, const ebb::Array& b) {
  return a.shape() == b.shape() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}
