#include <ebb/experiments/tasks/speech/batch.hpp>
#include <ebb/experiments/tasks/speech/generate.hpp>
#include <ebb/experiments/tasks/speech/meter.hpp>
#include <ebb/experiments/train/architecture.hpp>
#include <set>

#include "speech_parts.hpp"

namespace speech_generate_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

TEST_CASE("ebb generate recognises in a wav file the same as the evaluation", "[slow]") {
  if (no_wav()) return;
  const Taught t({"--steps", "60"});
  const ebb::app::Trained model = ebb::app::Trained::read(t.weights);
  const Batch all = model.task->batch({.split = Split::test, .rows = 1000});
  const auto r = evaluate(model.model->w, {.rows = all.rows(), .training = false},
                          [&](Shard& s) { return model.model->loss(s, all); });
  const auto recognised = recognised_digits(digit_scores.of(r), all.get<SpeechBatch>().lengths);
  const SpokenStrings strings(made_up_recordings(), 60, 60);
  std::set<std::string> answers;
  for (const std::size_t item :
       {std::size_t{3}, std::size_t{77}, std::size_t{149}, std::size_t{152}, std::size_t{190}}) {
    write_all(t.folder / "x.wav", wav(strings.waveform(strings.items(Split::test)[item])));
    const Outcome o = ebb_command(
        {"generate", "--weights", t.weights, "--prompt", t.folder / "x.wav", "--out", t.folder / "page.html"});
    INFO(o.err);
    REQUIRE(o.code == 0);
    const std::string digits = recognised[item].empty() ? "no digit" : digits_text(recognised[item]);
    CHECK(o.out == digits + "\n" + (t.folder / "page.html") + "\n");
    CHECK_THAT(read_all(t.folder / "page.html"), Contains("<svg") && Contains(digits) && Contains("x.wav"));
    answers.insert(digits);
  }
  CHECK(answers.size() > 1);
}

TEST_CASE("without a file ebb generate recognises a string of the test split and prints the reference", "[slow]") {
  const Taught t({"--steps", "30"});
  const SpokenStrings strings(made_up_recordings(), 60, 60);
  const std::string said = digits_text(strings.digits(strings.items(Split::test)[150 + 4]));
  const auto generate = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"generate", "--weights", t.weights, "--seed", "5", "--out", t.folder / "page.html"});
    return ebb_command(more);
  };
  CHECK_THAT(generate({}).out, Contains("spoken: " + said));
  const Outcome beam = generate({"--beam", "8"});
  CHECK_THAT(beam.out, Contains(" %\n") && Contains("spoken: " + said));
  CHECK(std::count(beam.out.begin(), beam.out.end(), '%') == 5);
  CHECK_THAT(read_all(t.folder / "page.html"), Contains("probability"));
  for (const std::string number : {"0", "61", "18446744073709551615"}) {
    const Outcome no =
        ebb_command({"generate", "--weights", t.weights, "--seed", number, "--out", t.folder / "none.html"});
    CHECK(no.code == 2);
    CHECK_THAT(no.err,
               Contains("--seed must be the number of a string of the test split, from 1 to 60, not '" + number + "'"));
  }
  const auto at = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"generate", "--weights", t.weights, "--out", t.folder / "page.html"};
    words.insert(words.end(), more.begin(), more.end());
    return ebb_command(words).out;
  };
  CHECK(at({}) == at({"--seed", "1"}));
  CHECK_THAT(at({"--seed", "60"}),
             Contains("spoken: " + digits_text(strings.digits(strings.items(Split::test)[150 + 59]))));
}

TEST_CASE("a file that is not speech is rejected by ebb generate, and no page is written", "[slow]") {
  if (no_wav()) return;
  const Taught t({"--steps", "1", "--hidden", "2"});
  const auto rejected = [&](const std::string& bytes, const std::string& message) {
    write_all(t.folder / "x.wav", bytes);
    const Outcome o = ebb_command(
        {"generate", "--weights", t.weights, "--prompt", t.folder / "x.wav", "--out", t.folder / "page.html"});
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Contains("x.wav") && Contains(message));
    CHECK(o.out.empty());
    CHECK_FALSE(t.folder.has("page.html"));
  };
  rejected("no sound", "is not a wav file");
  rejected(wav(tone(2000), speech_rate, 2), "has 2 channels, but speech expects one");
  rejected(wav(tone(), 16'000), "has a rate of 16000 samples per second, but speech expects 8000");
  rejected(wav(tone(700)), "less than a tenth of a second");
  rejected(wav(Array::zeros({0}, f32)),
           "has no samples; speech expects a wav file with one channel at 8,000 samples per second, at least a tenth");
  rejected(wav(tone(61 * speech_rate)), "is 61 s long; the maximum is 60 s");
  for (const auto& [option, value, reason] : {std::tuple{"--temperature", ".5", "is not sampled"},
                                              {"--top-k", "3", "is not sampled"},
                                              {"--top-p", ".5", "is not sampled"},
                                              {"--length", "3", "--length does not apply to speech"},
                                              {"--greedy", "--beam=2", "are mutually exclusive"}}) {
    const Outcome no =
        ebb_command({"generate", "--weights", t.weights, option, value, "--out", t.folder / "page.html"});
    CHECK(no.code == 2);
    CHECK_THAT(no.err, Contains(reason));
  }
  CHECK_FALSE(t.folder.has("page.html"));
  const Outcome o = ebb_command({"generate", "--weights", t.weights, "--prompt", t.folder / "none.wav"});
  CHECK(o.code == 2);
  CHECK_THAT(o.err, Contains("none.wav"));
}

}  // namespace speech_generate_test
