#pragma once
#include <ebb/experiments/tasks/music/data.hpp>

/// Pieces as text and as a picture.
namespace ebb::app {

/// "C4" for MIDI note 60; with sharps only, so that each key has one name.
std::string note_name(int midi_note);
/// A MIDI note from its number or its name: "60", "C4", "f#3", "Bb2"; B# and Cb belong to the octave in which they are
/// written.
/// Errors    ValueError, beginning with `where`, if it is neither, or not a key of a piano
int note_of(const std::string& word, const std::string& where);
/// Steps separated by "|", notes of one step by spaces or commas: "C4 E4 G4 | 60 65 69 | | C4"; an empty step is a
/// rest.
/// Errors    ValueError naming the step and the word
Piece piece_from_text(const std::string& text, const std::string& where);
/// A line for each step: its number and its notes, the lowest first; "-" for a rest.
std::string piece_text(const Piece&, std::size_t first = 0);

struct PianoRoll {
  std::string title;
  const Piece* notes = nullptr;
  const Array* shades = nullptr;  ///< [T, 88], from 0 to 1, instead of notes
  int given = 0;                  ///< number of steps before a dividing line; 0: no line
};
/// Piano rolls below each other on one scale: time to the right, high keys on top, held notes as one bar, and labels
/// for the Cs.
std::string piano_rolls_svg(const std::vector<PianoRoll>&);

}  // namespace ebb::app
