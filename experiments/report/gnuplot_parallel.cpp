#include <fmt/format.h>
#include <cmath>
#include <ebb/experiments/report/gnuplot_parts.hpp>
#include <nlohmann/json.hpp>

namespace ebb::app::gnuplot {

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
