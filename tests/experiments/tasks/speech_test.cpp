#include <cstring>
#include <ebb/data/audio.hpp>
#include <ebb/data/features.hpp>
#include <ebb/experiments/tasks/speech/generate.hpp>
#include <ebb/experiments/tasks/speech/meter.hpp>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/optim/adam.hpp>
#include <ebb/optim/clip.hpp>
#include <set>

#include "catch.hpp"
#include "goes_on.hpp"
#include "train_quick.hpp"

using namespace ebb;
using namespace ebb::app;
using namespace ebb::app;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

// A wav file of 32 bit floating point, which holds samples exactly as they are.
std::string wav(const Array& samples, int rate = speech_rate, int channels = 1) {
  std::string data(static_cast<const char*>(samples.raw()), samples.bytes()), file;
  const auto put = [&](unsigned x, unsigned bytes) {
    for (unsigned k = 0; k < bytes; ++k) file += static_cast<char>(x >> (8 * k) & 255U);
  };
  const auto u = [](auto x) { return static_cast<unsigned>(x); };
  file += "RIFF", put(u(36 + data.size()), 4), file += "WAVEfmt ", put(16, 4), put(3, 2), put(u(channels), 2),
      put(u(rate), 4);
  put(u(4 * channels * rate), 4), put(u(4 * channels), 2), put(32, 2), file += "data", put(u(data.size()), 4);
  return file + data;
}

Array tone(int n = 1000) { return uniform({n}, Key{3}, -.1, .1); }

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

bool no_wav() {
  if (!can_read_wav()) WARN("skipped: built without libsndfile");
  return !can_read_wav();
}

// A model of made-up digits after `steps` updates, with its weights in a file.
struct Taught {
  TempFolder folder;
  std::string weights = folder / "out/weights.safetensors";
  nlohmann::json run;
  explicit Taught(std::vector<std::string> more = {}) : run(train_quick("speech", folder, std::move(more))) {}
};

bool same_bits(const Array& a, const Array& b) {
  return a.shape() == b.shape() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

SpokenStrings made_up() { return SpokenStrings(made_up_recordings(), 20, 20); }

}  // namespace

TEST_CASE("speech --quick knows digits, alone and in strings, far better than a guess", "[science]") {
  const Taught t;
  const auto& m = t.run["measures"];
  CHECK(m["single digits"]["baseline"] == 10);
  CHECK(m["single digits"]["value"].get<double>() > 50);
  CHECK(m["digit error rate"]["value"].get<double>() < 45);  // saying nothing: 100
  CHECK(m["exact strings"]["value"].get<double>() > 10);
  CHECK(t.run["loss"].get<double>() < .5 * t.run["baseline_loss"].get<double>());
  CHECK_THAT(read_all(t.folder / "out/report.html"),
             Contains("One of them as the network hears it") && Contains("recognised"));
}

TEST_CASE("a picture of speech ends with its last frame, not with what fills its last step") {
  const int T = 5, mels = SpokenStrings::mels;
  SpeechPicture picture{.features = uniform({T, SpokenStrings::width}, Key{4}, .5, 1),
                        .scores = Array::zeros({T, 11}, f32)};
  CHECK_THAT(picture.svg(), Contains(" width=840 height=150 "));
  std::fill_n(picture.features.data<float>() + (3 * T - 2) * mels, 2 * mels, 0.0F);
  CHECK_THAT(picture.svg(), Contains(" width=728 height=150 "));  // 13 frames of 15
}

TEST_CASE("ebb evaluate says of speech what training said, in either direction") {
  for (const char* direction : {"forward", "both"}) {
    const Taught t({"--steps", "4", "--hidden", "6", "--direction", direction});
    const Outcome o = ebb_command({"evaluate", "--weights", t.weights});
    INFO(o.err);
    REQUIRE(o.code == 0);
    const auto again = nlohmann::json::parse(read_all(t.folder / "out/evaluation-test.json"));
    CHECK(again["loss"] == t.run["loss"]);
    CHECK(again["measures"] == t.run["measures"]);
  }
}

TEST_CASE("any registered cell recognises speech") {
  const auto task = make_task("speech", {.data = "generated"});
  for (const CellInfo& cell : cell_list()) {
    if (cell.about.find("made by the tests") != std::string::npos) continue;
    INFO(cell.name);
    const TaskSettings s{.hidden = 8, .length = 2, .batch = 3, .steps = 2};
    const Model m{*task, cell.name, s, 1};
    const Batch b = task->batch({.length = 2, .rows = 3});
    const auto r = backward(m.w, {.rows = 3}, [&](Shard& shard) { return m.loss(shard, b); });
    CHECK(std::isfinite(r.loss));
    CHECK(r.grads.norm() > 0);
  }
}

TEST_CASE(
    "a layer with as many positions as the longest string has steps hears the test, however short what it learned "
    "from") {
  const Taught model({"--cell", "transformer:positions=learned", "--length", "1", "--steps", "2"});
  CHECK(model.run["measures"].contains("digit error rate"));
  const SpokenStrings strings = made_up();
  for (const Split split : {Split::valid, Split::test})
    for (const SpokenString& s : strings.items(split))
      CHECK(strings.features(s).dim(0) <= strings.longest(SpokenStrings::most_tested));
}

TEST_CASE("a run of speech goes on to the same bits") {
  goes_on("speech", "lstm", {.hidden = 6, .length = 3, .batch = 5, .steps = 5, .layers = 2, .dropout = .1}, {1, 3},
          {.data = "generated"});
}

TEST_CASE("a batch of strings is a function of its key, whatever the threads") {
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

TEST_CASE("no recording of a test or validation string is ever learned from") {
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

TEST_CASE("a string is its recordings one after the other, and a recording alone is left as it is") {
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

TEST_CASE("features of what is learned from have mean 0 and deviation 1, and masks hide whole stripes") {
  const SpokenStrings strings = made_up();
  double n = 0, sum = 0, squares = 0;
  for (const Recording& r : strings.recordings().all) {
    if (r.split() != Split::train) continue;
    const Array x = strings.features(r.samples);
    const std::int64_t real =
        std::int64_t{1 + r.samples.dim(0) / SpokenStrings::hop} * SpokenStrings::mels;  // behind it zeros
    for (std::int64_t k = 0; k < real; ++k) n += 1, sum += x.at_flat(k), squares += x.at_flat(k) * x.at_flat(k);
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

TEST_CASE("what is recognised does not depend on the rows beside it") {
  const auto task = make_task("speech", {.data = "generated"});
  const Model m{*task, "gru", TaskSettings{.hidden = 8}, 3};
  const auto scores = [&](const Batch& b) {
    return evaluate(m.w, {.rows = b.rows(), .training = false}, [&](Shard& shard) { return m.loss(shard, b); })
        .rows(digit_scores.name);
  };
  const Array many = scores(task->batch({.split = Split::test, .rows = 1000}));
  for (const std::uint64_t number : {0u, 17u, 200u}) {
    const Array one = scores(task->batch({.split = Split::test, .rows = 1, .number = number}))[0];
    for (std::int64_t k = 0; k < one.size(); ++k)
      CHECK(one.at_flat(k) == Approx(many[static_cast<int>(number)].at_flat(k)).margin(1e-5));
  }
}

TEST_CASE("the edits between what was said and what was heard are told") {
  CHECK(edits_text({1, 2, 3}, {1, 2, 3}).empty());
  CHECK(edits_text({5, 1}, {9, 1}) == "5 heard as 9");
  CHECK(edits_text({1, 2, 3}, {1, 3}) == "2 missed");
  CHECK(edits_text({1, 3}, {1, 7, 3}) == "7 added");
  CHECK(edits_text({}, {4}) == "4 added");
  CHECK(edits_text({4, 6}, {}) == "4 missed, 6 missed");
}

TEST_CASE("ebb generate recognises in a wav file what the evaluation recognises in that recording") {
  if (no_wav()) return;
  const Taught t({"--steps", "60"});
  const ebb::app::Trained model = ebb::app::Trained::read(t.weights);
  const Batch all = model.task->batch({.split = Split::test, .rows = 1000});
  const auto r = evaluate(model.model->w, {.rows = all.rows(), .training = false},
                          [&](Shard& s) { return model.model->loss(s, all); });
  const auto recognised = recognised_digits(digit_scores.of(r), all.get<SpeechBatch>().lengths);
  const SpokenStrings strings(made_up_recordings(), 60, 60);
  std::set<std::string> answers;
  for (const std::size_t item :
       {std::size_t{3}, std::size_t{77}, std::size_t{149}, std::size_t{152}, std::size_t{190}}) {
    write_all(t.folder / "x.wav", wav(strings.waveform(strings.items(Split::test)[item])));
    const Outcome o = ebb_command(
        {"generate", "--weights", t.weights, "--prompt", t.folder / "x.wav", "--out", t.folder / "page.html"});
    INFO(o.err);
    REQUIRE(o.code == 0);
    const std::string digits = recognised[item].empty() ? "no digit" : digits_text(recognised[item]);
    CHECK(o.out == digits + "\n" + (t.folder / "page.html") + "\n");
    CHECK_THAT(read_all(t.folder / "page.html"), Contains("<svg") && Contains(digits) && Contains("x.wav"));
    answers.insert(digits);
  }
  CHECK(answers.size() > 1);
}

TEST_CASE("without a file ebb generate listens to a string of the test split and says what was said") {
  const Taught t({"--steps", "30"});
  const SpokenStrings strings(made_up_recordings(), 60, 60);
  const std::string said = digits_text(strings.digits(strings.items(Split::test)[150 + 4]));
  const auto generate = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"generate", "--weights", t.weights, "--seed", "5", "--out", t.folder / "page.html"});
    return ebb_command(more);
  };
  CHECK_THAT(generate({}).out, Contains("said were " + said));
  const Outcome beam = generate({"--beam", "8"});
  CHECK_THAT(beam.out, Contains(" %\n") && Contains("said were " + said));
  CHECK(std::count(beam.out.begin(), beam.out.end(), '%') == 5);
  CHECK_THAT(read_all(t.folder / "page.html"), Contains("probability"));
  for (const std::string number : {"0", "61", "18446744073709551615"}) {
    const Outcome no =
        ebb_command({"generate", "--weights", t.weights, "--seed", number, "--out", t.folder / "none.html"});
    CHECK(no.code == 2);
    CHECK_THAT(no.err,
               Contains("--seed is the number of a string of the test split, from 1 to 60, not '" + number + "'"));
  }
  const auto at = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"generate", "--weights", t.weights, "--out", t.folder / "page.html"};
    words.insert(words.end(), more.begin(), more.end());
    return ebb_command(words).out;
  };
  CHECK(at({}) == at({"--seed", "1"}));
  CHECK_THAT(at({"--seed", "60"}),
             Contains("said were " + digits_text(strings.digits(strings.items(Split::test)[150 + 59]))));
}

TEST_CASE("a file that is no speech is refused by ebb generate, and no page is written") {
  if (no_wav()) return;
  const Taught t({"--steps", "1", "--hidden", "2"});
  const auto rejected = [&](const std::string& bytes, const std::string& message) {
    write_all(t.folder / "x.wav", bytes);
    const Outcome o = ebb_command(
        {"generate", "--weights", t.weights, "--prompt", t.folder / "x.wav", "--out", t.folder / "page.html"});
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Contains("x.wav") && Contains(message));
    CHECK(o.out.empty());
    CHECK_FALSE(t.folder.has("page.html"));
  };
  rejected("no sound", "is not a wav file");
  rejected(wav(tone(2000), speech_rate, 2), "has 2 channels, where speech expects one");
  rejected(wav(tone(), 16'000), "has 16000 samples a second, where speech expects 8000");
  rejected(wav(tone(700)), "less than a tenth of a second");
  rejected(wav(Array::zeros({0}, f32)),
           "has no samples; speech expects a wav file of one channel at 8,000 samples a second, at least a tenth");
  rejected(wav(tone(61 * speech_rate)), "is 61 s long; at most 60 s");
  for (const auto& [option, value, reason] : {std::tuple{"--temperature", ".5", "is not drawn"},
                                              {"--top-k", "3", "is not drawn"},
                                              {"--top-p", ".5", "is not drawn"},
                                              {"--length", "3", "--length says nothing to speech"},
                                              {"--greedy", "--beam=2", "exclude each other"}}) {
    const Outcome no =
        ebb_command({"generate", "--weights", t.weights, option, value, "--out", t.folder / "page.html"});
    CHECK(no.code == 2);
    CHECK_THAT(no.err, Contains(reason));
  }
  CHECK_FALSE(t.folder.has("page.html"));
  const Outcome o = ebb_command({"generate", "--weights", t.weights, "--prompt", t.folder / "none.wav"});
  CHECK(o.code == 2);
  CHECK_THAT(o.err, Contains("none.wav"));
}

TEST_CASE("the loader of speech says what it expects, and what is wrong with a file that differs") {
  if (no_wav()) return;
  const TempFolder folder;
  CHECK_THAT(why(folder.path()),
             Contains(folder.path()) && Contains("expects recordings named DIGIT_SPEAKER_INDEX.wav"));
  CHECK_THAT(why(folder / "none"), Contains("none") && Contains("expects recordings"));
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
  differs(wav(tone(2000), speech_rate, 2), "has 2 channels, where speech expects one");
  differs(wav(tone(), 44'100), "has 44100 samples a second, where speech expects 8000");
  differs(wav(tone(799)), "has 799 samples, less than a tenth of a second");
  std::filesystem::remove(broken);
  CHECK_THAT(why(folder.path()),
             Contains("no recording of the digit 7 with an index of 5 to 9, which say when to stop"));
}

TEST_CASE("recordings are found in the folder or below it, and known by their content") {
  if (no_wav()) return;
  const TempFolder folder;
  write_recordings(folder);
  const Recordings r = read_recordings(folder.path());
  REQUIRE(r.all.size() == 30);
  CHECK(r.folder == folder.path());
  CHECK_THAT(r.source, Contains("30 recordings of 1 speakers"));
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

TEST_CASE("real digits are learned", "[slow]") {
  const char* const root = std::getenv("EBB_DATA");
  if (no_wav()) return;
  if (!root || !std::filesystem::exists(std::string(root) + "/fsdd/recordings/0_jackson_0.wav")) {
    WARN("skipped: EBB_DATA names no folder with fsdd/recordings");
    return;
  }
  const auto task = make_task("speech", {.data = root});
  CHECK_THAT(task->data(), Contains("3,000 recordings of 6 speakers"));
  const TaskSettings s{.hidden = 48, .length = 2, .batch = 16};
  Model m{*task, "lstm", s, 1};
  Adam adam(m.w, {.lr = 1e-2});
  for (std::uint64_t u = 0; u < 300; ++u) {
    const Batch b = task->batch({.length = s.length, .rows = s.batch, .number = u});
    auto r = backward(m.w, {.rows = s.batch, .update = u}, [&](Shard& shard) { return m.loss(shard, b); });
    clip_by_norm(r.grads, 1);
    adam.step(r.grads);
  }
  const auto meter = meter_of(*task);
  test_loss(m, *task, Split::test, s, 1 << 20, meter.get());
  CHECK(measure_named("single digits", meter->measures()).value > 30);  // a guess: 10
  CHECK(measure_named("digit error rate", meter->measures()).value < 75);
}
