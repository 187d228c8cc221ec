#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/report/attention_picture.hpp>
#include <ebb/experiments/report/pictures.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb::app {
namespace {

// The number of characters, which excludes UTF-8 continuation bytes; a space is drawn as a visible symbol.
std::size_t characters(const std::string& word) {
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  return static_cast<std::size_t>(std::count_if(word.begin(), word.end(), begins));
}
std::string shown(const std::string& word) { return word == " " ? "␣" : escaped(word); }

int longest_word(const std::vector<std::string>& words) {
  std::size_t most = 1;
  for (const std::string& word : words) most = std::max(most, characters(word));
  return static_cast<int>(std::min<std::size_t>(most, 24));
}

}  // namespace

std::string attention_svg(const std::vector<std::string>& read, const std::vector<std::string>& written,
                          const Array& weights) {
  constexpr int cell = 24;
  const int I = static_cast<int>(written.size()), S = static_cast<int>(read.size());
  if (weights.rank() != 2 || weights.dim(0) != I || weights.dim(1) != S)
    throw ShapeError(
        fmt::format("attention: weights {} do not match {} output and {} input symbols", text(weights.shape()), I, S));
  const bool words = longest_word(read) > 1;  // words are drawn at an angle
  const int left = 16 + 7 * longest_word(written), top = 16 + 7 * longest_word(read);
  std::string svg = fmt::format(
      "<svg viewBox='0 0 {0} {1}' width={0} style='max-width:100%' font-size=12 fill='currentColor' role=img>",
      left + S * cell + top / 2, top + I * cell + 6);
  for (int s = 0; s < S; ++s) {
    const int x = left + s * cell + cell / 2 + (words ? 4 : 0), y = top - 6;
    const std::string how = words ? fmt::format("transform='rotate(-60 {} {})'", x, y) : "text-anchor=middle";
    svg += fmt::format("<text x={} y={} {}>{}</text>", x, y, how, shown(read[static_cast<std::size_t>(s)]));
  }
  for (int i = 0; i < I; ++i) {
    svg += fmt::format("<text x={} y={} text-anchor=end>{}</text>", left - 6, top + i * cell + cell / 2 + 4,
                       shown(written[static_cast<std::size_t>(i)]));
    for (int s = 0; s < S; ++s) {
      const double p = std::clamp(weights.at({i, s}), 0.0, 1.0);
      svg +=
          fmt::format("<rect x={} y={} width={} height={} fill='#1d6fb8' opacity='{:.3f}'><title>{:.2f}</title></rect>",
                      left + s * cell + 1, top + i * cell + 1, cell - 2, cell - 2, .04 + .96 * p, p);
    }
  }
  return svg + "</svg>";
}

}  // namespace ebb::app
