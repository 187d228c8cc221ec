#pragma once
#include <ebb/optim/optimizer.hpp>
#include <string>

namespace ebb {

struct MuonOptions {
  double lr = 2e-2, momentum = .95, decay = 0;
  int iterations = 5;
  bool nesterov = true;
  double others_rate = 1.5e-2, beta1 = .9, beta2 = .95,
         epsilon = 1e-10;  ///< of AdamW, for other parameters; its learning rate is lr others_rate
  /// Name patterns of matrices that are not hidden: embeddings and output heads.
  std::string others = "*emb*|*words*|*letters*|out/*|*/out/*|*head/*";
  void declare(GivenOptions&);
};

/// Orthogonalised momentum: each hidden matrix steps along U V^T, where U S V^T is the SVD of its running mean, so all
/// directions have equal step size.
///
///     m = momentum m + (1 - momentum) g;   u = (1 - momentum) g + momentum m   (nesterov; else u = m)
///     w = w (1 - lr decay) - lr max(1, out / in)^1/2 orthogonal(u)
///     orthogonal: X = u / (|u| + 1e-7), then `iterations` times X = a X + (b A + c A^2) X,   A = X X^T
///     a, b, c = 3.4445, -4.7750, 2.0315: singular values end between .7 and 1.2, not exactly at 1
///
/// AdamW updates all other parameters, that is, vectors and matrices whose names match `others`:
///
///     Muon muon{w, {.lr = .02, .others = "embedding/*|out/*"}};
///
/// Shapes    matrices [in, out]; for tensors of rank 3 or 4, `in` is all but the last axis
/// Errors    ValueError if a rate, decay or epsilon is negative, momentum or a beta is outside [0, 1), or iterations is
///           below 1
/// Numerics  in the parameters' element type, with the norm |u| from scaled squares in float64; bitwise identical for
///           any number of threads
/// Cost      iterations (4 in out k + 2 k^3) flops per update, with k = min(in, out)
/// Source    Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/
/// Differs   from the authors' reference, which iterates in bfloat16, has matrices [out, in], and a separate learning
///           rate for the other parameters instead of a factor. Gates that share a matrix, such as an LSTM's [I, 4H],
///           are treated as one matrix.
class Muon final : public Optimizer {
 public:
  using Options = MuonOptions;
  explicit Muon(const LeafSet& set, MuonOptions o = {});

 private:
  void update(const Slice<float>&) override;
  void update(const Slice<double>&) override;
  template <class T> void run(const Slice<T>& s) const;
  template <class T> void run_hidden(const Slice<T>& s) const;
  template <class T> void run_other(const Slice<T>& s) const;
  bool hidden(const char* name, const Shape&) const;
  MuonOptions o_;
};

}  // namespace ebb
