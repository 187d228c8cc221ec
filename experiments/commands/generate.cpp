#include <fmt/format.h>
#include <cstdio>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/cli/out_file.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/experiments/train/characters.hpp>
#include <optional>

namespace ebb::app {
namespace {

/// Generates with a trained model: a character model continues a text, sampling each character from the model's
/// distribution; any other model generates what its task defines for the prompt.
class GenerateCommand final : public Command {
 public:
  void options(Options& o) override {
    o.add("--weights", weights_, "weights.safetensors of a run of ebb train").type("FILE").required().reads();
    o.add("--prompt", request_.prompt,
          "prompt: a text, a sentence, a chord, ..., as described on the task's page in docs/tasks")
        .type("TEXT");
    o.add("--length", length_, "characters or steps to generate (default: 500 characters, or the task's choice)")
        .type("N")
        .check([](const std::optional<int>& n) { return !n || (*n >= 0 && *n <= 1'000'000'000); },
               "at least 0, and at most 1,000,000,000");
    o.add("--temperature", request_.sampling.temperature,
          "divides the logits: below 1, more probable outputs are favoured")
        .above(0);
    o.add("--top-k", request_.sampling.top_k, "sample only from the K most probable outputs; 0: all")
        .type("K")
        .at_least(0);
    o.add("--top-p", request_.sampling.top_p,
          "sample only from the smallest set of outputs with this total probability")
        .type("P")
        .above(0)
        .at_most(1);
    o.add("--greedy", request_.greedy, "always take the most probable output");
    o.add("--beam", request_.beam, "width of the beam search, if the task has one; 0: the task's choice")
        .at_least(0)
        .at_most(1000);
    o.add("--seed", request_.seed,
          "seed for sampling; for speech, it selects the string; for music, also the first chord");
    o.add("--data", data_, "current path of the data (default: the path in training)").type("PATH").reads();
    o.add("--out", out_, "output file for music or a page (default: generated.EXTENSION)").type("FILE");
    o.example("ebb generate --weights runs/shakespeare/weights.safetensors");
    o.example(
        "ebb generate --weights runs/shakespeare/weights.safetensors --prompt 'ROMEO:' --length 1000 --temperature .7");
    o.example("ebb generate --weights runs/shakespeare/weights.safetensors --top-k 20 --top-p .95 --seed 7");
    o.example("ebb generate --weights runs/shakespeare/weights.safetensors --greedy");
  }

  int run() override {
    check_choice();
    request_.length = length_.value_or(-1);
    const Architecture a = Architecture::read(weights_);
    return a.alphabet ? characters(a) : by_the_task();
  }

 private:
  void check_choice() const {
    const SampleOptions all;
    const SampleOptions& sampling = request_.sampling;
    if (request_.greedy &&
        (sampling.temperature != all.temperature || sampling.top_k != all.top_k || sampling.top_p != all.top_p))
      throw ValueError("--greedy does not sample: it cannot be combined with --temperature, --top-k or --top-p");
  }

  void check_characters() const {
    if (request_.beam > 0) throw ValueError("--beam: text is sampled character by character, without a search");
    if (!out_.empty()) throw ValueError("--out: text is printed, and no file is written");
    if (!data_.empty())
      throw ValueError("--data does not apply to a character model, which continues a prompt without its text");
  }

  int characters(const Architecture& a) const {
    check_characters();
    const int V = a.alphabet->vocabulary();
    const SimpleSizes sizes{.inputs = TokenInputs{V}, .outputs = V};  // the text itself is not needed
    a.alphabet->encode("--prompt", request_.prompt);                  // rejected before anything is printed
    const auto model = a.model(sizes, weights_);
    const InterruptGuard guard;
    put(request_.prompt);
    continue_text(*model, *a.alphabet, request_, [](const std::string& character) { put(character); });
    put("\n");
    return interrupted() ? 130 : 0;
  }

  int by_the_task() const {
    std::optional<OutFile> named;  // checks before the work that it can be written
    if (!out_.empty()) named.emplace(out_);
    const Trained t = Trained::read(weights_, {}, data_);
    if (named) named.emplace(out_);  // again, because the weights name further inputs
    const Generated made = generated(t);
    put(fmt::format("{}\n", made.text));
    try_put({});
    if (made.file.empty()) return 0;
    const OutFile file = named ? *named : OutFile("generated." + made.ending);
    file.write(made.file);
    put(fmt::format("{}\n", file.path()));
    return 0;
  }

  Generated generated(const Trained& t) const {
    try {
      if (const auto* const task = t.task->as<Generates>()) return task->generate(*t.model, request_);
      throw ValueError("its task does not support generation");
    } catch (const ValueError& e) {
      throw ValueError(fmt::format("'{}', a model of the task '{}': {}", weights_, t.architecture.task, e.what()));
    }
  }

  std::string weights_, data_, out_;
  std::optional<int> length_;
  GenerateRequest request_;
};
EBB_SUBCOMMAND(generate, "generate", GenerateCommand,
               "generate with a trained model: continue a text, write music, translate, ...");

}  // namespace
}  // namespace ebb::app
