#include <fmt/format.h>
#include <algorithm>
#include <ebb/autograd/tape.hpp>
#include <ebb/experiments/report/pictures.hpp>
#include <ebb/experiments/tasks/caption/meter.hpp>
#include <ebb/experiments/tasks/caption/page.hpp>

namespace ebb::app {
namespace {

struct WrittenCaption {
  std::vector<int> words;        // without the end token
  std::vector<Array> attention;  // [1, P], before each word and the end token
};

WrittenCaption describe(const CaptionNetwork& net, const Array& picture, int beam) {
  Tape tape;
  const NoGrad off;
  const Seen seen = net.look(constant(picture.reshape({1, -1})));
  WrittenCaption caption;
  if (beam > 0) caption.words = net.beam(seen, 1, beam)[0];
  else
    for (const Tokens words = net.greedy(seen, 1);
         const int word : std::vector<int>(words.data(), words.data() + words.size()))
      if (word != Scenes::end) caption.words.push_back(word);
  Speaking now = net.begin(1);
  for (std::size_t t = 0; t <= caption.words.size() && t < Scenes::longest; ++t) {
    now = net.say(Tokens({1}, {t > 0 ? caption.words[t - 1] : Scenes::end}), now, seen, StepContext{});
    caption.attention.push_back(now.attention.value().copy());
  }
  return caption;
}

// The image once for each word, overlaid with the attention weights of the positions.
std::string looks_svg(const CaptionNetwork& net, const Scenes& scenes, const Array& picture,
                      const WrittenCaption& caption) {
  constexpr int across = 4, wide = 225, high = 170, width = 207, height = 138;
  const int count = static_cast<int>(caption.attention.size()), lines = (count + across - 1) / across;
  const double cell_wide = double(width) / net.across(), cell_high = double(height) / net.down();
  std::string svg = fmt::format(
      "<svg viewBox='0 0 {0} {1}' width={0} style='max-width:100%' font-size=13 fill='currentColor' role=img>"
      "<defs><image id=scene width={2} height={3} style='image-rendering:pixelated' href='{4}'/></defs>",
      across * wide, lines * high, width, height, image_address(picture));
  for (int k = 0; k < count; ++k) {
    const int left = k % across * wide + (wide - width) / 2, top = k / across * high + 1;
    svg += fmt::format(
        "<use x={0} y={1} href='#scene'/><rect x={0} y={1} width={2} height={3} fill=none stroke='currentColor' "
        "opacity='.25'/>",
        left, top, width, height);
    const Array& weights = caption.attention[static_cast<std::size_t>(k)];
    for (int p = 0; p < net.down() * net.across(); ++p)
      if (const double w = weights.at({0, p}); w >= .01)
        svg += fmt::format("<rect x={:.1f} y={:.1f} width={:.1f} height={:.1f} fill='#c2410c' opacity='{:.2f}'/>",
                           left + p % net.across() * cell_wide, top + p / net.across() * cell_high, cell_wide,
                           cell_high, .75 * std::min(1.0, 2 * w));
    const auto at = static_cast<std::size_t>(k);
    svg += fmt::format("<text x={} y={} text-anchor=middle>{}</text>", left + width / 2, top + height + 17,
                       at < caption.words.size() ? scenes.text({caption.words[at]}) : "(end)");
  }
  return svg + "</svg>";
}

}  // namespace

Generated caption_page(const CaptionNetwork& net, const Scenes& scenes, int number, int beam) {
  const Scene scene = scenes.scene(Split::test, 0, static_cast<std::uint64_t>(number));
  const Array picture = scenes.picture(scene);
  const WrittenCaption caption = describe(net, picture, beam);
  const std::string said = scenes.text(caption.words), wanted = scenes.text(scenes.sentence(scene));
  Report report("ebb generate: caption");
  report.title(said.empty() ? "(nothing)" : said);
  report.lead(said == wanted ? fmt::format("The model's caption of test scene {}: exact.", number)
                             : fmt::format("The model's caption of test scene {}; reference: {}.", number, wanted));
  report.picture("The scene", scenes_svg({{picture, said, wanted}}, 1), "");
  report.picture("Attention before each word", looks_svg(net, scenes, picture, caption),
                 "Redder positions have larger attention weights.");
  return {.text = fmt::format("scene {}: {}\nreference: {}{}", number, said, wanted,
                              said == wanted ? " (exact)" : " (wrong)"),
          .file = report.html(),
          .ending = "html"};
}

}  // namespace ebb::app
