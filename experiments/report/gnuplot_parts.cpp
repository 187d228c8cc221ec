#include <fmt/format.h>
#include <ebb/experiments/report/gnuplot_parts.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::app::gnuplot {

std::string quoted(const std::string& text) {
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') word += "''";
    else word += static_cast<unsigned char>(c) < ' ' || c == 0x7f ? ' ' : c;
  }
  return word + "'";
}

std::string colour_word(const std::string& word) {  // only what a report writes: it is not quoted
  if (word.size() == 7 && word[0] == '#' && word.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string::npos)
    return fmt::format("rgb '{}'", word);
  throw FileError("a colour in figures.json is not of the form #rrggbb");
}

std::string terminal(const Paper& p) {
  const std::string font = quoted(fmt::format("{},{:g}", p.font, p.font_size));
  if (p.format == "svg")
    return fmt::format("svg enhanced font {} size {:.0f},{:.0f} background rgb 'white'",
                       quoted(fmt::format("{},{:g}", p.font, p.font_size * 96 / 72)), 96 * p.width, 96 * p.height);
  if (p.format == "png")
    return fmt::format("pngcairo enhanced font {} fontscale 3.125 linewidth 3 pointscale 3 size {:.0f},{:.0f}", font,
                       300 * p.width, 300 * p.height);
  return fmt::format("pdfcairo enhanced color font {} fontscale .75 linewidth 1 size {:.3f}in,{:.3f}in", font, p.width,
                     p.height);
}

}  // namespace ebb::app::gnuplot
