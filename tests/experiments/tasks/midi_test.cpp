#include <algorithm>
#include <cmath>
#include <ebb/experiments/tasks/music/midi.hpp>
#include <ebb/ops/error.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace midi_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

nlohmann::json golden() { return nlohmann::json::parse(read_all(EBB_SOURCE_DIR "/tests/goldens/midi.json")); }

// A golden writes down how often each step is repeated.
std::vector<std::vector<int>> steps_of(const nlohmann::json& runs) {
  std::vector<std::vector<int>> steps;
  for (const auto& run : runs) steps.insert(steps.end(), run[0].get<std::size_t>(), run[1].get<std::vector<int>>());
  return steps;
}

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char c : bytes)
    for (const int shift : {4, 0}) text += "0123456789abcdef"[static_cast<unsigned char>(c) >> shift & 15];
  return text;
}

std::string why(const std::vector<MidiNote>& notes, const MidiOptions& o = {}) {
  try {
    midi_file(notes, o);
  } catch (const ValueError& e) { return e.what(); }
  return "nothing";
}

}  // namespace

TEST_CASE("a MIDI file is byte for byte what mido writes for the same notes") {
  const nlohmann::json pieces = golden()["pieces"];  // kept for as long as the loop lasts
  for (const auto& piece : pieces) {
    INFO(piece["name"]);
    const auto steps = steps_of(piece["steps"]);
    const auto& given = piece["options"];
    const long step = given.value("step", 480);
    const MidiOptions o{.ticks = given.value("ticks", 480),
                        .tempo = given.value("tempo", 72.0),
                        .program = given.value("program", 19),
                        .velocity = given.value("velocity", 80),
                        .end = static_cast<long>(steps.size()) * step};
    CHECK(hex(midi_file(held_notes(steps, step), o)) == piece["bytes"].get<std::string>());
  }
}

TEST_CASE("the notes of a piano roll begin and end when mido reads them") {
  const nlohmann::json pieces = golden()["pieces"];  // kept for as long as the loop lasts
  for (const auto& piece : pieces) {
    INFO(piece["name"]);
    const auto& given = piece["options"];
    const double seconds = 60 / given.value("tempo", 72.0) / given.value("ticks", 480);  // of a tick
    const auto steps = steps_of(piece["steps"]);
    std::vector<std::vector<double>> ours, theirs = piece["read_back"]["notes"];
    for (const MidiNote& n : held_notes(steps, given.value("step", 480)))
      ours.push_back({double(n.note), seconds * double(n.begin), seconds * double(n.end)});
    std::sort(ours.begin(), ours.end()), std::sort(theirs.begin(), theirs.end());
    REQUIRE(ours.size() == theirs.size());
    for (std::size_t k = 0; k < ours.size(); ++k)
      for (std::size_t i = 0; i < 3; ++i) CHECK(ours[k][i] == Approx(theirs[k][i]).epsilon(1e-4).margin(2e-6));
  }
}

TEST_CASE("notes that a MIDI file cannot represent are rejected with the reason") {
  CHECK_THAT(why({{128, 0, 1}}), Contains("note 128 is outside 0 to 127"));
  CHECK_THAT(why({{-1, 0, 1}}), Contains("note -1 is outside"));
  CHECK_THAT(why({{60, 5, 5}}), Contains("note 60 from tick 5 to 5"));
  CHECK_THAT(why({{60, -1, 5}}), Contains("from tick -1 to 5"));
  CHECK_THAT(why({{60, 0, 1L << 28}}), Contains("to 268435456"));
  CHECK_THAT(why({{60, 4, 9}, {61, 0, 9}, {60, 0, 5}}), Contains("note 60 begins at tick 4, before it ends at 5"));
  CHECK(why({{60, 5, 9}, {60, 0, 5}}) == "nothing");
  CHECK_THAT(why({}, {.ticks = 0}), Contains("0 ticks per quarter note"));
  CHECK_THAT(why({}, {.tempo = 3.5}), Contains("tempo of 3.5"));
  CHECK_THAT(why({}, {.tempo = NAN}), Contains("tempo of nan"));
  CHECK_THAT(why({}, {.program = 128}), Contains("program 128"));
  CHECK_THAT(why({}, {.velocity = 0}), Contains("velocity 0"));
  CHECK_THAT(why({}, {.end = -1}), Contains("end at tick -1"));
}

}  // namespace midi_test
