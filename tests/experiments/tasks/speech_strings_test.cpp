#include <ebb/data/features.hpp>
#include <ebb/experiments/tasks/speech/batch.hpp>
#include <ebb/experiments/tasks/speech/meter.hpp>
#include <ebb/ops/parallel.hpp>
#include <filesystem>
#include <set>

#include "speech_parts.hpp"

namespace speech_strings_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

// One recording a digit and split.
void write_recordings(const TempFolder& folder) {
  for (int digit = 0; digit < 10; ++digit)
    for (const int index : {4, 5, 10})
      write_all(folder / (std::to_string(digit) + "_anna_" + std::to_string(index) + ".wav"), wav(tone()));
}

std::string why(const std::string& folder) {
  try {
    make_task("speech", {.data = folder});
  } catch (const FileError& e) { return e.what(); }
  return "nothing";
}

}  // namespace

TEST_CASE("a batch of strings is a function of its key, on any number of threads") {
  const auto task = make_task("speech", {.data = "generated"}), other = make_task("speech", {.data = "generated"});
  const BatchRequest request{.length = 4, .rows = 9, .number = 7, .seed = 2};
  const int before = threads();
  set_threads(1);
  const auto one = task->batch(request).get<SpeechBatch>();
  set_threads(3);
  const auto two = other->batch(request).get<SpeechBatch>();
  set_threads(before);
  CHECK(same_bits(one.x, two.x));
  std::set<int> counts;
  for (int row = 0; row < 9; ++row) counts.insert(one.digit_counts.data()[row]);
  CHECK(*counts.begin() >= 1);
  CHECK(*counts.rbegin() <= 4);
  CHECK(counts.size() > 1);
  const auto differs = [&](const BatchRequest& r) { return !same_bits(one.x, task->batch(r).get<SpeechBatch>().x); };
  CHECK(differs({.length = 4, .rows = 9, .number = 8, .seed = 2}));
  CHECK(differs({.length = 4, .rows = 9, .number = 7, .seed = 3}));
  BatchRequest fewer = request;
  fewer.rows = 4;  // a row's string does not depend on the rows beside it
  const auto few = task->batch(fewer).get<SpeechBatch>();
  for (int row = 0; row < 4; ++row)
    for (int t = 0; t < few.lengths.data()[row]; ++t) CHECK(same_bits(few.x[t][row], one.x[t][row]));
}

TEST_CASE("no recording of a test or validation string is in the training set") {
  const SpokenStrings strings = made_up();
  const auto split_of = [&](const SpokenDigit& d) {
    return strings.recordings().all[static_cast<std::size_t>(d.recording)].split();
  };
  std::set<int> learned;
  for (std::uint64_t k = 0; k < 2000; ++k) {
    const SpokenString s = strings.training(Key{1}.at(k), 5);
    REQUIRE(s.digits.size() >= 1);
    REQUIRE(s.digits.size() <= 5);
    for (const SpokenDigit& d : s.digits) {
      REQUIRE(split_of(d) == Split::train);
      learned.insert(d.recording);
    }
  }
  CHECK(learned.size() == 300);  // all there are
  for (const Split split : {Split::valid, Split::test}) {
    int alone = 0, many = 0;
    for (const SpokenString& s : strings.items(split)) {
      for (const SpokenDigit& d : s.digits) CHECK(split_of(d) == split);
      CHECK((s.digits.size() == 1 || (s.digits.size() >= 3 && s.digits.size() <= 5)));
      ++(s.digits.size() == 1 ? alone : many);
    }
    CHECK(alone == 150);  // each recording once
    CHECK(many == 20);
  }
}

TEST_CASE("a string is its recordings concatenated, and a single recording is unchanged") {
  const SpokenStrings strings = made_up();
  const auto& all = strings.recordings().all;
  const SpokenString alone = strings.items(Split::test)[17];
  CHECK(same_bits(strings.waveform(alone), all[static_cast<std::size_t>(alone.digits[0].recording)].samples));
  const SpokenString two{
      .digits = {{.recording = 3, .silence = 50}, {.recording = 8, .silence = 20, .gain = .5, .speed = 2}},
      .silence = 7};
  const Array wave = strings.waveform(two);
  const int first = all[3].samples.dim(0), second = 1 + (all[8].samples.dim(0) - 1) / 2;
  REQUIRE(wave.dim(0) == 50 + first + 20 + second + 7);
  CHECK(wave.at({49}) == 0);
  for (const int k : {0, 100, first - 1}) CHECK(wave.at({50 + k}) == all[3].samples.at({k}));
  for (const int k : {0, 100, second - 1})
    CHECK(wave.at({70 + first + k}) == Approx(.5 * all[8].samples.at({2 * k})).margin(1e-9));
  CHECK(wave.at({wave.dim(0) - 1}) == 0);
  CHECK(strings.digits(two) == std::vector<int>{all[3].digit, all[8].digit});
  const auto said = places(strings, two);
  CHECK(said[0].begin == Approx(50. / speech_rate));
  CHECK(said[1].begin == Approx((70. + first) / speech_rate));
}

TEST_CASE("features of the training set have mean 0 and deviation 1, and masks hide whole stripes") {
  const SpokenStrings strings = made_up();
  double n = 0, sum = 0, squares = 0;
  for (const Recording& r : strings.recordings().all) {
    if (r.split() != Split::train) continue;
    const Array x = strings.features(r.samples);
    const std::int64_t real =
        std::int64_t{1 + r.samples.dim(0) / SpokenStrings::hop} * SpokenStrings::mels;  // behind it zeros
    for (std::int64_t k = 0; k < real; ++k) {
      n += 1;
      sum += x.at_flat(k);
      squares += x.at_flat(k) * x.at_flat(k);
    }
    for (std::int64_t k = real; k < x.size(); ++k) CHECK(x.at_flat(k) == 0);
  }
  CHECK(sum / n == Approx(0).margin(1e-5));
  CHECK(squares / n == Approx(1).epsilon(1e-4));
  const Recording& r = strings.recordings().all[40];  // scaling leaves the shape over time
  const FrameOptions frames{.window = 200, .hop = 80, .fft = 256};
  const Array raw = log_mel(r.samples, speech_rate, {.frames = frames, .mels = 40, .low = 50, .floor = 1e-6});
  const Array y = strings.features(r.samples).reshape({-1, 40});
  const double scale = (y.at({3, 9}) - y.at({1, 9})) / (raw.at({3, 9}) - raw.at({1, 9}));
  CHECK(scale > 0);
  for (const int t : {0, 5, 12})
    CHECK(y.at({t, 9}) - y.at({1, 9}) == Approx(scale * (raw.at({t, 9}) - raw.at({1, 9}))).margin(1e-4));
  SpokenString s = strings.training(Key{1}.at(1), 5);
  const Array masked = strings.features(s);
  s.masks = false;
  const Array whole = strings.features(s);
  std::int64_t hidden = 0;
  for (std::int64_t k = 0; k < whole.size(); ++k) {
    if (masked.at_flat(k) == whole.at_flat(k)) continue;
    ++hidden;
    CHECK(masked.at_flat(k) == 0);
  }
  CHECK(hidden > 0);
  CHECK(hidden < whole.size() / 2);
}

TEST_CASE("errors of speech's loader describe the expected files and what is wrong with the given one") {
  if (no_wav()) return;
  const TempFolder folder;
  CHECK_THAT(why(folder.path()), Contains(folder.path()) && Contains("needs recordings named DIGIT_SPEAKER_INDEX.wav"));
  CHECK_THAT(why(folder / "none"), Contains("none") && Contains("needs recordings"));
  write_recordings(folder);
  write_all(folder / "README", "not read");
  write_all(folder / "12_anna_1.wav", "not read");
  CHECK(why(folder.path()) == "nothing");
  const std::string broken = folder / "7_anna_5.wav", good = read_all(broken);
  const auto differs = [&](const std::string& bytes, const std::string& message) {
    write_all(broken, bytes);
    CHECK_THAT(why(folder.path()), Contains("7_anna_5.wav") && Contains(message));
  };
  differs("ID3 some music", "is not a wav file");
  differs(good.substr(0, good.size() - 8), "is truncated");
  differs(wav(tone(2000), speech_rate, 2), "has 2 channels, but speech expects one");
  differs(wav(tone(), 44'100), "has a rate of 44100 samples per second, but speech expects 8000");
  differs(wav(tone(799)), "has 799 samples, less than a tenth of a second");
  std::filesystem::remove(broken);
  CHECK_THAT(why(folder.path()), Contains("no recording of the digit 7 with an index of 5 to 9 (validation)"));
}

TEST_CASE("recordings are found in the folder or below it, and identified by their content") {
  if (no_wav()) return;
  const TempFolder folder;
  write_recordings(folder);
  const Recordings r = read_recordings(folder.path());
  REQUIRE(r.all.size() == 30);
  CHECK(r.folder == folder.path());
  CHECK_THAT(r.source, Contains("30 recordings of 1 speaker,"));
  CHECK(r.all[0].name() == "0_anna_4.wav");
  CHECK(same_bits(r.all[0].samples, tone()));
  const TempFolder above;
  std::filesystem::create_directories(above / "fsdd");
  std::filesystem::create_directory_symlink(folder.path(), above / "fsdd/recordings");
  CHECK(read_recordings(above.path()).source == r.source);
  CHECK(read_recordings(above / "fsdd").source == r.source);
  Array other = tone();
  other.set_flat(500, .25);
  write_all(folder / "3_anna_10.wav", wav(other));
  CHECK(read_recordings(folder.path()).source != r.source);
}

}  // namespace speech_strings_test
