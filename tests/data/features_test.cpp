#include <cmath>
#include <ebb/data/features.hpp>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "files.hpp"

namespace features_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

nlohmann::json golden() {
  return nlohmann::json::parse(read_all(std::string(EBB_SOURCE_DIR) + "/tests/goldens/data/spectra.json"));
}

Array samples_of(const nlohmann::json& g, DType t) {
  const std::vector<double> pcm = g["pcm"];
  Array x = Array::empty({static_cast<int>(pcm.size())}, t);
  for (std::size_t i = 0; i < pcm.size(); ++i) x.set_flat(static_cast<std::int64_t>(i), pcm[i] / 32768);
  return x;
}

/// Largest difference relative to the expected array's largest entry; infinite if the shapes differ.
double error_of(const Array& got, const nlohmann::json& wanted) {
  const std::vector<int> shape = wanted["shape"];
  const std::vector<double> values = wanted["values"];
  if (!(got.shape() == Shape(shape.data(), static_cast<int>(shape.size())))) return INFINITY;
  double worst = 0, scale = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double difference = std::abs(got.at_flat(static_cast<std::int64_t>(i)) - values[i]);
    if (!(difference <= worst)) worst = difference;
    scale = std::max(scale, std::abs(values[i]));
  }
  return worst / scale;
}

}  // namespace

TEST_CASE("Spectra, log-mels and cepstral coefficients agree with NumPy, SciPy and torch.stft") {
  const auto g = golden();
  REQUIRE(g["cases"].size() == 2);
  for (const DType t : {f32, f64}) {
    const double tolerance = t == f32 ? 1e-6 : 1e-12;
    const Array x = samples_of(g, t);
    for (const auto& c : g["cases"]) {
      CAPTURE(c["fft"].get<int>());
      const FrameOptions frames{.window = c["window"], .hop = c["hop"], .fft = c["fft"], .centered = c["centered"]};
      const MelOptions mels{.frames = frames, .mels = c["mels"], .low = c["low"], .high = c["high"]};
      const int rate = g["rate"];
      const Spectrum s = stft(x, frames);
      CHECK(s.real.dtype() == t);
      CHECK(error_of(s.real, c["real"]) < tolerance);
      CHECK(error_of(s.imaginary, c["imaginary"]) < tolerance);
      CHECK(error_of(mel_filters(rate, mels, t), c["filters"]) < tolerance);
      CHECK(error_of(log_mel(x, rate, mels), c["log_mel"]) < tolerance);
      CHECK(error_of(mfcc(x.reshape({600, 1}), rate, 8, mels), c["mfcc"]) < tolerance);
    }
  }
}

TEST_CASE("Silence gives the logarithm of the floor, and a tone is loudest at its own frequency") {
  const Array silence = log_mel(Array::zeros({800}, f64), 8000, {.floor = 1e-3});
  for (std::int64_t i = 0; i < silence.size(); ++i) CHECK(silence.at_flat(i) == std::log(1e-3));
  Array tone = Array::empty({4000}, f64);
  for (int n = 0; n < 4000; ++n) tone.set_flat(n, std::sin(2 * 3.14159265358979 * 1000 * n / 8000));
  const Spectrum s = stft(tone, {.window = 256, .hop = 128});
  int best = 0;
  for (int k = 0; k < 129; ++k)
    if (std::hypot(s.real.at({9, k}), s.imaginary.at({9, k})) >
        std::hypot(s.real.at({9, best}), s.imaginary.at({9, best})))
      best = k;
  CHECK(best * 8000 / 256 == 1000);
  CHECK(s.real.shape() == Shape{1 + 4000 / 128, 129});
}

TEST_CASE("Invalid lengths, channels and frequencies are rejected and named") {
  const Array x = Array::zeros({500}, f32);
  CHECK(contains(message_of<ValueError>([&] { stft(Array::zeros({200}, f32)); }),
                 "got 200 samples, more than 200 are required"));
  CHECK(contains(message_of<ValueError>([&] { stft(x, {.window = 501, .centered = false}); }),
                 "got 500 samples, a frame needs 501"));
  CHECK(stft(x, {.window = 500, .centered = false}).real.dim(0) == 1);
  CHECK_THROWS_AS(stft(x, {.window = 100, .fft = 99}), ValueError);
  CHECK_THROWS_AS(stft(x, {.window = 100, .hop = 0}), ValueError);
  CHECK(contains(message_of<ShapeError>([&] { stft(Array::zeros({500, 2}, f32)); }), "samples are [500, 2]"));
  CHECK_THROWS_AS(stft(Array::number(1, f32)), ShapeError);
  CHECK_THROWS_AS(log_mel(x, 8000, {.frames = {.window = 100}, .high = 5000}), ValueError);
  CHECK_THROWS_AS(log_mel(x, 8000, {.frames = {.window = 100}, .low = 4000}), ValueError);
  CHECK_THROWS_AS(log_mel(x, 8000, {.frames = {.window = 100}, .floor = 0}), ValueError);
  CHECK_THROWS_AS(mfcc(x, 8000, 41, {.frames = {.window = 100}}), ValueError);
}

}  // namespace features_test
