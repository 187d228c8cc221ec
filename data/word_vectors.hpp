#pragma once
#include <ebb/data/vocabulary.hpp>
#include <functional>

namespace ebb {

struct WordVectors {
  Array table;    ///< [V, E]: row i is of the vocabulary's symbol i
  int found = 0;  ///< how many of the V the file has
};

/// What the rows of words that are not in the file are: an array of the shape [V, E], of which they are taken.
using MissingVectors = std::function<Array(const Shape&)>;

/// Word vectors from text, a word and its E numbers a line: GloVe's, or fastText's and word2vec's `.vec`, whose first
/// line is "words dimensions"; plain or gzipped, parted by blanks or tabs. The file is read once, and only what the
/// vocabulary has is kept.
///
///     read_word_vectors("glove.6B.100d.txt", words, [](const Shape& s) { return normal(s, Key{1}.named("words"), 0, .1); })
///
/// Shapes    table [V, E], of the element type of `missing`'s array
/// Errors    FileError with the line: another count of numbers than the first line's, something that is not a finite
///           number or too large for the table's element type, a word of the vocabulary twice, another number of lines
///           than the first says; ShapeError if `missing` gives another shape
/// Cost      memory of the table and one line
/// Source    Pennington et al. 2014, doi:10.3115/v1/D14-1162; Bojanowski et al. 2017, doi:10.1162/tacl_a_00051
WordVectors read_word_vectors(const std::string& path, const Vocabulary&, const MissingVectors& missing);

}  // namespace ebb
