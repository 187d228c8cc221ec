// A training loop written out in full, on user data: after reading a sequence, an LSTM must output its first symbol.
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cells/lstm.hpp>
#include <ebb/nn/files/weights.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/ops/xtensor.hpp>
#include <ebb/optim/adam.hpp>
#include <ebb/optim/clip.hpp>
#include <filesystem>
#include <iostream>

using namespace ebb;

constexpr int N = 1024, T = 8, V = 6, B = 32, H = 32;  // sequences, steps, symbols, batch, width

struct Model {
  Params w{{.seed = 1}};
  Embedding embedding{w / "embedding", V, H};
  Lstm cell{w / "lstm", {H, H}};
  Linear out{w / "out", H, V};

  Var logits(const Tokens& x) const {  // x [T, B] -> [B, V]
    const int rows = x.dim(1);
    Lstm::State s{.h = zeros({rows, H}), .c = zeros({rows, H})};
    const Var inputs = embedding(x);  // all steps at once: [T, B, H]
    for (int t : steps(x.dim(0))) s = cell.step(inputs[t], s);
    return out(s.h);
  }
};

// The accuracy, computed with xtensor: `view` gives access to an Ebb array without a copy.
double accuracy(const Var& logits, const Tokens& y) {
  const Tokens baseline = argmax(logits);
  const auto right = xt::equal(view<const int, 1>(baseline), view<const int, 1>(y));
  return xt::mean(xt::cast<double>(right))();
}

double evaluate(const Model& m, const Tokens& x, const Tokens& y) {
  Tape tape;
  NoGrad off;
  return accuracy(m.logits(x), y);
}

int main() {
  // Data in the usual layout: one sequence per row, one label per sequence.
  const xt::xarray<int> sequences = view<int, 2>(integers({N, T}, Key{1}, 0, V));
  const xt::xarray<int> labels = xt::strided_view(sequences, {xt::all(), 0});

  Model m;
  Adam adam{m.w, {.lr = 1e-2}};
  std::cout << m.w.summary() << "\n";

  for (int epoch = 0; epoch < 5; ++epoch) {
    double loss_sum = 0, right = 0;
    for (int first = 0; first < N; first += B) {
      const xt::xstrided_slice_vector batch = {xt::range(first, first + B)};
      const xt::xarray<int> rows = xt::strided_view(sequences, batch);
      const Tokens x = tokens_from_xt(xt::transpose(rows));  // [T, B]: time first
      const Tokens y = tokens_from_xt(xt::strided_view(labels, batch));

      Tape tape;  // records the following ops
      const Var logits = m.logits(x);
      const Var loss = mean(cross_entropy(logits, y));  // nats
      Grads g = tape.backward(loss);
      clip_by_norm(g, 1.0);
      adam.step(g);

      loss_sum += loss.item();
      right += accuracy(logits, y);
      if (epoch == 0 && first == 0)
        std::cout << "logits of row 0 " << logits[0] << "\nd loss / d b " << g[m.out.b] << "\n\n";
    }
    std::cout << "epoch " << epoch + 1 << ": loss " << loss_sum * B / N << " nats, accuracy " << right * B / N << "\n";
  }

  const std::string file = (std::filesystem::temp_directory_path() / "ebb_training_loop.safetensors").string();
  save_weights(file, m.w);
  Model again;
  load_weights(file, again.w);
  std::filesystem::remove(file);
  const Tokens x = tokens_from_xt(xt::transpose(sequences)), y = tokens_from_xt(labels);
  const double saved = evaluate(m, x, y), loaded = evaluate(again, x, y);
  std::cout << "accuracy after training " << saved << ", after saving and loading " << loaded << "\n";
  return saved > .9 && loaded == saved ? 0 : 1;
}
