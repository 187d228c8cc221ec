#include <fmt/format.h>
#include <algorithm>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/files/torch_names.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

using Scopes = std::vector<std::string>;

std::string joined(const std::string& a, char between, const std::string& b) { return a.empty() ? b : a + between + b; }

}  // namespace

Leaf TorchNames::claim(const std::string& parameter) {
  const Leaf leaf = set_.find(parameter.c_str());
  if (!leaf) {
    std::vector<std::string> known;
    for (int k = 0; k < set_.count(); ++k) known.emplace_back(set_[k].name());
    const std::string near = nearest(parameter, known);
    throw ValueError("torch names: there is no parameter '" + parameter + "'" +
                     (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  if (std::count(claimed_.begin(), claimed_.end(), parameter) > 0)
    throw ValueError("torch names: parameter '" + parameter + "' is given two names");
  claimed_.push_back(parameter);
  return leaf;
}

void TorchNames::add(Layout layout, const std::string& tensor, const std::string& second, const std::string& parameter,
                     const std::string& apart) {
  for (const Pair& p : pairs_)
    if (p.tensor == tensor) throw ValueError("torch names: tensor '" + tensor + "' is given two parameters");
  const Leaf leaf = claim(parameter);
  if (layout == Layout::transposed && leaf.shape().rank() != 2)
    throw ValueError("torch names: parameter '" + parameter + "' is " + text(leaf.shape()) + ", not a matrix");
  pairs_.push_back({layout, tensor, second, leaf, apart.empty() ? Leaf() : claim(apart)});
}

void TorchNames::layer(const Cell& cell, const std::string& prefix, const std::string& suffix,
                       const std::string& scope) {
  const auto name = [&](const char* what) { return joined(prefix, '.', what + suffix); };
  const auto in = [&](const char* what) { return joined(scope, '/', what); };
  add(Layout::transposed, name("weight_ih_l"), "", in(cell.input));
  add(Layout::transposed, name("weight_hh_l"), "", in(cell.state));
  const Shape shape = pairs_.back().leaf.shape();
  if (shape[1] != cell.gates * shape[0])
    throw ValueError(fmt::format("torch names: parameter '{}' is {}, where {} blocks of [H, H] are needed",
                                 in(cell.state), text(shape), cell.gates));
  add(cell.bias, name("bias_ih_l"), name("bias_hh_l"), in("b"), cell.bias == Layout::gru_biases ? in("bn") : "");
}

TorchNames& TorchNames::recurrent(const Cell& cell, const std::string& module, const Scopes& layers,
                                  const Scopes& reverse) {
  if (layers.empty()) throw ValueError("torch names: module '" + module + "' has no layer");
  if (!reverse.empty() && reverse.size() != layers.size())
    throw ValueError(fmt::format("torch names: module '{}' has {} forwards and {} backwards", module,
                                 detail::counted(layers.size(), "layer"), reverse.size()));
  TorchNames next(*this);  // so that a rejected layer leaves nothing behind
  for (std::size_t l = 0; l < layers.size(); ++l) {
    next.layer(cell, module, std::to_string(l), layers[l]);
    if (!reverse.empty()) next.layer(cell, module, std::to_string(l) + "_reverse", reverse[l]);
  }
  return *this = next;
}

TorchNames& TorchNames::rnn(const std::string& module, const Scopes& layers, const Scopes& reverse) {
  return recurrent({"W", "U", 1, Layout::two_biases}, module, layers, reverse);
}
TorchNames& TorchNames::lstm(const std::string& module, const Scopes& layers, const Scopes& reverse) {
  return recurrent({"Wx", "Wh", 4, Layout::two_biases}, module, layers, reverse);
}
TorchNames& TorchNames::gru(const std::string& module, const Scopes& layers, const Scopes& reverse) {
  return recurrent({"Wx", "Wh", 3, Layout::gru_biases}, module, layers, reverse);
}
TorchNames& TorchNames::linear(const std::string& module, const std::string& scope) {
  TorchNames next(*this);
  next.add(Layout::transposed, joined(module, '.', "weight"), "", joined(scope, '/', "W"));
  next.add(Layout::bias, joined(module, '.', "bias"), "", joined(scope, '/', "b"));
  return *this = next;
}
TorchNames& TorchNames::embedding(const std::string& module, const std::string& scope) {
  return same(joined(module, '.', "weight"), joined(scope, '/', "W"));
}
TorchNames& TorchNames::same(const std::string& tensor, const std::string& parameter) {
  add(Layout::same, tensor, "", parameter);
  return *this;
}

void TorchNames::check_all_named(const char* what, Fit fit) const {
  if (fit == Fit::part) return;
  for (int k = 0; k < set_.count(); ++k)
    if (std::count(claimed_.begin(), claimed_.end(), set_[k].name()) == 0)
      throw ValueError(std::string(what) + ": parameter '" + set_[k].name() +
                       "' has no name in PyTorch; give it one, or ask for Fit::part");
}

}  // namespace ebb
