#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cells/lstm.hpp>
#include <ebb/nn/cells/rnn.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace hand_written_backward_test {

// A second, independent oracle: backpropagation through time in plain loops.
using namespace ebb;

namespace {

constexpr int T = 6, B = 3, I = 4, H = 5;

struct Matrix {
  int columns;
  std::vector<double> v;
  Matrix(int rows, int cols) : columns(cols), v(static_cast<std::size_t>(rows * cols)) {}
  explicit Matrix(const Array& a) : Matrix(static_cast<int>(a.rows()), a.columns()) {
    for (std::int64_t i = 0; i < a.size(); ++i) v[static_cast<std::size_t>(i)] = a.at_flat(i);
  }
  double& operator()(int i, int j) { return v[static_cast<std::size_t>(i * columns + j)]; }
  double operator()(int i, int j) const { return v[static_cast<std::size_t>(i * columns + j)]; }
};

void close(const char* what, const Matrix& wanted, const Array& got) {
  INFO(what);
  Array a = Array::empty(got.shape(), f64);
  for (std::int64_t i = 0; i < a.size(); ++i) a.set_flat(i, wanted.v[static_cast<std::size_t>(i)]);
  CHECK(test::error_of(got, a) <= 1e-12);
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

Array random(const Shape& s, const char* name) { return uniform(s, Key{7}.named(name), -1, 1, f64); }

// a[b, :] = x W + h U + bias of one row
std::vector<double> pre(const Matrix& x, const Matrix& h, int b, const Matrix& W, const Matrix& U, const Matrix& bias) {
  std::vector<double> a(bias.v);
  for (int j = 0; j < W.columns; ++j) {
    for (int i = 0; i < I; ++i) a[static_cast<std::size_t>(j)] += x(b, i) * W(i, j);
    for (int i = 0; i < H; ++i) a[static_cast<std::size_t>(j)] += h(b, i) * U(i, j);
  }
  return a;
}

struct Gradients {
  Matrix W, U, b, x, h;
  explicit Gradients(int wide) : W(I, wide), U(H, wide), b(1, wide), x(T * B, I), h(B, H) {}
  // Adds the contribution of the adjoint `a` of a row's pre-activation at time t to the weight gradients; returns dh
  // before the step.
  void add(int t, int r, const std::vector<double>& a, const Matrix& x_t, const Matrix& h_t, const Matrix& Wv,
           const Matrix& Uv, Matrix& dh) {
    for (int j = 0; j < W.columns; ++j) {
      const double d = a[static_cast<std::size_t>(j)];
      b(0, j) += d;
      for (int i = 0; i < I; ++i) {
        W(i, j) += x_t(r, i) * d;
        x(t * B + r, i) += Wv(i, j) * d;
      }
      for (int i = 0; i < H; ++i) {
        U(i, j) += h_t(r, i) * d;
        dh(r, i) += Uv(i, j) * d;
      }
    }
  }
};

std::vector<Matrix> steps_of(const Array& x) {
  std::vector<Matrix> list;
  for (int t = 0; t < x.dim(0); ++t) list.emplace_back(x[t]);
  return list;
}

}  // namespace

TEST_CASE("The vanilla network's gradients equal those of a hand-written backward") {
  Params w{{.seed = 3, .dtype = f64}};
  const Rnn cell(w / "rnn", {I, H});
  const Array x = random({T, B, I}, "x"), h0 = random({B, H}, "h"), weight = random({T, B, H}, "weight");
  const Matrix W(cell.W.value()), U(cell.U.value()), bias(cell.b.value());
  const std::vector<Matrix> xs = steps_of(x), ws = steps_of(weight);
  std::vector<Matrix> h{Matrix(h0)};
  for (int t = 0; t < T; ++t) {
    Matrix next(B, H);
    for (int r = 0; r < B; ++r) {
      const auto a = pre(xs[std::size_t(t)], h.back(), r, W, U, bias);
      for (int j = 0; j < H; ++j) next(r, j) = std::tanh(a[std::size_t(j)]);
    }
    h.push_back(next);
  }
  Gradients wanted(H);
  Matrix dh(B, H);
  for (int t = T - 1; t >= 0; --t) {
    Matrix before(B, H);
    for (int r = 0; r < B; ++r) {
      std::vector<double> a(H);
      for (int j = 0; j < H; ++j) {
        const double y = h[std::size_t(t) + 1](r, j);
        a[std::size_t(j)] = (dh(r, j) + ws[std::size_t(t)](r, j)) * (1 - y * y);
      }
      wanted.add(t, r, a, xs[std::size_t(t)], h[std::size_t(t)], W, U, before);
    }
    dh = before;
  }

  Tape tape{{.dtype = f64}};
  const Var vx = variable(x), vh = variable(h0), vw = constant(weight);
  Hidden s{vh};
  Var loss = constant(Array::number(0, f64));
  for (int t : steps(T)) {
    s = cell.step(vx[t], s);
    loss += sum(s.h * vw[t]);
  }
  const Grads g = tape.backward(loss);
  close("W", wanted.W, g[cell.W]);
  close("U", wanted.U, g[cell.U]);
  close("b", wanted.b, g[cell.b]);
  close("x", wanted.x, g[vx]);
  close("h", dh, g[vh]);
}

TEST_CASE("The LSTM's gradients equal those of a hand-written backward") {
  Params w{{.seed = 4, .dtype = f64}};
  const Lstm cell(w / "lstm", {I, H});
  const Array x = random({T, B, I}, "x"), h0 = random({B, H}, "h"), c0 = random({B, H}, "c");
  const Array weight = random({T, B, H}, "weight"), end_weight = random({B, H}, "end");
  const Matrix W(cell.Wx.value()), U(cell.Wh.value()), bias(cell.b.value());
  const std::vector<Matrix> xs = steps_of(x), ws = steps_of(weight);
  std::vector<Matrix> h{Matrix(h0)}, c{Matrix(c0)}, gates;
  for (int t = 0; t < T; ++t) {
    Matrix gate(B, 4 * H), nh(B, H), nc(B, H);
    for (int r = 0; r < B; ++r) {
      const auto a = pre(xs[std::size_t(t)], h.back(), r, W, U, bias);
      for (int k = 0; k < 4 * H; ++k) {
        const double v = a[std::size_t(k)];
        gate(r, k) = k / H == 2 ? std::tanh(v) : logistic(v);
      }
      for (int j = 0; j < H; ++j) {
        nc(r, j) = gate(r, H + j) * c.back()(r, j) + gate(r, j) * gate(r, 2 * H + j);
        nh(r, j) = gate(r, 3 * H + j) * std::tanh(nc(r, j));
      }
    }
    gates.push_back(gate);
    h.push_back(nh);
    c.push_back(nc);
  }
  Gradients wanted(4 * H);
  Matrix dh(B, H), dc(end_weight);
  for (int t = T - 1; t >= 0; --t) {
    Matrix before(B, H);
    const Matrix& gate = gates[std::size_t(t)];
    for (int r = 0; r < B; ++r) {
      std::vector<double> a(4 * H);
      for (int j = 0; j < H; ++j) {
        const double i = gate(r, j), f = gate(r, H + j), n = gate(r, 2 * H + j), o = gate(r, 3 * H + j);
        const double y = std::tanh(c[std::size_t(t) + 1](r, j)), d = dh(r, j) + ws[std::size_t(t)](r, j);
        const double total = dc(r, j) + d * o * (1 - y * y);
        a[std::size_t(j)] = total * n * i * (1 - i);
        a[std::size_t(H + j)] = total * c[std::size_t(t)](r, j) * f * (1 - f);
        a[std::size_t(2 * H + j)] = total * i * (1 - n * n);
        a[std::size_t(3 * H + j)] = d * y * o * (1 - o);
        dc(r, j) = total * f;
      }
      wanted.add(t, r, a, xs[std::size_t(t)], h[std::size_t(t)], W, U, before);
    }
    dh = before;
  }

  Tape tape{{.dtype = f64}};
  const Var vx = variable(x), vh = variable(h0), vc = variable(c0), vw = constant(weight);
  Lstm::State s{.h = vh, .c = vc};
  Var loss = constant(Array::number(0, f64));
  for (int t : steps(T)) {
    s = cell.step(vx[t], s);
    loss += sum(s.h * vw[t]);
  }
  loss += sum(s.c * constant(end_weight));
  const Grads g = tape.backward(loss);
  close("Wx", wanted.W, g[cell.Wx]);
  close("Wh", wanted.U, g[cell.Wh]);
  close("b", wanted.b, g[cell.b]);
  close("x", wanted.x, g[vx]);
  close("h", dh, g[vh]);
  close("c", dc, g[vc]);
}

}  // namespace hand_written_backward_test
