#include <fmt/format.h>
#include <algorithm>
#include <ebb/data/padding.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

template <class S> std::vector<S> chosen(const std::vector<S>& sequences, const std::vector<int>& items) {
  std::vector<S> list;
  for (const int i : items) {
    if (i < 0 || static_cast<std::size_t>(i) >= sequences.size())
      throw ValueError(fmt::format("pad_sequences: item {} is outside the {} sequences", i, sequences.size()));
    list.push_back(sequences[static_cast<std::size_t>(i)]);
  }
  return list;
}

int longest(const Lengths& l) { return *std::max_element(l.data(), l.data() + l.size()); }

/// The lengths of sequences of this rank. Errors: as for pad_sequences
template <class S> Lengths lengths_of(const std::vector<S>& sequences, int rank) {
  if (sequences.empty()) throw ValueError("pad_sequences: there are no sequences");
  Lengths lengths({static_cast<int>(sequences.size())});
  for (std::size_t b = 0; b < sequences.size(); ++b) {
    if (sequences[b].rank() != rank)
      throw ShapeError(fmt::format("pad_sequences: sequence {} has shape {}, expected rank {}", b,
                                   text(sequences[b].shape()), rank));
    lengths.data()[b] = sequences[b].dim(0);
  }
  if (longest(lengths) == 0) throw ValueError("pad_sequences: all sequences are empty");
  return lengths;
}

}  // namespace

PaddedTokens pad_sequences(const std::vector<Tokens>& sequences, int filler) {
  const Lengths lengths = lengths_of(sequences, 1);
  const int rows = lengths.dim(0);
  Tokens tokens({longest(lengths), rows});
  std::fill_n(tokens.data(), tokens.size(), filler);
  for (int b = 0; b < rows; ++b)
    for (int t = 0; t < lengths.data()[b]; ++t)
      tokens.data()[std::int64_t{t} * rows + b] = sequences[static_cast<std::size_t>(b)].data()[t];
  return {tokens, lengths};
}

PaddedArrays pad_sequences(const std::vector<Array>& sequences) {
  const Lengths lengths = lengths_of(sequences, 2);
  const int rows = lengths.dim(0), width = sequences[0].dim(1);
  for (const Array& s : sequences)
    if (s.dim(1) != width || s.dtype() != sequences[0].dtype())
      throw ShapeError(fmt::format("pad_sequences: sequences are {} of {} and {} of {}", text(sequences[0].shape()),
                                   name_of(sequences[0].dtype()), text(s.shape()), name_of(s.dtype())));
  Array values = Array::zeros({longest(lengths), rows, width}, sequences[0].dtype());
  for (int b = 0; b < rows; ++b)
    for (int t = 0; t < lengths.data()[b]; ++t)
      values[t].range(b, b + 1).assign(sequences[static_cast<std::size_t>(b)].range(t, t + 1));
  return {values, lengths};
}

PaddedTokens pad_sequences(const std::vector<Tokens>& sequences, const std::vector<int>& items, int filler) {
  return pad_sequences(chosen(sequences, items), filler);
}
PaddedArrays pad_sequences(const std::vector<Array>& sequences, const std::vector<int>& items) {
  return pad_sequences(chosen(sequences, items));
}

}  // namespace ebb
