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

/// Lets a trained model go on: one of characters with a text, each drawn from what the model gives for the next one;
/// any other with what its task makes of the prompt.
class GenerateCommand final : public Command {
 public:
  void options(Options& o) override {
    o.add("--weights", weights_, "weights.safetensors of a run of ebb train").type("FILE").required().reads();
    o.add("--prompt", request_.prompt,
          "what to go on with: a text, a sentence, a note, ...; the task's page in docs/tasks says which")
        .type("TEXT");
    o.add("--length", length_, "characters or steps to add (default: 500 characters, or the task's choice)")
        .type("N")
        .check([](const std::optional<int>& n) { return !n || (*n >= 0 && *n <= 1'000'000'000); },
               "at least 0, and at most 1,000,000,000");
    o.add("--temperature", request_.sampling.temperature, "logits are divided by it: below 1 is more certain").above(0);
    o.add("--top-k", request_.sampling.top_k, "only the K most probable ones; 0: all").type("K").at_least(0);
    o.add("--top-p", request_.sampling.top_p, "of those the fewest that have this probability together")
        .type("P")
        .above(0)
        .at_most(1);
    o.add("--greedy", request_.greedy, "always the most probable one");
    o.add("--beam", request_.beam, "width of a beam search where the task has one; 0: the task's choice")
        .at_least(0)
        .at_most(1000);
    o.add("--seed", request_.seed, "of the draws; in speech the number of the string, in music also which first chord");
    o.add("--data", data_, "where the data stand now (default: where they stood in training)").type("PATH").reads();
    o.add("--out", out_, "where to write the music or the page that goes with it (default: generated.ENDING)")
        .type("FILE");
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
      throw ValueError("--greedy draws nothing: it excludes --temperature, --top-k and --top-p");
  }

  void check_characters() const {
    if (request_.beam > 0) throw ValueError("--beam: a text is drawn character by character, there is no search");
    if (!out_.empty()) throw ValueError("--out: a text is printed, and no file goes with it");
    if (!data_.empty())
      throw ValueError("--data does not apply to a model of characters, which continues a prompt without its text");
  }

  int characters(const Architecture& a) const {
    check_characters();
    const int V = a.alphabet->vocabulary();
    const SimpleSizes sizes{.inputs = TokenInputs{V}, .outputs = V};  // the text itself is not needed
    a.alphabet->encode("--prompt", request_.prompt);                  // refused before anything is printed
    const auto model = a.model(sizes, weights_);
    const InterruptGuard guard;
    put(request_.prompt);
    go_on(*model, *a.alphabet, request_, [](const std::string& character) { put(character); });
    put("\n");
    return interrupted() ? 130 : 0;
  }

  int by_the_task() const {
    std::optional<OutFile> named;  // that it can be written shows before the work
    if (!out_.empty()) named.emplace(out_);
    const Trained t = Trained::read(weights_, {}, data_);
    const Generated made = generated(t);
    put(fmt::format("{}\n", made.text));
    put_or_go_on({});
    if (made.file.empty()) return 0;
    const OutFile file = named ? *named : OutFile("generated." + made.ending);
    file.write(made.file);
    put(fmt::format("{}\n", file.path()));
    return 0;
  }

  Generated generated(const Trained& t) const {
    try {
      if (const auto* const task = t.task->as<Generates>()) return task->generate(*t.model, request_);
      throw ValueError("its task generates nothing");
    } catch (const ValueError& e) {
      throw ValueError(fmt::format("'{}', a model of the task '{}': {}", weights_, t.architecture.task, e.what()));
    }
  }

  std::string weights_, data_, out_;
  std::optional<int> length_;
  GenerateRequest request_;
};
EBB_SUBCOMMAND(generate, "generate", GenerateCommand,
               "let a trained model go on with a text, write music, translate, ...");

}  // namespace
}  // namespace ebb::app
