#pragma once
#include <ebb/experiments/train/task.hpp>
#include <string>
#include <vector>

namespace ebb::app {

constexpr int piano_keys = 88, lowest_note = 21;  // key 0 is MIDI note 21, the lowest A of a piano

/// The keys from 0 to 87 that sound at one step, in ascending order; none: a rest.
using Chord = std::vector<int>;
using Piece = std::vector<Chord>;

/// Pieces in three splits.
struct PieceSet {
  std::vector<Piece> pieces;  ///< of train, then valid, then test
  int cut[4] = {};            ///< split k is [cut[k], cut[k + 1])
  std::string source;         ///< for the record
  int begin(Split s) const { return cut[static_cast<int>(s)]; }
  int end(Split s) const { return cut[static_cast<int>(s) + 1]; }
};

/// From JSON: {"train": [piece, ...], "valid": ..., "test": ...}. A piece is a list of steps, a step a list of keys
/// from 0 to 87, or of MIDI pitches from 21 to 108 with "numbers": "pitches" at the top level.
///
/// Errors    FileError naming the file, and split, sequence, step and key, counted from one: invalid JSON, a split that
///           is missing or has no sequence, a sequence of fewer than two steps, a key that is out of range or occurs
///           twice; or ambiguous numbers without "numbers": "keys" or "pitches"
PieceSet read_pieces(const std::string& path, const std::string& json);
/// Bach's chorales in the split of Boulanger-Lewandowski et al. 2012, arXiv:1206.6392; a step is a quarter note.
PieceSet bach_chorales();
/// Triads in four voices whose roots move by fourths and fifths, so that a chord helps to predict the next one.
PieceSet made_up_pieces();

/// Lowest and highest key of a piece; 0 and 0 for a silent one.
struct KeyRange {
  int low, high;
};
KeyRange range_of(const Piece&);

}  // namespace ebb::app
