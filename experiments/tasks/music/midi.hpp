#pragma once
#include <string>
#include <vector>

/// Standard MIDI files: written, never read.
namespace ebb::app {

/// A note from tick `begin` until `end`.
struct MidiNote {
  int note = 60;  ///< 0 to 127, 60 is middle C
  long begin = 0, end = 1;
};

struct MidiOptions {
  int ticks = 480;    ///< of a quarter note
  double tempo = 72;  ///< quarter notes a minute
  int program = 19;   ///< General MIDI's number of the instrument, from 0: a church organ
  int velocity = 80;  ///< 1 to 127, how hard keys are struck
  long end = 0;       ///< of the piece where rests follow the last note
};

/// The bytes of a file of one track (type 0), in channel 1, 4/4. At one tick notes end before others begin, the lower
/// first; a note that ends is one of velocity zero, and a status byte that would repeat the one before is left out.
///
/// Errors    ValueError for a note outside 0..127 or one that ends before it has begun, notes of one key that overlap,
///           and options that a file cannot hold
/// Source    Standard MIDI Files 1.0, MIDI Manufacturers Association 1996
std::string midi_file(const std::vector<MidiNote>&, const MidiOptions& = {});

/// The notes of a piano roll: a key that sounds in steps that follow each other is one long note.
///
/// Shapes    steps: of each the notes that sound, rising
std::vector<MidiNote> held_notes(const std::vector<std::vector<int>>& steps, long ticks_a_step = 480);

}  // namespace ebb::app
