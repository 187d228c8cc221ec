#include <fmt/format.h>
#include <cmath>
#include <ebb/experiments/report/gnuplot_parts.hpp>
#include <ebb/ops/error.hpp>
#include <iterator>
#include <nlohmann/json.hpp>

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

namespace {

using nlohmann::json;

/// From 0 at the lower end of an axis to 1 at the upper one; NaN for a value that is missing.
double height_of(const json& axis, const json& value) {
  if (!value.is_number()) return NAN;
  const double low = axis.at("low").get<double>(), high = axis.at("high").get<double>(), x = value.get<double>();
  if (!(low < high)) return .5;
  return axis.at("log").get<bool>() ? (std::log(x) - std::log(low)) / (std::log(high) - std::log(low))
                                    : (x - low) / (high - low);
}

/// Its name above, its words or its ends beside it.
std::string axis_of(const json& axis, std::size_t at) {
  std::string text =
      fmt::format("set arrow from {0},0 to {0},1 nohead lc rgb '#8b949a' lw .6 front\n", at) +
      fmt::format("set label {} at {},1.09 center noenhanced front\n", quoted(axis.at("name").get<std::string>()), at);
  const auto label = [&](const std::string& word, double height) {
    text += fmt::format("set label {} at {},{:.4g} left offset .3,0 noenhanced front\n", quoted(word), at, height);
  };
  const json& words = axis.at("words");
  for (std::size_t k = 0; k < words.size(); ++k) label(words.at(k).get<std::string>(), height_of(axis, json(k)));
  if (!words.empty()) return text;
  for (const char* end : {"low", "high"})
    label(fmt::format("{:.4g}", axis.at(end).get<double>()), height_of(axis, axis.at(end)));
  return text;
}

std::string data_of_row(const json& axes, const json& row) {
  std::string text;
  const double colour = height_of(axes.back(), row.at("values").back());
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const double y = height_of(axes.at(k), row.at("values").at(k));
    text += std::isnan(y) ? "\n" : fmt::format("{} {:.6g} {:.6g}\n", k, y, std::isnan(colour) ? 0 : colour);
  }
  return text + "\n\n";
}

}  // namespace

std::string parallel_program(const std::string& figure_json, const Paper& p) {
  const json f = json::parse(figure_json);
  const json& axes = f.at("axes");
  std::string text =
      fmt::format("set encoding utf8\nset terminal {}\nunset border\nunset tics\nunset key\n", terminal(p));
  if (!p.title.empty()) text += fmt::format("set title {} noenhanced offset 0,1\n", quoted(p.title));
  text += fmt::format(
      "unset colorbox\nset cbrange [0:1]\nset xrange [-.1:{:.4g}]\nset yrange [-.05:1.15]\nset palette defined (",
      static_cast<double>(axes.size()) - .5);
  for (std::size_t k = 0; k < f.at("scale").size(); ++k)
    text += fmt::format("{}{} {}", k ? ", " : "", k, colour_word(f.at("scale").at(k).get<std::string>()).substr(4));
  text += ")\n";
  for (std::size_t k = 0; k < axes.size(); ++k) text += axis_of(axes.at(k), k);
  text += "$d << EOD\n";
  for (const json& row : f.at("rows")) text += data_of_row(axes, row);
  text += "NaN NaN NaN\nEOD\nplot $d using 1:2:3 with lines lc palette lw .8";
  if (const json& best = f.at("best"); best.is_number())
    text += fmt::format(", $d index {} using 1:2 with lines lc rgb '#1d2327' lw 2.5", best.get<int>());
  return text + "\n";
}

}  // namespace ebb::app::gnuplot
