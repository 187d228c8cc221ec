#pragma once
#include <ebb/nn/files/safetensors.hpp>
#include <ebb/nn/params.hpp>
#include <string>
#include <vector>

namespace ebb {

/// Whether every tensor of the file and every parameter of the set must have a counterpart, or only some.
enum class Fit { whole, part };

/// Maps PyTorch's modules to a model's scopes; reads and writes weights under PyTorch's names.
///
///     CellPtr f = make_stack("lstm", w / "rnn", {I, H}, 2);
///     TorchNames names{w};
///     names.embedding("emb", "emb").lstm("encoder", {"rnn/1", "rnn/2"}).linear("out", "out");
///     names.load("model.safetensors");       // torch: save_file(model.state_dict(), "model.safetensors")
///     names.save("back.safetensors");        // torch: model.load_state_dict(load_file("back.safetensors"))
///
/// A module's name is its prefix in the state_dict, "" for the model itself. A recurrent module has one scope per
/// layer, and a second one per layer for the reverse direction if it is bidirectional; layer l + 1 then reads the
/// output of `bidirectional(f, b, ...)` of layer l.
///
///     weight_ih_l0 [G H, I] = Wx^T (W^T in rnn);   weight_hh_l0 [G H, H] = Wh^T (U^T);   Linear: weight [O, I] = W^T, bias = b
///     rnn, lstm: bias_ih_l0 + bias_hh_l0 = b;   gru: the same, but for n: bias_ih_l0 = b, bias_hh_l0 = bn
///
/// The order of gates is the same in both, i f g o and r z n. Biases that PyTorch lacks (bias=False) are zero; where
/// Ebb has one bias and PyTorch two, the second is written as zero.
///
/// Errors    ValueError if a scope lacks such parameters, or one is named twice
/// Source    https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html, and those of RNN, GRU, Linear,
///           Embedding
class TorchNames final {
 public:
  explicit TorchNames(const LeafSet& w) : set_(w) {}
  TorchNames& rnn(const std::string& module, const std::vector<std::string>& layers,
                  const std::vector<std::string>& reverse = {});
  TorchNames& lstm(const std::string& module, const std::vector<std::string>& layers,
                   const std::vector<std::string>& reverse = {});
  TorchNames& gru(const std::string& module, const std::vector<std::string>& layers,
                  const std::vector<std::string>& reverse = {});
  TorchNames& linear(const std::string& module, const std::string& scope);
  TorchNames& embedding(const std::string& module, const std::string& scope);
  /// A tensor with the same layout in both: "norm.weight", "norm/gain".
  TorchNames& same(const std::string& tensor, const std::string& parameter);

  /// Errors    FileError naming a tensor that is missing, has another shape or has no parameter; nothing is changed
  ///           then. ValueError naming a parameter that is not mapped
  void load(const std::string& path, Fit fit = Fit::whole) const;
  void save(const std::string& path, const Metadata& = {}, Fit fit = Fit::whole) const;

 private:
  enum class Layout { same, transposed, bias, two_biases, gru_biases };
  struct Pair {
    Layout layout;
    std::string tensor, second;  // PyTorch's two biases
    Leaf leaf, apart;            // gru: b and bn
  };
  struct Cell {
    const char *input, *state;
    int gates;
    Layout bias;
  };
  struct Tensors;
  TorchNames& recurrent(const Cell&, const std::string& module, const std::vector<std::string>& layers,
                        const std::vector<std::string>& reverse);
  void layer(const Cell&, const std::string& prefix, const std::string& suffix, const std::string& scope);
  void add(Layout, const std::string& tensor, const std::string& second, const std::string& parameter,
           const std::string& apart = "");
  Leaf claim(const std::string& parameter);
  void check_all_named(const char* what, Fit) const;

  LeafSet set_;
  std::vector<Pair> pairs_;
  std::vector<std::string> claimed_;
};

}  // namespace ebb
