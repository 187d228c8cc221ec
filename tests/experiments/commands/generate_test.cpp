#include <cmath>
#include <ebb/experiments/train/model.hpp>
#include <ebb/nn/decoding/sample.hpp>
#include <ebb/ops/memory.hpp>

#include "catch.hpp"
#include "train_quick.hpp"

namespace generate_test {

namespace {

// A model that has learned a text which repeats itself, its text gone.
class Parrot {
 public:
  explicit Parrot(const std::string& phrase, std::vector<std::string> more = {}) {
    std::string text;
    while (text.size() < 4000) text += phrase;
    write_all(folder / "text", text);
    std::vector<std::string> words{"train",  "chars",         "--quick", "--cell",      "gru",
                                   "--text", folder / "text", "--out",   folder / "out"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome o = ebb_command(words);
    INFO(o.err);
    REQUIRE(o.code == 0);
    std::filesystem::remove(folder / "text");
  }
  Outcome says(std::vector<std::string> more) const {
    more.insert(more.begin(), {"generate", "--weights", folder / "out/weights.safetensors"});
    return ebb_command(more);
  }
  TempFolder folder;
};

}  // namespace

TEST_CASE("a model continues the prompt as its text did") {
  const Parrot parrot{"hello wörld\n", {"--layers", "2", "--zoneout", ".05"}};
  CHECK(parrot.says({"--prompt", "wör", "--length", "12", "--greedy"}).out == "wörld\nhello wör\n");
  CHECK(parrot.says({"--prompt", "hello", "--length", "3", "--greedy"}).out == "hello wö\n");
  CHECK(parrot.says({"--length", "7", "--greedy"}).out == "hello w\n");  // as after a line's end
  CHECK(parrot.says({"--prompt", "he", "--length", "0"}).out == "he\n");
}

TEST_CASE("samples depend on the seed only, and the options narrow them to the most probable character") {
  const Parrot parrot{"abacad", {"--steps", "5"}};  // hardly trained: many characters are probable
  const auto draw = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--prompt", "a", "--length", "60"});
    const Outcome o = parrot.says(more);
    INFO(o.err);
    CHECK(o.code == 0);
    CHECK(o.out.size() == 62);
    return o.out;
  };
  const std::string drawn = draw({"--seed", "3"}), greedy = draw({"--greedy"});
  CHECK(drawn == draw({"--seed", "3"}));
  CHECK(drawn != draw({"--seed", "4"}));
  CHECK(drawn != greedy);
  CHECK(drawn != draw({"--seed", "3", "--temperature", "3"}));
  CHECK(greedy == draw({"--top-k", "1"}));
  CHECK(greedy == draw({"--top-p", "1e-6"}));
  CHECK(greedy == draw({"--temperature", "1e-4"}));
}

TEST_CASE("for every cell, a model run step by step gives the loss of the whole sequence") {
  using namespace ebb;
  using namespace ebb::app;
  const auto task = make_task("chars");
  const auto b = task->batch({.length = 6, .rows = 3}).get<SimpleBatch>();
  const Tokens &tokens = std::get<Tokens>(b.inputs), &next = std::get<EveryStep>(b.targets).tokens;
  for (const CellInfo& cell : cell_list()) {
    if (cell.about.find("made by the tests") != std::string::npos) continue;  // they are there to fail
    if (cell.name == "gaussian") continue;  // it draws by time, and a single step has none
    INFO(cell.name);
    const Model m{*task, cell.name, {.hidden = 5, .layers = 2, .dropout = .2, .zoneout = .1}, 3};
    const double whole = evaluate(m.w, {.rows = 3, .training = false}, [&](Shard& s) { return m.loss(s, b); }).loss;
    Tape tape;
    const NoGrad off;
    State state;
    double sum = 0;
    for (int t = 0; t < 6; ++t) {
      const Array p = sample_probabilities(m.simple().next(tokens[t], state).value());
      for (int row = 0; row < 3; ++row) sum -= std::log(p.at({row, next.at({t, row})}));
    }
    CHECK(sum / 18 == Approx(whole).epsilon(1e-5));
  }
}

TEST_CASE("a byte model continues with bytes") {
  std::string phrase = "\xFF\x80 ab\x01";
  const Parrot parrot{phrase};
  CHECK(parrot.says({"--prompt", "\xFF\x80", "--length", "6", "--greedy"}).out == "\xFF\x80 ab\x01\xFF\x80\n");
}

TEST_CASE("memory does not grow with the number of generated characters") {
  const Parrot parrot{"hello\n", {"--steps", "1"}};
  const auto peak = [&](const char* length) {
    ebb::reset_pool_peak();
    REQUIRE(parrot.says({"--length", length}).code == 0);
    return ebb::pool_stats().peak;
  };
  peak("50");
  CHECK(peak("1500") == peak("50"));
}

TEST_CASE("impossible requests to generate are rejected with the reason") {
  const Parrot parrot{"hello\n", {"--steps", "1"}};
  check_rejected(parrot.says({"--prompt", "hellö"}),
                 "the character 'ö' (U+00F6) in --prompt, at position 5, is not among the 5 in the model's alphabet");
  check_rejected(parrot.says({"--prompt", "\xFF"}), "--prompt is not UTF-8");
  check_rejected(parrot.says({"--greedy", "--top-k", "3"}), "--greedy does not sample");
  check_rejected(parrot.says({"--beam", "4"}), "--beam: text is sampled character by character");
  check_rejected(parrot.says({"--out", "x"}), "--out: text is printed");
  check_rejected(parrot.says({"--data", "x"}), "--data does not apply to a character model");
  check_rejected(parrot.says({"--top-p", "0"}), "--top-p must be above 0");
  check_rejected(parrot.says({"--top-p", "1.5"}), "--top-p must be at most 1");
  check_rejected(parrot.says({"--temperature", "0"}), "--temperature must be above 0");
  check_rejected(parrot.says({"--length", "-1"}), "--length must be at least 0");
  check_rejected(ebb_command({"generate"}), "--weights is required");
  check_rejected(ebb_command({"generate", "--weights", parrot.folder / "none"}), "none");
  check_rejected(ebb_command({"generate", "--weights", parrot.folder / "out/checkpoint"}),
                 "were not written by ebb train");
  TempFolder folder;
  REQUIRE(ebb_command({"train", "adding", "--quick", "--steps", "2", "--out", folder / "out"}).code == 0);
  check_rejected(ebb_command({"generate", "--weights", folder / "out/weights.safetensors"}),
                 "a model of the task 'adding': its task does not support generation");
}

}  // namespace generate_test
