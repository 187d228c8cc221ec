// The cell of benchmarks/cells/lstm_textbook.cpp in libtorch, to measure its compile time. Never linked.
#include <torch/torch.h>

struct LstmTextbook : torch::nn::Module {
  torch::Tensor Wi, Ui, bi, Wf, Uf, bf, Wg, Ug, bg, Wo, Uo, bo;

  LstmTextbook(int64_t input, int64_t hidden) {
    const double bound = 1 / std::sqrt(static_cast<double>(hidden));
    const auto make = [&](const char* name, at::IntArrayRef shape) {
      return register_parameter(name, torch::empty(shape).uniform_(-bound, bound));
    };
    Wi = make("Wi", {input, hidden});
    Ui = make("Ui", {hidden, hidden});
    bi = make("bi", {hidden});
    Wf = make("Wf", {input, hidden});
    Uf = make("Uf", {hidden, hidden});
    bf = make("bf", {hidden});
    Wg = make("Wg", {input, hidden});
    Ug = make("Ug", {hidden, hidden});
    bg = make("bg", {hidden});
    Wo = make("Wo", {input, hidden});
    Uo = make("Uo", {hidden, hidden});
    bo = make("bo", {hidden});
  }

  std::pair<torch::Tensor, torch::Tensor> step(const torch::Tensor& x, const torch::Tensor& h, const torch::Tensor& c) {
    auto i = torch::sigmoid(torch::matmul(x, Wi) + torch::matmul(h, Ui) + bi);
    auto f = torch::sigmoid(torch::matmul(x, Wf) + torch::matmul(h, Uf) + bf);
    auto g = torch::tanh(torch::matmul(x, Wg) + torch::matmul(h, Ug) + bg);
    auto o = torch::sigmoid(torch::matmul(x, Wo) + torch::matmul(h, Uo) + bo);
    auto c1 = f * c + i * g;
    return {o * torch::tanh(c1), c1};
  }
};

std::pair<torch::Tensor, torch::Tensor> lstm_step(LstmTextbook& cell, const torch::Tensor& x, const torch::Tensor& h,
                                                  const torch::Tensor& c) {
  return cell.step(x, h, c);
}
