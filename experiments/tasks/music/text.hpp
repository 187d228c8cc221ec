#pragma once
#include <ebb/experiments/tasks/music/data.hpp>

/// Pieces as text and as a picture.
namespace ebb::app {

/// "C4" of MIDI note 60; sharps only, as a key has one name.
std::string note_name(int midi_note);
/// A MIDI note from its number or its name: "60", "C4", "f#3", "Bb2"; B# and Cb belong to the octave that they are
/// written in.
/// Errors    ValueError, beginning with `where`, if it is neither, or no key of a piano
int note_of(const std::string& word, const std::string& where);
/// Steps parted by "|", notes of one step by blanks or commas: "C4 E4 G4 | 60 65 69 | | C4"; nothing between two bars
/// is a rest.
/// Errors    ValueError naming the step and the word
Piece piece_from_text(const std::string& text, const std::string& where);
/// A line for each step: its number, and the notes that sound, the lowest first; "-" for a rest.
std::string piece_text(const Piece&, std::size_t first = 0);

struct PianoRoll {
  std::string title;
  const Piece* notes = nullptr;
  const Array* shades = nullptr;  ///< [T, 88], from 0 to 1, in the place of notes
  int given = 0;                  ///< steps before a line that parts them from the others; 0: none
};
/// Piano rolls below each other on one scale: time to the right, high keys on top, held notes as one bar, the Cs named
/// at the side.
std::string piano_rolls_svg(const std::vector<PianoRoll>&);

}  // namespace ebb::app
