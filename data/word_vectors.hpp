#pragma once
#include <ebb/data/vocabulary.hpp>
#include <functional>

namespace ebb {

struct WordVectors {
  Array table;    ///< [V, E]: row i is the vector of symbol i
  int found = 0;  ///< number of symbols found in the file
};

/// Gives an array of shape [V, E], from which the rows of words that are not in the file are taken.
using MissingVectors = std::function<Array(const Shape&)>;

/// Reads word vectors from text, one word and its E values per line, separated by blanks or tabs, plain or gzipped:
/// GloVe's format, or the `.vec` format of fastText and word2vec, whose first line is "words dimensions". The file is
/// read once, and only the vectors of words in the vocabulary are kept.
///
///     read_word_vectors("glove.6B.100d.txt", words, [](const Shape& s) { return normal(s, Key{1}.named("words"), 0, .1); })
///
/// Shapes    table [V, E], with the element type of `missing`'s array
/// Errors    FileError with the line if the number of values differs from the first line's, a value is not a finite
///           number or is out of range for the element type, a word of the vocabulary occurs twice, the number of lines
///           differs from the declared one, or, in a file without such a declaration, all words end in the same one of
///           , ; : | = or in it and a number; ShapeError if `missing` gives another shape
/// Cost      memory for the table and one line
/// Source    Pennington et al. 2014, doi:10.3115/v1/D14-1162; Bojanowski et al. 2017, doi:10.1162/tacl_a_00051
WordVectors read_word_vectors(const std::string& path, const Vocabulary&, const MissingVectors& missing);

}  // namespace ebb
