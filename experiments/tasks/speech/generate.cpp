#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/tasks/speech/generate.hpp>
#include <ebb/experiments/tasks/speech/meter.hpp>
#include <ebb/nn/decoding/ctc_decode.hpp>
#include <ebb/ops/printable.hpp>

namespace ebb::app {
namespace {

constexpr int longest_seconds = 60, most_hypotheses = 5;

struct Utterance {
  SpeechPicture picture;
  std::string what;  // describes the recording
  std::vector<int> said{};
  bool known = false;  // whether the spoken digits are known
};

Utterance from_file(const SpokenStrings& strings, const std::string& path) {
  const Array wave = read_speech(path);
  if (wave.dim(0) > longest_seconds * speech_rate)
    throw FileError(fmt::format("'{}': is {:.0f} s long; the maximum is {} s", path,
                                static_cast<double>(wave.dim(0)) / speech_rate, longest_seconds));
  return {.picture = {.features = strings.features(wave), .scores = {}}, .what = ebb::detail::printable(path)};
}

Utterance from_test(const SpokenStrings& strings, std::uint64_t seed) {
  const auto& all = strings.items(Split::test);
  const auto first = std::find_if(all.begin(), all.end(), [](const SpokenString& s) { return s.digits.size() > 1; });
  if (first == all.end()) throw ValueError("the test split has no strings");
  const auto count = static_cast<std::uint64_t>(all.end() - first);
  if (seed < 1 || seed > count)
    throw ValueError(
        fmt::format("--seed must be the number of a string of the test split, from 1 to {}, not '{}'", count, seed));
  const SpokenString& s = first[static_cast<std::ptrdiff_t>(seed - 1)];
  return {.picture = {.features = strings.features(s), .scores = {}, .said = places(strings, s)},
          .what = fmt::format("string {} of the test split", seed),
          .said = strings.digits(s),
          .known = true};
}

std::vector<CtcHypothesis> by_beam(const Array& scores, int width) {
  const int T = scores.dim(0);
  const CtcBeamOptions options{.width = width, .best = std::min(width, most_hypotheses)};
  auto all = ctc_beam_search(scores.reshape({T, 1, scores.dim(1)}), Lengths({1}, {T}), options)[0];
  for (CtcHypothesis& h : all)
    for (int& label : h.labels) --label;  // class 0 is the blank
  return all;
}

std::string nothing_or(const std::vector<int>& digits) { return digits.empty() ? "no digit" : digits_text(digits); }

std::string page(const Utterance& utterance, const Table& hypotheses) {
  Report report("ebb generate: speech");
  report.title(nothing_or(utterance.picture.recognised));
  report.lead("Recognised in " + utterance.what +
              (utterance.known ? "; spoken: " + digits_text(utterance.said) + "." : "."));
  report.picture("The network's input and output", utterance.picture.svg(), SpeechPicture::caption());
  if (!hypotheses.rows.empty()) report.table(hypotheses);
  return report.html();
}

}  // namespace

Generated recognise(const Model& model, const SpokenStrings& strings, const GenerateRequest& request) {
  reject_sampling(request, "a recognition result");
  if (request.length >= 0) throw ValueError("--length does not apply to speech, which is always read completely");
  Utterance utterance = request.prompt.empty() ? from_test(strings, request.seed) : from_file(strings, request.prompt);
  SpeechPicture& picture = utterance.picture;
  const SpeechBatch b = speech_batch({picture.features}, {utterance.said});
  const Result r = evaluate(model.w, {.rows = 1, .training = false}, [&](Shard& s) { return model.loss(s, b); });
  picture.scores = digit_scores.of(r)[0].copy();
  Generated made{.ending = "html"};
  Table table{.head = {"digits", "probability"}, .caption = "The most probable strings found by the search."};
  if (request.beam > 0) {
    const auto found = by_beam(picture.scores, request.beam);
    picture.recognised = found[0].labels;
    for (const CtcHypothesis& h : found) {
      const std::string share = fmt::format("{:.1f} %", 100 * std::exp(h.log_probability));
      table.rows.push_back({nothing_or(h.labels), share});
      made.text += fmt::format("{}{}  {}", made.text.empty() ? "" : "\n", nothing_or(h.labels), share);
    }
  } else {
    picture.recognised = recognised_digits(digit_scores.of(r), b.lengths)[0];
    made.text = nothing_or(picture.recognised);
  }
  if (utterance.known) {
    const std::string edits = edits_text(utterance.said, picture.recognised);
    made.text += fmt::format("\nspoken: {}{}", digits_text(utterance.said), edits.empty() ? "" : ": " + edits);
  }
  made.file = page(utterance, table);
  return made;
}

}  // namespace ebb::app
