#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/layers/conv.hpp>
#include <ebb/nn/layers/conv_images.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/layers/pool.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/ops/conv.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/reduce.hpp>

#include "layer_case.hpp"

namespace conv_test {

using namespace ebb;
using detail::Windows;
using nlohmann::json;
using test::contains;
using test::message_of;
using test::Vars;

namespace {

Padding padding_of(const std::string& s) {
  return s == "same" ? Padding::same : s == "causal" ? Padding::causal : Padding::none;
}
Size2d pair_of(const json& j) { return {j[0], j[1]}; }

Conv1dOptions options_1d(const json& o) { return {o["kernel"], o["stride"], o["dilation"], padding_of(o["padding"])}; }
Conv2dOptions options_2d(const json& o) {
  return {pair_of(o["kernel"]), pair_of(o["stride"]), pair_of(o["padding"]), pair_of(o["dilation"])};
}
Pool2dOptions pool_2d(const json& o) { return {pair_of(o["kernel"]), pair_of(o["stride"]), pair_of(o["padding"])}; }

/// The windows of all images as the rows of a matrix, [B H' W', C Kh Kw].
Array windows_as_rows(const Array& x, const Windows& h, const Windows& w) {
  const int B = x.dim(0), C = x.dim(1);
  Array rows = Array::zeros({B * h.count() * w.count(), C * h.kernel * w.kernel}, x.dtype());
  std::int64_t at = 0;
  for (int b = 0; b < B; ++b)
    for (int p = 0; p < h.count(); ++p)
      for (int q = 0; q < w.count(); ++q)
        for (int c = 0; c < C; ++c)
          for (int i = 0; i < h.kernel; ++i)
            for (int j = 0; j < w.kernel; ++j, ++at) {
              const int r = h.entry(p, i), s = w.entry(q, j);
              if (h.inside(r) && w.inside(s)) rows.set_flat(at, x.at({b, c, r, s}));
            }
  return rows;
}

Array drawn(const Shape& s, int key = 1) { return normal(s, Key{7}.at(static_cast<std::uint64_t>(key)), 0, 1, f64); }

}  // namespace

TEST_CASE("Convolutions and their gradients agree with PyTorch's") {
  const DType dtype = GENERATE(f64, f32);
  const json goldens = test::golden("layers_conv.json");
  for (const json& c : goldens["conv1d"]) {
    Params w{{.dtype = dtype}};
    const Conv1d conv(w / "", c["options"]["input"], c["options"]["output"], options_1d(c["options"]));
    test::compare_case(c, w, test::tolerance_of(dtype), [&](Vars& in) { return Vars{{"y", conv(in["x"]).all()}}; });
  }
  for (const json& c : goldens["conv2d"]) {
    Params w{{.dtype = dtype}};
    const Conv2d conv(w / "", c["options"]["input"], c["options"]["output"], options_2d(c["options"]));
    test::compare_case(c, w, test::tolerance_of(dtype), [&](Vars& in) { return Vars{{"y", conv(in["x"])}}; });
  }
}

TEST_CASE("Pools and their gradients agree with PyTorch's") {
  const DType dtype = GENERATE(f64, f32);
  const json goldens = test::golden("layers_conv.json");
  for (const json& c : goldens["pool1d"]) {
    Params w{{.dtype = dtype}};
    const json& o = c["options"];
    const Pool1dOptions options{o["kernel"], o["stride"], o["padding"]};
    test::compare_case(c, w, test::tolerance_of(dtype), [&](Vars& in) {
      return Vars{{"max", max_pool1d(in["x"], options).all()}, {"mean", mean_pool1d(in["x"], options).all()}};
    });
  }
  for (const json& c : goldens["pool2d"]) {
    Params w{{.dtype = dtype}};
    const Pool2dOptions options = pool_2d(c["options"]);
    test::compare_case(c, w, test::tolerance_of(dtype), [&](Vars& in) {
      return Vars{{"max", max_pool2d(in["x"], options)}, {"mean", mean_pool2d(in["x"], options)}};
    });
  }
}

TEST_CASE("Gradients of convolutions and pools agree with finite differences, to second order") {
  for (const auto& [kernel, stride, dilation, padding] :
       {std::tuple{3, 1, 2, Padding::causal}, std::tuple{2, 2, 1, Padding::none}, std::tuple{4, 1, 1, Padding::same}}) {
    const Conv1dOptions o{kernel, stride, dilation, padding};
    const auto r = gradcheck([&](const std::vector<Var>& in) { return tanh(conv1d(in[0], in[1], o)); },
                             {drawn({6, 2, 2}), drawn({kernel * 2, 3}, 2)}, {.order = 2});
    INFO(r);
    CHECK(r.ok());
  }
  Params w{{.seed = 2, .dtype = f64}};
  const Conv2d conv(w / "", 2, 3, {.kernel = {2, 3}, .stride = {1, 2}, .padding = 1, .dilation = {2, 1}});
  const Array images = drawn({4, 2, 4, 5});
  const auto trained =
      gradcheck(w, {.rows = 4, .order = 2},
                [&](Shard& s) {
                  const Var y = tanh(conv(s.rows(images)));
                  return s.sum(sum(y * max_pool2d(y, {.kernel = 1}) + square(sum(mean_pool2d(y, {2, 1, 1})))));
                },
                {.order = 2});
  INFO(trained);
  CHECK(trained.ok());
  const auto pooled = gradcheck(
      [](const std::vector<Var>& in) {
        return square(max_pool1d(in[0], {3, 2, 1}).all()) * square(mean_pool1d(in[0], {3, 2, 1}).all());
      },
      {drawn({7, 2, 2})}, {.order = 2});
  INFO(pooled);
  CHECK(pooled.ok());
}

TEST_CASE("Convolutions have the same gradients in one shard and in many, and a row does not depend on its batch",
          "[shards]") {
  constexpr int T = 9, B = 33;
  Params w{{.seed = 5, .dtype = f64}};
  const Conv1d conv(w / "time", 3, 4, {.kernel = 3, .dilation = 2, .padding = Padding::causal});
  const Conv2d images(w / "image", 1, 2, {.kernel = 3, .padding = 1});
  const Array x = drawn({T, B, 3}), y = drawn({B, 1, 6, 5}, 2);
  const auto loss = [&](Shard& s) {
    const Var a = max_pool1d(conv(s.sequence(x))).all(), b = mean_pool2d(relu(images(s.rows(y))));
    s.out("image", b);
    return s.sum(square(a)) + s.sum(square(b));
  };
  const Result one = backward(w, {.rows = B, .dtype = f64, .shards = 1}, loss);
  const Result many = backward(w, {.rows = B, .dtype = f64, .shards = 7}, loss);
  CHECK(test::error_of(many.grads.flat(), one.grads.flat()) <= 1e-12);
  CHECK(test::same_bits(many.rows("image"), one.rows("image")));
}

TEST_CASE(
    "A convolution of images has the same bits for any number of threads, and those of its windows as a product") {
  const int stride = GENERATE(1, 2, 3);
  constexpr int B = 21, C = 3, O = 18, H = 9,
                W = 13;  // more images than one sum of the kernel's adjoint, partial tiles
  const Windows height{H, 3, stride, 2, 1, 3}, width{W, 4, stride, 1, 2, 0};
  const DType dtype = GENERATE(f32, f64);
  const Array x = drawn({B, C, H, W}).to(dtype), kernel = drawn({C * 3 * 4, O}, 2).to(dtype);
  const Array g = drawn({B, O, height.count(), width.count()}, 3).to(dtype);
  const int before = threads();
  set_threads(1);
  const Array y = detail::conv2d(x, kernel, height, width), dx = detail::conv2d_input(g, kernel, height, width),
              dw = detail::conv2d_weight(x, g, height, width);
  for (const int n : {2, 3}) {
    set_threads(n);
    CHECK(test::same_bits(detail::conv2d(x, kernel, height, width), y));
    CHECK(test::same_bits(detail::conv2d_input(g, kernel, height, width), dx));
    CHECK(test::same_bits(detail::conv2d_weight(x, g, height, width), dw));
  }
  set_threads(before);

  const Array product =
      matmul(windows_as_rows(x, height, width), kernel).reshape({B, height.count() * width.count(), O});
  CHECK(test::same_bits(transpose(product, {0, 2, 1}).reshape(y.shape()), y));
}

TEST_CASE("A convolution without pixels, images or with more padding than its kernel reaches") {
  const Windows wide{3, 1, 1, 1, 2, 2}, high{2, 2, 1, 1, 3, 3};  // the adjoint's windows crop
  const Array x = drawn({2, 1, 2, 3}), kernel = drawn({2, 1}, 2);
  const auto r =
      gradcheck([&](const std::vector<Var>& in) { return tanh(detail::convolve_images(in[0], in[1], high, wide)); },
                {x, kernel}, {.order = 2});
  INFO(r);
  CHECK(r.ok());
  const Array none = Array::zeros({0, 1, 2, 3}, f64);
  CHECK(detail::conv2d(none, kernel, high, wide).shape() == Shape{0, 1, 7, 7});
  CHECK(amax(abs(detail::conv2d_weight(none, Array::zeros({0, 1, 7, 7}, f64), high, wide))).item() == 0);
}

TEST_CASE("A convolution learns the orientation of a bar in an image", "[science]") {
  constexpr int B = 64, size = 8;
  Array images = Array::zeros({B, 1, size, size}, f32), upright = Array::zeros({B, 1}, f32);
  for (int r = 0; r < B; ++r) {
    const int place = Key{3}.below(size, static_cast<std::uint64_t>(r));
    for (int k = 0; k < size; ++k) images.set_flat(r * size * size + (r % 2 ? k * size + place : place * size + k), 1);
    upright.set_flat(r, r % 2);
  }
  Params w{{.seed = 1}};
  const Conv2d conv(w / "conv", 1, 4, {.kernel = 3, .padding = 1});
  const Linear out(w / "out", 4, 1);
  const auto loss = [&](Shard& s) {
    const Var seen = amax(reshape(relu(conv(s.rows(images))), {s.rows(), 4, -1}), -1);
    return s.mean_rows(binary_cross_entropy(out(seen), s.rows(upright)));
  };
  double last = 0;
  for (int u = 0; u < 300; ++u) {
    const Result r = backward(w, {.rows = B}, loss);
    last = r.loss;
    Edit change = w.edit();
    for (int k = 0; k < w.count(); ++k) {
      Array values = change[w[k]];
      add_scaled_into(values, -.3, r.grads[w[k]]);
    }
  }
  CHECK(last < .1);  // always predicting one half costs .69
}

TEST_CASE("Convolutions and pools reject invalid arguments and name them") {
  Params w;
  CHECK(contains(message_of<ValueError>([&] { Conv1d(w / "a", 2, 3, {.kernel = 0}); }), "dilation must be at least 1"));
  CHECK(contains(message_of<ValueError>([&] { Conv1d(w / "b", 2, 3, {.stride = 2, .padding = Padding::same}); }),
                 "requires stride 1, not 2"));
  CHECK(contains(message_of<ValueError>([&] { Conv2d(w / "c", 2, 3, {.padding = {0, -1}}); }), "along the width"));
  CHECK(w.count() == 0);  // nothing was created
  const Conv1d conv(w / "conv", 2, 3, {.kernel = 3, .dilation = 2});
  const Conv2d images(w / "images", 2, 3, {.kernel = {3, 5}, .padding = {0, 1}});
  Tape tape;
  const Var x = zeros({4, 1, 2}), picture = zeros({1, 2, 3, 2});
  const std::string message = message_of<ShapeError>([&] { conv(x); });
  CHECK(contains(message, "conv1d: a kernel of 3 with dilation 2 spans 5 entries, but the time has 4"));
  CHECK(contains(message, "conv_test.cpp:"));
  CHECK(
      contains(message_of<ShapeError>([&] { conv(zeros({9, 1, 3})); }), "[T, B, C] with 2 channels, but is [9, 1, 3]"));
  CHECK(contains(message_of<ShapeError>([&] { conv(zeros({9, 2})); }), "[9, 2]"));
  CHECK(contains(message_of<ShapeError>([&] { conv1d(x, zeros({5, 2}), {}); }), "W must be [kernel * channels, O]"));
  CHECK(contains(message_of<ShapeError>([&] { images(picture); }), "spans 5 entries, but the width has 4"));
  CHECK(contains(message_of<ShapeError>([&] { images(x); }), "[B, C, H, W]"));
  CHECK(contains(message_of<ShapeError>([&] { max_pool1d(x, {.kernel = 5}); }), "max_pool1d: a kernel of 5"));
  CHECK(contains(message_of<ValueError>([&] { mean_pool2d(picture, {.kernel = 2, .padding = {2, 0}}); }),
                 "at most half the kernel"));
  CHECK(contains(message_of<ShapeError>([&] { mean_pool2d(x); }), "mean_pool2d: x must be images [B, C, H, W]"));
  CHECK(contains(message_of<ShapeError>([&] { mean_pool1d(picture); }), "mean_pool1d: x must be a sequence [T, B, C]"));
}

TEST_CASE("The maximum of a window with a NaN is NaN, and of equal maxima the first receives the gradient") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::from({5, 1, 1}, {1, 1, NAN, 0, 2}, f64));
  const Var y = max_pool1d(x, {.kernel = 2, .stride = 1}).all();
  CHECK(y.value().at_flat(0) == 1);
  CHECK(std::isnan(y.value().at_flat(1)));
  CHECK(std::isnan(y.value().at_flat(2)));
  CHECK(y.value().at_flat(3) == 2);
  const Grads g = tape.backward(sum(y[0] + y[3]));
  CHECK(g[x].at_flat(0) == 1);
  CHECK(g[x].at_flat(1) == 0);
  CHECK(g[x].at_flat(4) == 1);
}

}  // namespace conv_test
