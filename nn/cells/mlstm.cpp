#include <cmath>
#include <ebb/autograd/fuse.hpp>
#include <ebb/nn/cell.hpp>

namespace ebb {
namespace {

/// LSTM whose memory is a matrix in each head, to which values are written and from which they are read by keys,
/// without a recurrent product.
///
///     k = (x Wk + bk) / sqrt(d),  v = x Wv + bv;   [i f] = x Wg + bg, one of each per head;   s = max(|k|, 1)
///     m' = max(m + log sigmoid(f), i + log s);   I = exp(i + log s - m'),  F = exp(m + log sigmoid(f) - m')
///     C' = F C + I v (k / s)^T;   n' = F n + I k / s
///     q = x Wq + bq;   h = sigmoid(x Wo + bo) * C' q / max(|n'^T q|, exp(-m'))
///
/// Shapes    x [B, I]; C [B, heads, d d], n [B, heads, d], m [B, heads, 1], d = H / heads; Wkv [I, 2H], bkv [2H];
///           Wq, Wo [I, H], bq, bo [H]; Wg [I, 2 heads], bg [2 heads]
/// Options   heads=4 (1 if H is not a multiple of 4)
/// Init      Wkv, Wq, Wo and their biases uniform in +-1/sqrt(H); Wg zero; bg normal with deviation .1 for i, from 3 to
///           6 in equal steps for f
/// Numerics  the norm s of a long key is part of m', and q is divided by max(|q|, 1) together with both terms of the
///           denominator, so that no product of two inputs overflows
/// Cost      8 H I + 7 H d flops per row and step, H d values of state
/// Source    Beck et al. 2024, arXiv:2405.04517, equations 19 to 27
/// Differs   s is 1 in the paper, which gives the same h; no convolution, normalisation or projections around the cell,
///           and no 1e-6 in the denominator, which are the block's of the authors' code
struct MLstm {
  struct State {
    Var C, n, m;
  };
  Param Wkv, bkv, Wq, bq, Wo, bo, Wg, bg;
  int heads, width;

  MLstm(Builder p, CellSizes s) {
    const int H = s.hidden;
    heads = p.whole("heads", H % 4 == 0 ? 4 : 1, 1, 64, "matrices in the state, at most 64");
    if (H % heads != 0) p.reject("heads", "must divide the hidden size");
    width = H / heads;
    Wkv = p.matrix("Wkv", s.input, 2 * H);
    bkv = p.vector("bkv", 2 * H);
    Wq = p.matrix("Wq", s.input, H);
    bq = p.vector("bq", H);
    Wo = p.matrix("Wo", s.input, H);
    bo = p.vector("bo", H);
    Wg = p.matrix("Wg", s.input, 2 * heads, zero_init);
    Array bias = p.initial_values("bg", {2 * heads}, normal_init(0, .1));
    for (int k = 0; k < heads; ++k) bias.set_flat(heads + k, heads > 1 ? 3 + 3. * k / (heads - 1) : 3);
    bg = p.trained("bg", bias);
    p.state("C", &State::C, {heads, width * width});
    p.state("n", &State::n, {heads, width});
    p.state("m", &State::m, {heads, 1});
  }

  State step(const Var& x, const State& s) const {
    auto [k, v] = split<2>(matmul(x, Wkv) + bkv);
    auto [i, f] = split<2>(matmul(x, Wg) + bg);
    const Shape by_head{-1, heads, width}, each{-1, heads, 1};
    k = reshape(k, by_head) * (1 / std::sqrt(static_cast<double>(width)));
    const Var size = max(norm(k, {-1}, Keep::yes), 1.0);
    auto [m, keep, write] = fuse(
        [](auto i, auto f, auto m, auto size) {
          auto kept = m + log_sigmoid(f), written = i + log(size);
          auto m1 = max(kept, written);
          return std::tuple{m1, watch("f", exp(kept - m1)), watch("i", exp(written - m1))};
        },
        reshape(i, each), reshape(f, each), s.m, size);
    const Var key = fuse([](auto write, auto k, auto size) { return write * (k / size); }, write, k, size);
    const Var n = fuse([](auto keep, auto n, auto key) { return keep * n + key; }, keep, s.n, key);
    const Var written = reshape(outer(reshape(v, by_head), key), {-1, heads, width * width});
    const Var C = fuse([](auto keep, auto C, auto vk) { return keep * C + vk; }, keep, s.C, written);
    return {.C = C, .n = n, .m = m};
  }

  Var output(const Var& x, const State& s) const {
    Var q = reshape(matmul(x, Wq) + bq, {-1, heads, width});
    const Var size = max(norm(q, {-1}, Keep::yes), 1.0);
    q = q / size;
    const Var found = matmul(reshape(s.C, {-1, width, width}), reshape(q, {-1, width, 1}));
    const Var weight = sum(s.n * q, {-1}, Keep::yes);
    const Var read = fuse(
        [](auto found, auto weight, auto m, auto size) {
          // exp(-80) is within float32; nothing is left of a memory that is smaller than that.
          return found / max(abs(weight), exp(max(-m - log(size), -80.0)));
        },
        reshape(found, {-1, heads, width}), weight, s.m, size);
    return fuse([](auto o, auto bo, auto read) { return watch("o", sigmoid(o + bo)) * read; }, matmul(x, Wo), bo,
                reshape(read, {-1, heads * width}));
  }
};
EBB_CELL(mlstm, MLstm, "LSTM with a matrix memory, written and read by keys (xLSTM), Beck et al. 2024");

}  // namespace
}  // namespace ebb
