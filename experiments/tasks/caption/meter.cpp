#include <fmt/format.h>
#include <ebb/experiments/report/pictures.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/tasks/caption/meter.hpp>
#include <ebb/experiments/tasks/caption/network.hpp>

namespace ebb::app {
namespace {

constexpr std::size_t most_first = 12, most_wrong = 6;

double percent(long part, long whole) { return 100 * static_cast<double>(part) / static_cast<double>(whole); }

Sentence said_by(const Array& said, int row) {
  Sentence words;
  for (int t = 0; t < said.columns(); ++t) {
    const int word = static_cast<int>(said.at({row, t}));
    if (word == Scenes::end) break;
    words.push_back(word);
  }
  return words;
}

Sentence wanted_of(const CaptionBatch& b, int row) {
  Sentence words;
  for (int t = 0; t + 1 < b.lengths.data()[row]; ++t)
    words.push_back(b.wanted.at({t, row}));  // the last one is the end token
  return words;
}

}  // namespace

void SentenceScore::add(const Sentence& said, const Sentence& wanted) {
  ++count_;
  exact_ += said == wanted;
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    ++words_;
    right_ += k < said.size() && said[k] == wanted[k];
  }
  bleu_.add(said, {wanted});
}

double SentenceScore::exact() const { return percent(exact_, count_); }
double SentenceScore::words() const { return percent(right_, words_); }

std::string scenes_svg(const std::vector<CaptionedScene>& scenes, int across) {
  constexpr int wide = 300, high = 210, width = 252, height = 168;
  const int count = static_cast<int>(scenes.size()), lines = (count + across - 1) / across;
  std::string svg = fmt::format(
      "<svg viewBox='0 0 {0} {1}' width={0} style='max-width:100%' font-size=12 fill='currentColor' role=img>",
      across * wide, lines * high);
  for (int k = 0; k < count; ++k) {
    const CaptionedScene& s = scenes[static_cast<std::size_t>(k)];
    const int x = k % across * wide + wide / 2, y = k / across * high;
    svg += fmt::format(
        "<image x={0} y={1} width={2} height={3} style='image-rendering:pixelated' href='{4}'/>"
        "<rect x={0} y={1} width={2} height={3} fill=none stroke='currentColor' opacity='.25'/>",
        x - width / 2, y + 1, width, height, image_address(s.pixels));
    const bool wrong = s.said != s.wanted;
    svg += fmt::format("<text x={} y={} text-anchor=middle{}>{}</text>", x, y + height + 15,
                       wrong ? " fill='#c2410c'" : "", s.said.empty() ? "(nothing)" : s.said);
    if (wrong)
      svg += fmt::format("<text x={} y={} text-anchor=middle opacity=.7>{}</text>", x, y + height + 31, s.wanted);
  }
  return svg + "</svg>";
}

void CaptionMeter::update(const Batch& batch, const Result& r) {
  const auto& b = batch.get<CaptionBatch>();
  const Array& said = words_said.of(r);
  for (int row = 0; row < b.rows(); ++row) {
    const Sentence words = said_by(said, row), wanted = wanted_of(b, row);
    score_.add(words, wanted);
    if (!kept_.empty())
      kept_ += fmt::format("{},{},{},{}\n", score_.count(), csv_quoted(scenes_.text(words)),
                           csv_quoted(scenes_.text(wanted)), words == wanted ? 1 : 0);
    const bool first = first_.size() < most_first, wrong = words != wanted && wrong_.size() < most_wrong;
    if (!first && !wrong) continue;
    const Array pixels = b.pictures[0][row].reshape({scenes_.height(), scenes_.width()}).copy();
    (first ? first_ : wrong_).push_back({pixels, scenes_.text(words), scenes_.text(wanted)});
  }
}

std::vector<Measure> CaptionMeter::measures() const {
  if (score_.count() == 0) throw ValueError("nothing was measured");
  return {{"exact captions", score_.exact(), "%", baseline_.exact(), "always the most common caption"},
          {"words", score_.words(), "%", baseline_.words()},
          {"BLEU", score_.bleu(), "", baseline_.bleu()}};
}

void CaptionMeter::show(Report& report) const {
  report.picture("The first scenes", scenes_svg(first_, 3),
                 "Below each: the model's caption; red: wrong, followed by the reference.");
  if (wrong_.empty()) return;
  report.picture("More errors", scenes_svg(wrong_, 3), "Below each: the model's caption and the reference.");
}

}  // namespace ebb::app
