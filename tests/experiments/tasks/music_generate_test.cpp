#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ebb/experiments/tasks/music/keys.hpp>
#include <ebb/experiments/tasks/music/midi.hpp>
#include <ebb/experiments/tasks/music/text.hpp>
#include <ebb/ops/error.hpp>
#include <map>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace music_generate_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

std::string why_not(const std::string& prompt) {
  try {
    piece_from_text(prompt, "--prompt");
  } catch (const ValueError& e) { return e.what(); }
  return "nothing";
}

// A run of the command on made-up pieces.
struct MusicRun {
  TempFolder folder;
  Outcome trained;
  explicit MusicRun(std::vector<std::string> more = {}) {
    std::vector<std::string> words{"train", "music", "--quick", "--data", "generated", "--out", folder / "out"};
    words.insert(words.end(), more.begin(), more.end());
    trained = ebb_command(words);
    REQUIRE(trained.code == 0);
  }
  Outcome generate(std::vector<std::string> more) const {
    std::vector<std::string> words{"generate", "--weights", folder / "out/weights.safetensors", "--out",
                                   folder / "new/x.mid"};
    words.insert(words.end(), more.begin(), more.end());
    return ebb_command(words);
  }
};

}  // namespace

TEST_CASE("ebb evaluate measures music's weights as training did, and generation continues a chord") {
  const MusicRun t{{"--steps", "150", "--lr", ".03"}};
  const auto run = summary_of(t.folder / "out")["runs"]["1"];
  REQUIRE(ebb_command({"evaluate", "--weights", t.folder / "out/weights.safetensors"}).code == 0);
  const auto again = nlohmann::json::parse(read_all(t.folder / "out/evaluation-test.json"));
  CHECK(again["loss"] == run["loss"]);
  CHECK(again["measures"] == run["measures"]);

  const Outcome o = t.generate({"--prompt", "C3 E4 G4 C5 | 53 69 72 77", "--length", "6", "--greedy"});
  REQUIRE(o.code == 0);
  CHECK_THAT(o.out, Contains("   1  C3  E4  G4  C5\n   2  F3  A4  C5  F5\n   -- end of the prompt --\n   3  ") &&
                        Contains("\n   8  ") && !Contains("\n   9  ") && Contains("new/x.mid"));
  const std::string midi = read_all(t.folder / "new/x.mid");
  CHECK(midi.substr(0, 4) == "MThd");
  CHECK(midi.substr(midi.size() - 3) == std::string("\xFF\x2F\x00", 3));
  REQUIRE(t.generate({"--prompt", "C4 | C4 E4 | ", "--length", "0"}).code == 0);
  CHECK(read_all(t.folder / "new/x.mid") == midi_file({{60, 0, 960}, {64, 480, 960}}, {.end = 1440}));
  const auto text = [&](std::vector<std::string> more) { return t.generate(more).out; };
  CHECK(text({"--seed", "2"}) == text({"--seed", "2"}));
  CHECK(text({"--prompt", "C4", "--seed", "2"}) != text({"--prompt", "C4", "--seed", "3"}));
  CHECK(text({"--prompt", "C4", "--seed", "2", "--greedy"}) == text({"--prompt", "C4", "--seed", "3", "--greedy"}));
  const std::string short_one = text({"--prompt", "C4", "--length", "3"}),
                    long_one = text({"--prompt", "C4", "--length", "9"});
  const std::size_t music = short_one.rfind("\n/");  // the file's name follows
  CHECK(long_one.substr(0, music) == short_one.substr(0, music));
}

TEST_CASE("ebb generate rejects options that do not apply to music, and leaves no file") {
  const MusicRun t{{"--steps", "1", "--hidden", "3"}};
  const auto rejected = [&](std::vector<std::string> words, const std::string& reason) {
    const Outcome o = t.generate(words);
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Contains(reason));
  };
  rejected({"--prompt", "C4 H4"}, "--prompt, step 1: 'H4' is not a note");
  rejected({"--prompt", "C4 | 20"}, "--prompt, step 2: '20' is not a key of a piano, which has 21 (A0) to 108 (C8)");
  rejected({"--beam", "3"}, "--beam: music is sampled step by step");
  rejected({"--top-p", ".9"}, "--top-p: each key has its own probability");
  rejected({"--length", "100001"}, "at most 100,000 steps");
  CHECK_FALSE(t.folder.has("new"));
  CHECK(t.generate({"--length", "0", "--prompt", "C4"}).code == 0);
  CHECK(t.generate({"--prompt", "|||"}).code == 0);
}

TEST_CASE(
    "ebb generate --out writes through links, into what is no file, and says before the work what cannot be written") {
  namespace fs = std::filesystem;
  const MusicRun t{{"--steps", "1", "--hidden", "3"}};
  const auto write = [&](const std::string& out) {
    return ebb_command({"generate", "--weights", t.folder / "out/weights.safetensors", "--length", "2", "--out", out});
  };
  REQUIRE(write(t.folder / "plain.mid").code == 0);
  const std::string music = read_all(t.folder / "plain.mid");

  fs::create_directory(t.folder / "far");
  fs::create_symlink("far/x.mid", t.folder / "link");  // of a file that is not there yet
  for (int time = 0; time < 2; ++time) {
    CHECK(write(t.folder / "link").code == 0);
    CHECK(fs::is_symlink(t.folder / "link"));
    CHECK(read_all(t.folder / "far/x.mid") == music);
    write_all(t.folder / "far/x.mid", "older");
  }

  REQUIRE(mkfifo((t.folder / "pipe").c_str(), 0600) == 0);
  const int reader = open((t.folder / "pipe").c_str(), O_RDONLY | O_NONBLOCK);
  CHECK(write(t.folder / "pipe").code == 0);
  std::string got(music.size() + 1, ' ');
  got.resize(static_cast<std::size_t>(std::max<ssize_t>(0, read(reader, got.data(), got.size()))));
  close(reader);
  CHECK(got == music);
  CHECK(fs::is_fifo(t.folder / "pipe"));

  fs::create_symlink("/dev/full", t.folder / "full");  // a link, so that no error here replaces the device
  const Outcome full = write(t.folder / "full");
  CHECK(full.code == 2);
  CHECK_THAT(full.err, Contains("full': No space left on device"));
  CHECK(fs::is_symlink(t.folder / "full"));
  CHECK_THAT(write("/dev/stdout").out,
             Contains("-- end of the prompt --") && Contains(music) && Contains("/dev/stdout\n"));

  const auto rejected = [&](const std::string& out, const std::string& reason) {
    const Outcome no = write(out);
    CHECK(no.code == 2);
    CHECK(no.out.empty());  // the music would have been printed first
    CHECK_THAT(no.err, Contains(reason));
  };
  rejected(t.folder / "far", "far': it is a folder");
  rejected(t.folder / "new/", "new/': it is a folder");
  rejected(t.folder / "plain.mid/x.mid", "plain.mid': it is a file, not a folder");
  rejected("/proc/none/x.mid", "cannot write to '/proc/none'");
  CHECK(read_all(t.folder / "plain.mid") == music);
  CHECK_FALSE(t.folder.has("new"));
}

TEST_CASE("each key is sampled with its probability, by either way of sampling", "[slow]") {
  Array logits = Array::full({piano_keys}, -30, f32);
  logits.data<float>()[10] = 3;
  logits.data<float>()[20] = .2F;
  logits.data<float>()[30] = .2F;
  logits.data<float>()[40] = -1;
  std::map<Chord, int> seen;
  for (std::uint64_t k = 0; k < 20'000; ++k) ++seen[choose_keys(logits, Key{1}.at(k), {})];
  const auto p = [](double z, bool sounds) { return 1 / (1 + std::exp(sounds ? -z : z)); };
  for (int set = 0; set < 16; ++set) {  // the sixteen chords of four keys
    const bool a = set & 1, b = set & 2, c = set & 4, d = set & 8;
    Chord chord;
    if (a) chord.push_back(10);
    if (b) chord.push_back(20);
    if (c) chord.push_back(30);
    if (d) chord.push_back(40);
    CHECK(seen[chord] / 20'000.0 == Approx(p(3, a) * p(.2, b) * p(.2, c) * p(-1, d)).margin(.01));
  }
}

TEST_CASE("a low temperature makes the choice of keys more certain without silencing the music", "[slow]") {
  Array logits = Array::full({piano_keys}, -30, f32);
  for (int k = 10; k < 20; ++k) logits.data<float>()[k] = -.8F - .1F * static_cast<float>(k);  // none above one half
  const auto notes_and_top = [&](double temperature) {
    double notes = 0, top = 0, two = 0;
    for (std::uint64_t k = 0; k < 5000; ++k) {
      const Chord c = choose_keys(logits, Key{2}.at(k), {.temperature = temperature});
      notes += static_cast<double>(c.size());
      two += c.size() == 2;
      top += c == Chord{10, 11};
    }
    return std::pair{notes / 5000, top / two};
  };
  double expected = 0, pairs = 0;
  for (int k = 10; k < 20; ++k) {
    const double z = -.8 - .1 * k;
    expected += 1 / (1 + std::exp(-z));
    for (int j = 10; j < k; ++j) pairs += std::exp(2 * (z - .8 - .1 * j));
  }
  for (const double temperature : {.01, .5, 1.0, 5.0})
    CHECK(notes_and_top(temperature).first == Approx(expected).margin(.05));
  CHECK(notes_and_top(.01).second == 1);
  CHECK(notes_and_top(.5).second == Approx(std::exp(2 * (-1.8 - 1.9)) / pairs).margin(.03));
  CHECK(choose_keys(logits, Key{1}, {.greedy = true}).size() == static_cast<std::size_t>(std::lround(expected)));
}

TEST_CASE("--top-k lets only the most probable keys sound, and greedy decoding draws no random numbers") {
  Array logits = Array::full({piano_keys}, -30, f32);
  logits.data<float>()[10] = 3;
  logits.data<float>()[20] = .2F;
  logits.data<float>()[30] = .2F;
  logits.data<float>()[40] = -1;
  for (std::uint64_t k = 0; k < 500; ++k)
    for (const int key : choose_keys(logits, Key{1}.at(k), {.top_k = 2}))
      CHECK((key == 10 || key == 20));  // 30 is 20's equal, and higher
  CHECK(choose_keys(logits, Key{1}, {.greedy = true}) == Chord{10, 20});
  CHECK(choose_keys(logits, Key{1}, {.top_k = 1, .greedy = true}) == Chord{10});
  CHECK(choose_keys(Array::full({piano_keys}, -30, f32), Key{1}, {}).empty());
  CHECK(choose_keys(Array::full({piano_keys}, 300, f32), Key{1}, {.temperature = 1e-3}).size() == piano_keys);
  for (std::uint64_t k = 0; k < 200; ++k) {  // the coldest draw takes the most probable of so many keys
    const Chord warm = choose_keys(logits, Key{1}.at(k), {}),
                cold = choose_keys(logits, Key{1}.at(k), {.temperature = 1e-300});
    const int best[] = {10, 20, 30, 40};
    REQUIRE(cold.size() == warm.size());
    if (cold.size() != 2) CHECK(cold == Chord(best, best + cold.size()));  // keys 20 and 30 are equals
  }
  CHECK_THROWS_AS(choose_keys(logits, Key{1}, {.temperature = 0}), ValueError);
  for (const double bad : {double(NAN), double(INFINITY)})
    CHECK_THROWS_WITH(choose_keys(Array::full({piano_keys}, bad, f32), Key{1}, {}), Contains("are not finite"));
  CHECK_THROWS_AS(choose_keys(logits, Key{1}, {.top_k = -1}), ValueError);
}

TEST_CASE("notes have their usual names") {
  for (const auto& [word, note] : {std::pair{"60", 60},
                                   {"C4", 60},
                                   {"c4", 60},
                                   {"A4", 69},
                                   {"A0", 21},
                                   {"C8", 108},
                                   {"Bb2", 46},
                                   {"bb2", 46},
                                   {"F#3", 54},
                                   {"b4", 71},
                                   {"B#3", 60},
                                   {"Cb4", 59},
                                   {"21", 21},
                                   {"108", 108}})
    CHECK(note_of(word, "") == note);
  for (int note = lowest_note; note < lowest_note + piano_keys; ++note) CHECK(note_of(note_name(note), "") == note);
  for (const char* bad : {"H4", "C", "4C", "C4x", "C##4", "", "C44", "-60", "6e1", "\xc3\xa9", "C-1"})
    CHECK_THROWS_WITH(note_of(bad, "here"), Contains("is not a note"));
  for (const char* off : {"20", "109", "G#0", "C#8", "999", "C9"})
    CHECK_THROWS_WITH(note_of(off, "here"), Contains("is not a key of a piano"));
  CHECK(piece_from_text("C4,E4 G4|  |60 60", "") == Piece{{39, 43, 46}, {}, {39}});
  CHECK(piece_from_text("|", "") == Piece{{}, {}});
  CHECK(piece_text({{39, 43}, {}, {39}}, 1) == "   2  -\n   3  C4");
  CHECK_THAT(why_not("C4||x"), Contains("--prompt, step 3: 'x' is not a note"));
}

}  // namespace music_generate_test
