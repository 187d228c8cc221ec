#include <fmt/format.h>
#include <algorithm>
#include <cctype>
#include <ebb/experiments/tasks/music/midi.hpp>
#include <ebb/experiments/tasks/music/text.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::app {
namespace {

// The note's number within an octave that starts at C, -1 for another letter.
int semitone(char letter) {
  switch (std::toupper(static_cast<unsigned char>(letter))) {
    case 'C': return 0;
    case 'D': return 2;
    case 'E': return 4;
    case 'F': return 5;
    case 'G': return 7;
    case 'A': return 9;
    case 'B': return 11;
    default: return -1;
  }
}

// Negative if the word is not a number, or not that of a note.
int number_of(const std::string& word) {
  if (word.empty() || word.size() > 3 ||
      !std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return -1;
  return std::stoi(word);
}

int token_named(const std::string& word) {
  const int letter = word.empty() ? -1 : semitone(word[0]);
  const bool altered = word.size() > 1 && (word[1] == '#' || word[1] == 'b');
  const int octave = number_of(word.substr(std::min(word.size(), altered ? 2UL : 1UL)));
  if (letter < 0 || octave < 0 || octave > 9) return -1;
  return 12 * (octave + 1) + letter + (!altered ? 0 : word[1] == '#' ? 1 : -1);
}

constexpr int rolls_left = 34, step_width = 9, key_height = 6, heading = 22, most_steps = 120;

// The range from the lowest to the highest key of all rolls, with a margin.
KeyRange keys_of(const std::vector<PianoRoll>& rolls) {
  KeyRange all{piano_keys, -1};
  for (const PianoRoll& roll : rolls)
    if (roll.notes) {
      const KeyRange r = range_of(*roll.notes);
      all = {std::min(all.low, r.low), std::max(all.high, r.high)};
    }
  if (all.high < 0) return {27, 63};
  return {std::max(0, all.low - 2), std::min(piano_keys - 1, all.high + 2)};
}

int steps_of(const PianoRoll& roll) {
  return std::min(most_steps, roll.notes    ? static_cast<int>(roll.notes->size())
                              : roll.shades ? roll.shades->dim(0)
                                            : 0);
}

std::string bars(const Piece& piece, int T, int top, const KeyRange& keys) {
  std::string svg;
  for (const MidiNote& n : held_notes(Piece(piece.begin(), piece.begin() + T), 1))
    svg += fmt::format("<rect x={} y={} width={} height={} rx=1.5 fill='#1d6fb8'/>",
                       rolls_left + static_cast<int>(n.begin) * step_width, top + (keys.high - n.note) * key_height,
                       static_cast<int>(n.end - n.begin) * step_width - 1, key_height - 1);
  return svg;
}

std::string squares(const Array& shades, int T, int top, const KeyRange& keys) {
  std::string svg;
  for (int t = 0; t < T; ++t)
    for (int key = keys.low; key <= keys.high; ++key)
      if (const double p = shades.at({t, key}); p >= .02)
        svg += fmt::format("<rect x={} y={} width={} height={} fill='#c2410c' opacity='{:.2f}'/>",
                           rolls_left + t * step_width, top + (keys.high - key) * key_height, step_width - 1,
                           key_height - 1, p);
  return svg;
}

}  // namespace

std::string note_name(int note) {
  static const char* const names[] = {"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"};
  return fmt::format("{}{}", names[note % 12], note / 12 - 1);
}

int note_of(const std::string& word, const std::string& where) {
  const int number = number_of(word), note = number >= 0 ? number : token_named(word);
  if (note < 0)
    throw ValueError(fmt::format("{}: '{}' is not a note; use a MIDI number such as 60, or a name such as C4, F#3, Bb2",
                                 where, word));
  if (note < lowest_note || note >= lowest_note + piano_keys)
    throw ValueError(fmt::format("{}: '{}' is not a key of a piano, which has 21 (A0) to 108 (C8)", where, word));
  return note;
}

Piece piece_from_text(const std::string& text, const std::string& where) {
  Piece piece{{}};
  std::string word;
  const auto add = [&] {
    if (word.empty()) return;
    const int key = note_of(word, fmt::format("{}, step {}", where, piece.size())) - lowest_note;
    if (std::find(piece.back().begin(), piece.back().end(), key) == piece.back().end()) piece.back().push_back(key);
    word.clear();
  };
  for (const char c : text) {
    if (c != '|' && c != ',' && c != ' ' && c != '\t' && c != '\n') {
      word += c;
      continue;
    }
    add();
    if (c == '|') piece.emplace_back();
  }
  add();
  for (Chord& chord : piece) std::sort(chord.begin(), chord.end());
  return piece;
}

std::string piece_text(const Piece& piece, std::size_t first) {
  std::string text;
  for (std::size_t t = first; t < piece.size(); ++t) {
    text += fmt::format("{}{:>4} ", t > first ? "\n" : "", t + 1);
    for (const int key : piece[t]) text += fmt::format(" {:<3}", note_name(key + lowest_note));
    if (piece[t].empty()) text += " -";
    text.erase(text.find_last_not_of(' ') + 1);
  }
  return text;
}

std::string piano_rolls_svg(const std::vector<PianoRoll>& rolls) {
  const KeyRange keys = keys_of(rolls);
  const int tall = (keys.high - keys.low + 1) * key_height;
  int longest = 1;
  for (const PianoRoll& roll : rolls) longest = std::max(longest, steps_of(roll));
  const int width = rolls_left + longest * step_width + 4,
            height = static_cast<int>(rolls.size()) * (tall + heading + 8);
  std::string svg = fmt::format(
      "<svg viewBox='0 0 {0} {1}' width={0} style='max-width:100%' font-size=11 fill='currentColor' role=img>", width,
      height);
  int top = heading;
  for (const PianoRoll& roll : rolls) {
    const int T = steps_of(roll);
    svg += fmt::format("<text x={} y={} font-weight=600>{}</text>", rolls_left, top - 7, roll.title);
    svg += fmt::format("<rect x={} y={} width={} height={} fill='currentColor' opacity='.06'/>", rolls_left, top,
                       longest * step_width, tall);
    for (int key = keys.low; key <= keys.high; ++key)
      if ((key + lowest_note) % 12 == 0) {
        const int y = top + (keys.high - key) * key_height;
        svg += fmt::format("<text x={} y={} text-anchor=end font-size=9>{}</text>", rolls_left - 5, y + key_height,
                           note_name(key + lowest_note));
        svg += fmt::format("<rect x={} y={} width={} height=1 fill='currentColor' opacity='.25'/>", rolls_left,
                           y + key_height - 1, longest * step_width);
      }
    if (roll.notes) svg += bars(*roll.notes, T, top, keys);
    else if (roll.shades) svg += squares(*roll.shades, T, top, keys);
    if (roll.given > 0)
      svg += fmt::format("<rect x={} y={} width=2 height={} fill='currentColor'/>",
                         rolls_left + roll.given * step_width - 1, top - 4, tall + 8);
    top += tall + heading + 8;
  }
  return svg + "</svg>";
}

}  // namespace ebb::app
