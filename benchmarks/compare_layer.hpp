#pragma once
#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/layers/conv.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/params.hpp>
#include <optional>

#include "peers/row.hpp"

namespace compare {

/// Forward and backward of one layer: a convolution with the mean square of its outputs as the loss, or a cross entropy
/// of given logits. T is the height of the image, I and H the channels; or B the rows, and H the classes. The name of a
/// convolution is like kernel5-stride2-width96, see peers/work.py.
class LayerRow {
 public:
  LayerRow(const Arguments& a, const std::vector<float>& problem) {
    const int B = a.number("B"), I = a.number("I"), H = a.number("H"), height = a.number("T");
    Reader in{problem};
    if (a.text("work") == "cross_entropy") {
      targets_ = ebb::Tokens({B});
      for (int k = 0; k < B; ++k) targets_.data()[k] = static_cast<int>(problem[static_cast<std::size_t>(k)]);
      in.at += B;
      x_ = in.next({B, H});
      return;
    }
    const int kernel = said(a, "kernel", 3);
    conv_.emplace(w_ / "conv", I, H,
                  ebb::Conv2dOptions{.kernel = kernel, .stride = said(a, "stride", 1), .padding = kernel / 2});
    leaf_ = I > 1;
    const ebb::Shape image{B, I, height, said(a, "width", height)};
    if (!leaf_) x_ = in.next(image);
    {
      ebb::Edit change(w_);
      for (const char* name : {"conv/W", "conv/b"}) {
        const ebb::Leaf p = w_.find(name);
        change[p].assign(in.next(p.shape()));
      }
    }
    if (leaf_) x_ = in.next(image);
  }

  void step() { gradient(); }

  /// The loss, then the gradients in the order of the problem's parameters.
  std::vector<double> numbers() {
    std::vector<double> all{0};
    ebb::Array of_x;
    const ebb::Grads g = gradient(&all[0], &of_x);
    const auto add = [&](const ebb::Array& part) {
      const ebb::Array x = part.to(ebb::f64).compact();
      all.insert(all.end(), x.data<double>(), x.data<double>() + x.size());
    };
    if (conv_)
      for (const char* name : {"conv/W", "conv/b"}) add(g[w_.find(name)]);
    if (of_x) add(of_x);
    return all;
  }

 private:
  static int said(const Arguments& a, const std::string& what, int otherwise) {
    const std::string& name = a.text("cell");
    const auto at = name.find(what);
    return at == std::string::npos ? otherwise : std::stoi(name.substr(at + what.size()));
  }

  struct Reader {
    const std::vector<float>& numbers;
    std::ptrdiff_t at = 0;
    ebb::Array next(const ebb::Shape& shape) {
      float* from = const_cast<float*>(numbers.data()) + at;
      at += static_cast<std::ptrdiff_t>(shape.size());
      return ebb::Array::borrowed(from, shape, shape.columns(), ebb::f32).copy();
    }
  };

  ebb::Grads gradient(double* loss = nullptr, ebb::Array* of_x = nullptr) {
    ebb::Tape tape;
    const ebb::Var x = conv_ && !leaf_ ? ebb::constant(x_) : ebb::variable(x_);
    const ebb::Var value = conv_ ? mean(square((*conv_)(x))) : mean(cross_entropy(x, targets_));
    ebb::Grads g = tape.backward(value);
    if (loss) *loss = value.value().item();
    if (of_x && g.has(x)) *of_x = g[x];
    return g;
  }

  ebb::Params w_;
  std::optional<ebb::Conv2d> conv_;
  bool leaf_ = false;  // whether the gradient of the image is computed
  ebb::Array x_;       // images or logits
  ebb::Tokens targets_;
};

}  // namespace compare
