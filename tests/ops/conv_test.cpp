#include <ebb/ops/conv.hpp>
#include <ebb/ops/isa.hpp>
#include <ebb/ops/parallel.hpp>
#include "catch.hpp"
#include "reference.hpp"

namespace conv_test {

using namespace ebb;
using namespace reference;
using detail::Windows;

namespace {

/// One element of the convolution: f(image, output, pixel of y, pixel of x, row of W) for each of its terms.
template <class F> void over_terms(int images, int channels, int outputs, const Windows& h, const Windows& w, F&& f) {
  for (int b = 0; b < images; ++b)
    for (int o = 0; o < outputs; ++o)
      for (int p = 0; p < h.count(); ++p)
        for (int q = 0; q < w.count(); ++q)
          for (int c = 0; c < channels; ++c)
            for (int i = 0; i < h.kernel; ++i)
              for (int j = 0; j < w.kernel; ++j) {
                const int r = h.entry(p, i), s = w.entry(q, j);
                if (!h.inside(r) || !w.inside(s)) continue;
                f(((b * outputs + o) * h.count() + p) * w.count() + q, ((b * channels + c) * h.size + r) * w.size + s,
                  ((c * h.kernel + i) * w.kernel + j) * outputs + o);
              }
}

Array sums_of(const std::vector<double>& values, const Shape& s) {
  Array a = Array::empty(s, f64);
  std::copy(values.begin(), values.end(), a.data<double>());
  return a;
}
std::vector<double> doubles(const Array& a) {
  std::vector<double> all;
  for (std::int64_t k = 0; k < a.size(); ++k) all.push_back(a.at_flat(k));
  return all;
}

struct Case {
  int images, channels, outputs;
  Windows h, w;
};

std::string text(const Case& c, DType t) {
  const auto axis = [](const Windows& w) {
    return "size " + std::to_string(w.size) + " kernel " + std::to_string(w.kernel) + " stride " +
           std::to_string(w.stride) + " dilation " + std::to_string(w.dilation) + " zeros " + std::to_string(w.before) +
           "+" + std::to_string(w.after);
  };
  return std::to_string(c.images) + "x" + std::to_string(c.channels) + "->" + std::to_string(c.outputs) + ", height " +
         axis(c.h) + ", width " + axis(c.w) + ", " + name_of(t) + " " + name_of(isa());
}

/// Compares a convolution and its adjoints with direct sums.
void check(const Case& k, DType t) {
  INFO(text(k, t));
  const Shape images{k.images, k.channels, k.h.size, k.w.size}, results{k.images, k.outputs, k.h.count(), k.w.count()};
  const int inputs = k.channels * k.h.kernel * k.w.kernel;
  const Array x = numbers(images, t, 1), W = numbers({inputs, k.outputs}, t, 2), g = numbers(results, t, 3);
  const auto xs = doubles(x), Ws = doubles(W), gs = doubles(g);
  std::vector<double> y(gs.size()), dx(xs.size()), dW(Ws.size());
  over_terms(k.images, k.channels, k.outputs, k.h, k.w, [&](int in_y, int in_x, int in_W) {
    const auto to = static_cast<std::size_t>(in_y), from = static_cast<std::size_t>(in_x),
               by = static_cast<std::size_t>(in_W);
    y[to] += xs[from] * Ws[by];
    dx[from] += gs[to] * Ws[by];
    dW[by] += gs[to] * xs[from];
  });
  const double each = t == f32 ? 6e-8 : 1.2e-16;
  CHECK(distance(detail::conv2d(x, W, k.h, k.w), sums_of(y, results)) <= each * (4 + inputs));
  CHECK(distance(detail::conv2d_input(g, W, k.h, k.w), sums_of(dx, images)) <=
        each * (4 + k.outputs * k.h.kernel * k.w.kernel));
  CHECK(distance(detail::conv2d_weight(x, g, k.h, k.w), sums_of(dW, W.shape())) <=
        each * (4 + k.images * k.h.count() * k.w.count()));
}

}  // namespace

TEST_CASE("a convolution and its adjoints agree with direct sums for all strides, dilations, odd sizes and padding") {
  const DType t = GENERATE(f32, f64);
  for (int stride = 1; stride <= 3; ++stride)
    for (int kernel = 1; kernel <= 5; ++kernel)
      for (int dilation = 1; dilation <= 3; ++dilation)
        for (const auto& [before, after] : {std::pair{0, 0}, std::pair{2, 1}, std::pair{1, 4}})
          for (const int size : {13, 14, 15}) {
            const Windows h{size, kernel, stride, dilation, before, after},
                w{size + 5, 1 + (kernel + stride) % 4, 1 + (stride + dilation) % 3, 1 + kernel % 2, after, before};
            check({2, 2, 3, h, w}, t);
            check({1, 2, 1, w, h}, t);
          }
}

TEST_CASE(
    "a convolution and its adjoints agree with direct sums at the sizes of partial tiles, and where a stride skips "
    "pixels") {
  const DType t = GENERATE(f32, f64);
  check({9, 3, 17, {16, 5, 2, 1, 2, 2}, {24, 5, 2, 1, 2, 2}}, t);  // more images than one sum of W's adjoint
  check({1, 13, 30, {9, 3, 2, 1, 1, 1}, {11, 3, 2, 1, 1, 1}}, t);
  check({2, 2, 3, {7, 1, 2, 1, 0, 0}, {8, 2, 4, 1, 0, 0}}, t);    // pixels that no window reads
  check({2, 2, 3, {7, 2, 9, 1, 0, 0}, {5, 3, 100, 1, 2, 2}}, t);  // a single window
  check({2, 1, 2, {1, 1, 2, 1, 1, 0}, {3, 1, 1, 1, 0, 0}}, t);    // windows of zeros only
  check({1, 2, 2, {3, 2, 3, 1, 6, 7}, {2, 1, 2, 1, 5, 4}}, t);    // more padding than the kernel reaches
}

TEST_CASE("a convolution with a stride has the same bits for any number of threads", "[shards]") {
  const Windows h{17, 5, 2, 1, 2, 2}, w{22, 3, 3, 2, 1, 0};
  const DType t = GENERATE(f32, f64);
  const Array x = numbers({21, 3, 17, 22}, t, 1), W = numbers({45, 18}, t, 2),
              g = numbers({21, 18, h.count(), w.count()}, t, 3);
  const int before = threads();
  set_threads(1);
  const Array y = detail::conv2d(x, W, h, w), dx = detail::conv2d_input(g, W, h, w),
              dW = detail::conv2d_weight(x, g, h, w);
  for (const int n : {2, 3}) {
    set_threads(n);
    CHECK(same_bits(detail::conv2d(x, W, h, w), y));
    CHECK(same_bits(detail::conv2d_input(g, W, h, w), dx));
    CHECK(same_bits(detail::conv2d_weight(x, g, h, w), dW));
  }
  set_threads(before);
}

}  // namespace conv_test
