#include <cstdio>
#include <ebb/autograd/tape.hpp>
#include <ebb/experiments/architecture.hpp>
#include <ebb/experiments/experiment.hpp>
#include <ebb/experiments/interrupt.hpp>
#include <ebb/nn/sample.hpp>
#include <fmt/format.h>

namespace ebb {
namespace {

/// Lets a model of characters go on with a text, character by character, each drawn from what the model gives for the next one.
///
/// Numerics  character number t is drawn with the t-th key of the seed, whatever came before
/// Cost      one step of the cell a character, in memory that does not grow
class GenerateCommand final : public Command {
 public:
  void options(Options& o) override {
    o.add("--weights", weights_, "weights.safetensors of a run of ebb train on characters").type("FILE").required();
    o.add("--prompt", prompt_, "what to go on with (standard: as if a line had ended)").type("TEXT");
    o.add("--length", length_, "characters to add").at_least(0);
    o.add("--temperature", sampling_.temperature, "logits are divided by it: below 1 is more certain").above(0);
    o.add("--top-k", sampling_.top_k, "only the K most probable characters; 0: all").type("K").at_least(0);
    o.add("--top-p", sampling_.top_p, "of those the fewest that have this probability together").type("P").above(0).at_most(1);
    o.add("--greedy", greedy_, "always the most probable character");
    o.add("--seed", seed_, "of the draws");
    o.example("ebb generate --weights runs/shakespeare/weights.safetensors");
    o.example("ebb generate --weights runs/shakespeare/weights.safetensors --prompt 'ROMEO:' --length 1000 --temperature .7");
    o.example("ebb generate --weights runs/shakespeare/weights.safetensors --top-k 20 --top-p .95 --seed 7");
    o.example("ebb generate --weights runs/shakespeare/weights.safetensors --greedy");
  }

  int run() override {
    check_choice();
    const Architecture a = Architecture::read(weights_);
    if (!a.alphabet)
      throw ValueError(fmt::format("'{}': a model of the task '{}', which has no characters to generate", weights_, a.task));
    const std::vector<int> prompt = a.alphabet->encode("--prompt", prompt_);
    const int V = a.alphabet->vocabulary();
    const TaskInfo info{.vocabulary = V, .outputs = V, .every_step = true};   // the text itself is not needed
    const auto model = a.model(info, weights_);
    const InterruptGuard guard;
    std::fputs(prompt_.c_str(), stdout);
    go_on(*model, *a.alphabet, prompt.empty() ? std::vector<int>{line_end(*a.alphabet)} : prompt);
    std::fputs("\n", stdout);
    return interrupted() ? 130 : 0;
  }

 private:
  void check_choice() const {
    const SampleOptions all;
    if (greedy_ && (sampling_.temperature != all.temperature || sampling_.top_k != all.top_k || sampling_.top_p != all.top_p))
      throw ValueError("--greedy draws nothing: it excludes --temperature, --top-k and --top-p");
  }

  static int line_end(const Alphabet& a) {
    for (int token = 0; token < a.vocabulary(); ++token)
      if (a.symbols[static_cast<std::size_t>(token)] == U'\n') return token;
    return 0;
  }

  void go_on(const Model& model, const Alphabet& alphabet, const std::vector<int>& prompt) const {
    const Key key = Key{seed_}.named("generate");
    Tape tape;
    const NoGrad off;
    State state;
    Tokens token({1});
    const auto next = [&](int read) {
      token.data()[0] = read;
      return model.next(token, state);
    };
    Var logits;
    for (const int read : prompt) logits = next(read);
    for (int t = 0; t < length_ && !interrupted(); ++t) {
      const Tokens chosen =
          greedy_ ? greedy(logits.value()) : sample(logits.value(), key.at(static_cast<std::uint64_t>(t)), sampling_);
      std::fputs(alphabet.decode(chosen.data()[0]).c_str(), stdout);
      logits = next(chosen.data()[0]);
    }
  }

  std::string weights_, prompt_;
  SampleOptions sampling_;
  bool greedy_ = false;
  int length_ = 500;
  std::uint64_t seed_ = 1;
};
EBB_SUBCOMMAND(generate, "generate", GenerateCommand, "let a trained model of characters go on with a text");

}  // namespace
}  // namespace ebb
