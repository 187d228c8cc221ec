#include <cmath>
#include <cstdlib>
#include <cstring>
#include <ebb/data/audio.hpp>
#include <ebb/data/features.hpp>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "files.hpp"

namespace audio_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

const std::string goldens = std::string(EBB_SOURCE_DIR) + "/tests/goldens/data/";

bool skipped() {
  if (!can_read_wav()) WARN("skipped: built without libsndfile");
  return !can_read_wav();
}

}  // namespace

TEST_CASE("Recordings written by SciPy are read with their samples") {
  if (skipped()) return;
  const std::vector<double> pcm = nlohmann::json::parse(read_all(goldens + "spectra.json"))["pcm"];
  for (const char* name : {"i16.wav", "f32.wav"}) {
    for (const DType t : {f32, f64}) {
      const Audio a = read_wav(goldens + name, t);
      CHECK(a.rate == 8000);
      CHECK(a.samples.dtype() == t);
      REQUIRE(a.samples.shape() == Shape{600, 1});
      for (int i = 0; i < 600; ++i) CHECK(a.samples.at_flat(i) == pcm[static_cast<std::size_t>(i)] / 32768);
    }
  }
  const Audio stereo = read_wav(goldens + "u8_stereo.wav");
  CHECK(stereo.rate == 16000);
  REQUIRE(stereo.samples.shape() == Shape{86, 2});
  for (int i = 0; i < 86; ++i) {
    CHECK(stereo.samples.at({i, 0}) == (3. * i - 128) / 128);
    CHECK(stereo.samples.at({i, 1}) == (127 - 3. * i) / 128);
  }
}

TEST_CASE("A wav file that is truncated anywhere, compressed, or not a wav file is rejected") {
  if (skipped()) return;
  const TempFolder folder;
  const std::string whole = read_all(goldens + "u8_stereo.wav");
  for (std::size_t n = 0; n < whole.size(); ++n)
    REQUIRE_THROWS_AS(read_wav(folder.file("x", whole.substr(0, n))), FileError);
  const auto rejection = [&](const std::string& bytes) {
    const std::string path = folder.file("x", bytes);
    return message_of<FileError>([&] { read_wav(path); });
  };
  CHECK(contains(rejection(whole.substr(0, 100)), "x: is truncated: its data chunk declares 172 bytes but has 56"));
  CHECK(contains(rejection("OggS and so on"), "x: is not a wav file"));
  std::string adpcm = whole;
  adpcm[20] = 17;
  CHECK(contains(rejection(adpcm), "x: "));
  std::string endless = read_all(goldens + "f32.wav");
  endless.replace(endless.size() - 4, 4, std::string("\x00\x00\xc0\x7f", 4));
  CHECK(contains(rejection(endless), "x: sample 599 is not a finite number"));
  CHECK_THROWS_AS(read_wav(folder / "none"), FileError);
  CHECK_THROWS_AS(read_wav(folder.path()), FileError);
}

TEST_CASE("The data chunk determines the number of samples, whatever the file's total length says") {
  if (skipped()) return;
  const TempFolder folder;
  const std::string whole = read_all(goldens + "u8_stereo.wav");
  const auto length = [](std::uint32_t n) {
    std::string s;
    for (int k = 0; k < 4; ++k) s += static_cast<char>(n >> 8 * k & 255);
    return s;
  };
  const auto with = [&](std::string bytes, std::size_t at, const std::string& s) {
    return bytes.replace(at, s.size(), s);
  };
  const auto frames = [&](const std::string& bytes) { return read_wav(folder.file("x", bytes)).samples.dim(0); };
  const std::uint32_t lengths[] = {0, 1, 36, 100, 216, 217, 1'000'000, 0x7ffff024, 0xfffffffe, 0xffffffff};
  for (const std::uint32_t n : lengths) {
    CAPTURE(n);
    CHECK(frames(with(whole, 4, length(n))) == 86);
  }
  // As written to a pipe: the samples extend to the end of the file.
  for (const std::uint32_t n : {0x7ffff000u, 0x7fffffffu, 0xffffffffu}) {
    CHECK(frames(with(with(whole, 4, length(n + 36)), 40, length(n))) == 86);
    CHECK(frames(with(whole, 40, length(n)).substr(0, 144)) == 50);
  }
  // A chunk after the samples, one before them, and an odd number of samples without the byte that should follow.
  CHECK(frames(whole + "LIST" + length(4) + "INFO") == 86);
  CHECK(frames(whole.substr(0, 36) + "LIST" + length(3) + std::string("abc\0", 4) + whole.substr(36)) == 86);
  const std::string mono = with(with(whole, 22, std::string("\1\0", 2)), 32, std::string("\1\0", 2));
  CHECK(frames(with(mono.substr(0, 44 + 51), 40, length(51))) == 51);
  const auto rejection = [&](const std::string& bytes) {
    const std::string path = folder.file("x", bytes);
    return message_of<FileError>([&] { read_wav(path); });
  };
  CHECK(contains(rejection(with(whole, 40, length(100)).substr(0, 54)),
                 "x: is truncated: its data chunk declares 100 bytes but has 10"));
  CHECK(contains(rejection(with(with(whole, 4, length(46)), 40, length(100)).substr(0, 54)),
                 "declares 100 bytes but has 10"));
  CHECK(contains(rejection(whole.substr(0, 36) + "LIST" + length(1000) + "abcd"),
                 "chunk 'LIST' declares 1000 bytes but has 4"));
  CHECK(contains(rejection(whole.substr(0, 36)), "has no data chunk"));
}

TEST_CASE("Without libsndfile a wav file is rejected with the name of the package to install") {
  if (can_read_wav()) return;
  CHECK(contains(message_of<FileError>([] { read_wav(goldens + "i16.wav"); }), "libsndfile1-dev"));
}

TEST_CASE("Recordings of the free spoken digit dataset become sequences of log-mels") {
  if (skipped()) return;
  const char* data = std::getenv("EBB_DATA");
  const std::string folder = std::string(data ? data : "") + "/fsdd";
  if (!data || !std::filesystem::exists(folder)) {
    WARN("skipped: EBB_DATA names no folder with fsdd in it");
    return;
  }
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".wav" || ++files > 200) continue;
    CAPTURE(entry.path().string());
    const Audio a = read_wav(entry.path().string());
    REQUIRE(a.rate == 8000);
    const Array y = log_mel(a.samples.column_block(0, 1), a.rate, {.frames = {.window = 200, .hop = 80, .fft = 256}});
    REQUIRE(y.shape() == Shape{1 + a.samples.dim(0) / 80, 40});
    for (std::int64_t i = 0; i < y.size(); ++i) REQUIRE(std::isfinite(y.at_flat(i)));
  }
  CHECK(files > 0);
}

}  // namespace audio_test
