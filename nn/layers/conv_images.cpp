#include <ebb/autograd/op.hpp>
#include <ebb/nn/layers/conv_images.hpp>
#include <ebb/nn/shipped_op.hpp>
#include <ebb/ops/conv.hpp>

/// The convolution y of x and W, and its adjoints: <g, y(x, W)> is linear in each of g, x and W, so the gradients of
/// each of the three ops are the other two.
namespace ebb::detail {

namespace {

struct Convolution {
  static constexpr auto tried_by = NnOp::conv2d;
  static constexpr auto name = "conv2d";
  static constexpr unsigned needs = need_inputs;
  Windows h, w;
  Array value(const Array& x, const Array& W) const { return conv2d(x, W, h, w); }
  std::array<Var, 2> vjp(const Var& g, const Var& x, const Var& W, const Var&) const {
    return {x.requires_grad() ? convolve_images_input(g, W, h, w) : Var(),
            W.requires_grad() ? convolve_images_weight(x, g, h, w) : Var()};
  }
};

struct ConvolutionInput {
  static constexpr auto tried_by = NnOp::conv2d_input;
  static constexpr auto name = "conv2d_input";
  static constexpr unsigned needs = need_inputs;
  Windows h, w;
  Array value(const Array& g, const Array& W) const { return conv2d_input(g, W, h, w); }
  std::array<Var, 2> vjp(const Var& r, const Var& g, const Var& W, const Var&) const {
    return {g.requires_grad() ? convolve_images(r, W, h, w) : Var(),
            W.requires_grad() ? convolve_images_weight(r, g, h, w) : Var()};
  }
};

struct ConvolutionWeight {
  static constexpr auto tried_by = NnOp::conv2d_weight;
  static constexpr auto name = "conv2d_weight";
  static constexpr unsigned needs = need_inputs;
  Windows h, w;
  Array value(const Array& x, const Array& g) const { return conv2d_weight(x, g, h, w); }
  std::array<Var, 2> vjp(const Var& r, const Var& x, const Var& g, const Var&) const {
    return {x.requires_grad() ? convolve_images_input(g, r, h, w) : Var(),
            g.requires_grad() ? convolve_images(x, r, h, w) : Var()};
  }
};

}  // namespace

Var convolve_images(At x, At kernel, const Windows& height, const Windows& width) {
  return apply(Convolution{height, width}, std::move(x), kernel.var);
}
Var convolve_images_input(At g, At kernel, const Windows& height, const Windows& width) {
  return apply(ConvolutionInput{height, width}, std::move(g), kernel.var);
}
Var convolve_images_weight(At x, At g, const Windows& height, const Windows& width) {
  return apply(ConvolutionWeight{height, width}, std::move(x), g.var);
}

}  // namespace ebb::detail
