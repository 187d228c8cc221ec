#include <algorithm>
#include <cstring>
#include <ebb/autograd/op.hpp>
#include <ebb/nn/sequence/packing.hpp>
#include <ebb/nn/shipped_op.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>
#include <numeric>

namespace ebb {

namespace {

void check(const Lengths& lengths, int steps) {
  if (lengths.rank() != 1) throw ShapeError("lengths are " + text(lengths.shape()) + ", expected one per row");
  for (int r = 0; r < lengths.dim(0); ++r) {
    const int n = lengths.data()[r];
    if (n < 0 || n > steps)
      throw ValueError("length " + std::to_string(n) + " of row " + std::to_string(r) + " is outside [0, " +
                       std::to_string(steps) + "]");
  }
}

void check(const Packing& p, const Shape& s) {
  if (s.rank() >= 2 && s[0] == p.padded_steps() && s[1] == p.rows()) return;
  throw ShapeError("pack: the lengths are for " + detail::counted(p.padded_steps(), "step") + " of " +
                   detail::counted(p.rows(), "row") + ", but the sequence is " + text(s));
}

}  // namespace

Packing::Packing(const Lengths& lengths, int steps) : padded_steps_(steps) {
  check(lengths, steps);
  const int rows = lengths.dim(0), *n = lengths.data();
  order_ = Tokens({rows});
  places_ = Tokens({rows});
  std::iota(order_.data(), order_.data() + rows, 0);
  std::sort(order_.data(), order_.data() + rows, [n](int a, int b) { return n[a] != n[b] ? n[a] > n[b] : a < b; });
  for (int k = 0; k < rows; ++k) places_.data()[order_.data()[k]] = k;
  begin_.push_back(0);
  int alive = rows;
  for (int t = 0; rows > 0 && t < n[order_.data()[0]]; ++t) {
    while (n[order_.data()[alive - 1]] <= t) --alive;
    alive_.push_back(alive);
    begin_.push_back(begin_.back() + alive);
  }
}

Tokens Packing::index() const {
  Tokens all({size()});
  int* at = all.data();
  for (int t = 0; t < steps(); ++t)
    for (int k = 0; k < alive(t); ++k) *at++ = t * rows() + order_.data()[k];
  return all;
}

Packed pack(const Sequence& x, const Packing& p, std::source_location where) {
  const CallSite here{where};
  check(p, x.all().shape());
  const Shape shape = x.all().shape();
  return {gather(reshape(x.all(), shape.without(0).with(0, shape[0] * shape[1])), p.index()), p};
}
Packed pack(const Sequence& x, const Lengths& lengths, std::source_location where) {
  if (lengths.rank() != 1 || lengths.dim(0) != x.rows())
    throw ShapeError("pack: lengths are " + text(lengths.shape()) + ", expected one for each of " +
                     detail::counted(x.rows(), "row"));
  return pack(x, Packing(lengths, x.steps()), where);
}

Tokens pack(const Tokens& tokens, const Packing& p) {
  check(p, tokens.shape());
  Tokens all = p.index();
  for (std::int64_t i = 0; i < all.size(); ++i) all.data()[i] = tokens.data()[all.data()[i]];
  return all;
}

namespace {

/// Scatters rows to distinct positions by copying; adding to zero would lose the sign of -0.
struct Unpack {
  static constexpr auto tried_by = NnOp::unpack;
  static constexpr auto name = "unpack";
  static constexpr unsigned needs = need_nothing;
  Tokens places;
  int padded_rows;

  Array value(const Array& rows) const {
    Array padded = Array::zeros(rows.shape().with(0, padded_rows), rows.dtype());
    const Array dense = rows.compact();
    const std::size_t each = dense.size() ? dense.bytes() / static_cast<std::size_t>(dense.dim(0)) : 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(places.size()); ++i)
      std::memcpy(static_cast<char*>(padded.raw()) + static_cast<std::size_t>(places.data()[i]) * each,
                  static_cast<const char*>(dense.raw()) + i * each, each);
    return padded;
  }
  Var vjp(const Var& g, const Var&, const Var&) const { return gather(g, places); }
};

}  // namespace

Sequence unpack(const Packed& x, std::source_location where) {
  const CallSite here{where};
  const Packing& p = x.packing;
  if (x.all.rank() < 1 || x.all.dim(0) != p.size())
    throw ShapeError("unpack: the lengths are for " + detail::counted(p.size(), "step") + " in total, but x is " +
                     text(x.all.shape()));
  const Var padded = apply(Unpack{p.index(), p.padded_steps() * p.rows()}, x.all);
  return reshape(padded, padded.shape().with(0, p.rows()).inserted(0, p.padded_steps()));
}

}  // namespace ebb
