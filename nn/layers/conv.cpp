#include <fmt/format.h>
#include <ebb/autograd/op.hpp>
#include <ebb/nn/layers/conv.hpp>
#include <ebb/nn/layers/conv_images.hpp>
#include <ebb/nn/layers/conv_unfold.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

using detail::Windows;

/// An axis long enough for any kernel, to check options before there is an input.
constexpr int long_enough = 1 << 30;

Windows windows_of(int size, const Conv1dOptions& o) {
  const int reach = o.dilation * (o.kernel - 1);
  Windows w{size, o.kernel, o.stride, o.dilation, 0, 0};
  if (o.padding == Padding::causal) w.before = reach;
  if (o.padding == Padding::same) {
    w.before = reach / 2;
    w.after = reach - reach / 2;
  }
  return w;
}

void check_options(const Conv1dOptions& o) {
  detail::check({long_enough, o.kernel, o.stride, o.dilation, 0, 0}, "conv1d", "time");
  if (o.padding == Padding::same && o.stride != 1)
    throw ValueError(fmt::format("conv1d: padding `same` requires stride 1, not {}", o.stride));
}

Windows height_of(int size, const Conv2dOptions& o) {
  return {size, o.kernel.h, o.stride.h, o.dilation.h, o.padding.h, o.padding.h};
}
Windows width_of(int size, const Conv2dOptions& o) {
  return {size, o.kernel.w, o.stride.w, o.dilation.w, o.padding.w, o.padding.w};
}

void check_options(const Conv2dOptions& o) {
  detail::check(height_of(long_enough, o), "conv2d", "height");
  detail::check(width_of(long_enough, o), "conv2d", "width");
}

Conv1dOptions checked(Conv1dOptions o) {
  check_options(o);
  return o;
}
Conv2dOptions checked(Conv2dOptions o) {
  check_options(o);
  return o;
}

/// Checks x's axes and channels.
void check_input(const char* op, const char* axes, const Shape& x, int rank, int channel_axis, int channels) {
  if (x.rank() != rank || x[channel_axis] != channels)
    throw ShapeError(
        fmt::format("{}: x must be {} with {}, but is {}", op, axes, detail::counted(channels, "channel"), text(x)));
}

}  // namespace

Conv1d::Conv1d(Builder p, int input, int output, Conv1dOptions o)
    : W(p.matrix("W", checked(o).kernel * input, output, fan_in_uniform(o.kernel * input))),
      b(p.vector("b", output, fan_in_uniform(o.kernel * input))), options(o) {}

Sequence Conv1d::operator()(const Sequence& x, std::source_location where) const {
  const CallSite here{where};
  return conv1d(x.all(), W, options) + b;
}

Var conv1d(At x, At W, const Conv1dOptions& o) {
  const CallSite here{x.where};
  const Windows time = detail::located(x.where, [&] {
    check_options(o);
    if (W.var.rank() != 2 || W.var.dim(0) % o.kernel != 0)
      throw ShapeError(fmt::format("conv1d: W must be [kernel * channels, O] with kernel {}, but is {}", o.kernel,
                                   text(W.var.shape())));
    check_input("conv1d", "[T, B, C]", x.var.shape(), 3, 2, W.var.dim(0) / o.kernel);
    const Windows w = windows_of(x.var.dim(0), o);
    detail::check(w, "conv1d", "time");
    return w;
  });
  return matmul(detail::unfold_steps(std::move(x), time), std::move(W));
}

Conv2d::Conv2d(Builder p, int input, int output, Conv2dOptions o)
    : W(p.matrix("W", input * checked(o).kernel.h * o.kernel.w, output,
                 fan_in_uniform(input * o.kernel.h * o.kernel.w))),
      b(p.vector("b", output, fan_in_uniform(input * o.kernel.h * o.kernel.w))), options(o) {}

Var Conv2d::operator()(At x) const {
  const CallSite here{x.where};
  const int inputs = W.shape()[0], outputs = W.shape()[1];
  const auto [height, width] = detail::located(x.where, [&] {
    check_input("conv2d", "[B, C, H, W]", x.var.shape(), 4, 1, inputs / (options.kernel.h * options.kernel.w));
    const std::pair axes{height_of(x.var.dim(2), options), width_of(x.var.dim(3), options)};
    detail::check(axes.first, "conv2d", "height");
    detail::check(axes.second, "conv2d", "width");
    return axes;
  });
  return detail::convolve_images(std::move(x), W, height, width) + reshape(b, {outputs, 1, 1});
}

}  // namespace ebb
