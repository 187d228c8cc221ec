#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/report/assets.hpp>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/tasks/music/data.hpp>
#include <ebb/ops/error.hpp>
#include <nlohmann/json.hpp>
#include <optional>

namespace ebb::app {
namespace {

using nlohmann::json;

constexpr const char* splits[] = {"train", "valid", "test"};
constexpr const char* expected_pieces =
    "music expects {\"train\": [...], \"valid\": [...], \"test\": [...]}: each a list of sequences, a sequence a "
    "list of steps, and a step a list of keys from 0 to 87";

constexpr const char* pitches = "for MIDI pitches, from 21 to 108, add \"numbers\": \"pitches\" at the top level";

// The location of an error in the file, counted from one, as lines are.
struct Place {
  const std::string& path;
  const char* split;
  int lowest;  // the number of key 0
  std::size_t sequence = 0, step = 0;
  [[noreturn]] void reject(const std::string& what) const {
    std::string where = fmt::format("'{}', {}", path, split);
    if (sequence > 0) where += fmt::format(", sequence {}", sequence);
    if (step > 0) where += fmt::format(", step {}", step);
    throw FileError(fmt::format("{}: {}", where, what));
  }
};

// A short description of the unexpected value. Lists may be nested too deeply to be printed.
std::string shown(const json& j) {
  if (j.is_structured()) return j.is_array() ? "a list" : "an object";
  const std::string text = j.dump(-1, ' ', true, json::error_handler_t::replace);
  return text.size() <= 30 ? text : text.substr(0, 27) + "...";
}

Chord chord_of(const json& step, const Place& at) {
  if (!step.is_array()) at.reject(fmt::format("a list of keys is expected, not {}", shown(step)));
  Chord chord;
  for (const json& key : step) {
    const double number = key.is_number_integer() ? key.get<double>() : -1;  // integers may exceed an int
    if (number < at.lowest || number >= at.lowest + piano_keys)
      at.reject(at.lowest > 0 ? fmt::format("{} is not a pitch of a piano: these go from 21 to 108", shown(key))
                              : fmt::format("{} is not a key: these go from 0 to 87; {}", shown(key), pitches));
    chord.push_back(static_cast<int>(number) - at.lowest);
  }
  std::sort(chord.begin(), chord.end());
  const auto twice = std::adjacent_find(chord.begin(), chord.end());
  if (twice != chord.end()) at.reject(fmt::format("key {} occurs twice", *twice));
  return chord;
}

// The number of the lowest key, if the file declares what its numbers are.
std::optional<int> said_lowest(const std::string& path, const json& all) {
  if (!all.is_object() || !all.contains("numbers")) return std::nullopt;
  const json& numbers = all["numbers"];
  if (numbers == "keys") return 0;
  if (numbers == "pitches") return lowest_note;
  throw FileError(fmt::format("'{}', numbers: \"keys\" or \"pitches\" is expected, not {}", path, shown(numbers)));
}

/// Errors    FileError if the numbers read as keys are more likely pitches: music without a key below the 33rd, in the
///           middle of the piano, would have no bass
void check_keys(const std::string& path, const PieceSet& set) {
  constexpr int high = 33;
  KeyRange all{piano_keys, -1};
  for (const Piece& piece : set.pieces)
    for (const Chord& chord : piece)
      if (!chord.empty()) all = {std::min(all.low, chord.front()), std::max(all.high, chord.back())};
  if (all.high < 0 || all.low < high) return;
  throw FileError(
      fmt::format("'{}': its numbers, from {} to {}, could be MIDI pitches or keys (0 to 87, where 0 is pitch 21): add "
                  "\"numbers\": \"pitches\" or \"numbers\": \"keys\" at the top level",
                  path, all.low, all.high));
}

Piece piece_of(const json& sequence, Place at) {
  if (!sequence.is_array()) at.reject(fmt::format("a list of steps is expected, not {}", shown(sequence)));
  if (sequence.size() < 2) at.reject("has fewer than two steps, so there is none to predict");
  Piece piece;
  for (const json& step : sequence) {
    ++at.step;
    piece.push_back(chord_of(step, at));
  }
  return piece;
}

std::string summary_of(const PieceSet& set) {
  long steps = 0;
  for (const Piece& p : set.pieces) steps += static_cast<long>(p.size());
  return fmt::format("{} ({} for training, {} for validation, {} for testing), {}", count_text(set.cut[3], "piece"),
                     set.cut[1], set.cut[2] - set.cut[1], set.cut[3] - set.cut[2],
                     count_text(static_cast<double>(steps), "step"));
}

}  // namespace

PieceSet read_pieces(const std::string& path, const std::string& bytes) {
  json all;
  try {
    all = json::parse(bytes);
  } catch (const json::parse_error& e) {
    throw FileError(fmt::format("'{}', byte {}: invalid JSON from here on; {}", path, e.byte, expected_pieces));
  } catch (const json::out_of_range&) {
    throw FileError(fmt::format("'{}': contains a number that is too large; {}", path, expected_pieces));
  }
  PieceSet set;
  const std::optional<int> said = said_lowest(path, all);
  const int lowest = said.value_or(0);
  for (int k = 0; k < 3; ++k) {
    Place at{path, splits[k], lowest};
    if (!all.is_object() || !all.contains(at.split)) at.reject(fmt::format("is missing; {}", expected_pieces));
    const json& sequences = all[at.split];
    if (!sequences.is_array() || sequences.empty()) at.reject(fmt::format("has no sequences; {}", expected_pieces));
    for (const json& sequence : sequences) {
      ++at.sequence;
      set.pieces.push_back(piece_of(sequence, at));
    }
    set.cut[k + 1] = static_cast<int>(set.pieces.size());
  }
  if (!said) check_keys(path, set);
  set.source = fmt::format("{}, {}, CRC-32C {:08x}", path.substr(path.rfind('/') + 1), summary_of(set), crc32c(bytes));
  return set;
}

PieceSet bach_chorales() {
  PieceSet set = read_pieces("jsb_chorales.json", std::string(assets::jsb_chorales, assets::jsb_chorales_size));
  set.source = "Bach's chorales, built in, " + summary_of(set);
  return set;
}

PieceSet made_up_pieces() {
  const Key key = Key{1}.named("pieces");
  PieceSet set;
  std::uint64_t at = 0;
  const int counts[] = {60, 12, 12};
  for (int k = 0; k < 3; ++k) {
    for (int n = 0; n < counts[k]; ++n) {
      Piece piece(static_cast<std::size_t>(12 + key.below(20, at++)));
      int root = key.below(12, at++);
      for (Chord& chord : piece) {
        const int bass = 24 + root;
        chord = {bass, bass + 16, bass + 19, bass + 24};
        root = (root + (key.below(4, at++) == 0 ? 7 : 5)) % 12;
      }
      set.pieces.push_back(std::move(piece));
    }
    set.cut[k + 1] = static_cast<int>(set.pieces.size());
  }
  set.source = "generated, " + summary_of(set);
  return set;
}

KeyRange range_of(const Piece& piece) {
  KeyRange r{piano_keys, -1};
  for (const Chord& chord : piece)
    for (const int key : chord) r = {std::min(r.low, key), std::max(r.high, key)};
  return r.high < 0 ? KeyRange{0, 0} : r;
}

}  // namespace ebb::app
