#pragma once
#include <string>
#include <vector>

/// Writing standard MIDI files.
namespace ebb::app {

/// A note from tick `begin` until `end`.
struct MidiNote {
  int note = 60;  ///< 0 to 127, 60 is middle C
  long begin = 0, end = 1;
};

struct MidiOptions {
  int ticks = 480;    ///< per quarter note
  double tempo = 72;  ///< quarter notes per minute
  int program = 19;   ///< instrument number of General MIDI, from 0: a church organ
  int velocity = 80;  ///< 1 to 127
  long end = 0;       ///< end of the piece, if rests follow the last note
};

/// The bytes of a file with one track (type 0), in channel 1, 4/4. At one tick, notes end before others begin, the
/// lower first; the end of a note is encoded with velocity zero, and repeated status bytes are omitted.
///
/// Errors    ValueError for a note outside 0..127, one that ends before it begins, overlapping notes of one key, and
///           options that a file cannot represent
/// Source    Standard MIDI Files 1.0, MIDI Manufacturers Association 1996
std::string midi_file(const std::vector<MidiNote>&, const MidiOptions& = {});

/// The notes of a piano roll: a key that sounds in consecutive steps is one long note.
///
/// Shapes    steps: for each step, its notes in ascending order
std::vector<MidiNote> held_notes(const std::vector<std::vector<int>>& steps, long ticks_a_step = 480);

}  // namespace ebb::app
