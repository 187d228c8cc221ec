#pragma once
#include <ebb/autograd/sequence.hpp>
#include <ebb/ops/pool_allocator.hpp>
#include <vector>

namespace ebb {

/// The layout of sequences of different lengths without padding: time by time, and for each time the rows that have not
/// ended, by decreasing length, ties in their original order.
///
///     lengths 2, 3, 1:   (t=0: rows 1 0 2) (t=1: rows 1 0) (t=2: row 1)
///
/// Shapes    lengths [B], each from 0 to `steps`
/// Errors    ShapeError or ValueError naming the row for invalid lengths. All may be zero, as in a shard of a batch
///           with longer rows elsewhere; mean_tokens rejects a batch without any tokens
class Packing {
 public:
  Packing() = default;
  Packing(const Lengths&, int steps);
  explicit operator bool() const { return bool(order_); }

  int padded_steps() const { return padded_steps_; }
  int steps() const { return static_cast<int>(alive_.size()); }  ///< of the longest sequence
  int rows() const { return order_.dim(0); }                     ///< B
  int size() const { return begin_.back(); }                     ///< N, total steps of all sequences
  int alive(int t) const { return t < steps() ? alive_[static_cast<std::size_t>(t)] : 0; }  ///< rows longer than t
  int begin(int t) const { return begin_[static_cast<std::size_t>(t)]; }  ///< position of the first row of time t
  const Tokens& order() const { return order_; }                          ///< [B] rows, longest first
  const Tokens& places() const { return places_; }                        ///< [B] position of each row in that order
  Tokens index() const;                                                   ///< [N] t B + row of each packed step

 private:
  int padded_steps_ = 0;
  Tokens order_, places_;
  PoolVector<int> alive_, begin_;
};

/// Sequences of different lengths without padding, so that no work is spent on it.
///
///     const Packed x = pack(s.sequence(d.x), s.rows(d.lengths));
///     const Packed y = bidirectional(*f1, *b1, x, s.context("1")).all, z = bidirectional(*f2, *b2, y, s.context("2")).all;
struct Packed {
  Var all;  ///< [N, ...]
  Packing packing;
  Var operator[](Index t) const {
    const int begin = packing.begin(t.number);
    return range(At(all, t.where), begin, begin + packing.alive(t.number));
  }
};

/// Shapes    x [T, B, ...] -> [N, ...];  tokens [T, B] -> [N]
Packed pack(const Sequence& x, const Lengths&, std::source_location where = std::source_location::current());
Packed pack(const Sequence& x, const Packing&, std::source_location where = std::source_location::current());
Tokens pack(const Tokens& tokens, const Packing&);
/// Fills the padding with zeros.
///
/// Shapes    [N, ...] -> [T, B, ...]
Sequence unpack(const Packed&, std::source_location where = std::source_location::current());

}  // namespace ebb
