#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <ebb/experiments/report/colour_scale.hpp>
#include <ebb/experiments/report/pictures.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/report/value_map.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::app {
namespace {

using Rgb = std::array<double, 3>;

Rgb rgb_of(const char* hex) {
  const auto byte = [&](int at) { return static_cast<double>(std::stoi(std::string(hex + at, 2), nullptr, 16)); };
  return {byte(1), byte(3), byte(5)};
}

Rgb scale_colour(double share) {
  const auto scale = sequential_scale();
  const double at = std::clamp(share, 0.0, 1.0) * static_cast<double>(scale.size() - 1);
  const auto low = std::min(static_cast<std::size_t>(at), scale.size() - 2);
  const Rgb a = rgb_of(scale[low]), b = rgb_of(scale[low + 1]);
  Rgb mixed{};
  for (std::size_t k = 0; k < 3; ++k) mixed[k] = a[k] + (at - static_cast<double>(low)) * (b[k] - a[k]);
  return mixed;
}

/// Relative luminance, by which the letters are black or white, whichever has the greater contrast.
///
/// Source    WCAG 2.1, w3.org/TR/WCAG21
double luminance(const Rgb& c) {
  const auto linear = [](double x) {
    return x <= .04045 * 255 ? x / 255 / 12.92 : std::pow((x / 255 + .055) / 1.055, 2.4);
  };
  return .2126 * linear(c[0]) + .7152 * linear(c[1]) + .0722 * linear(c[2]);
}

std::string shortened(const std::string& name, int most) {
  return static_cast<int>(name.size()) <= most ? name : name.substr(0, static_cast<std::size_t>(most) - 1) + "…";
}

constexpr int map_width = 48, map_height = 20, longest_name = 18;  // of a cell, pixels; of a row's name, characters

}  // namespace

std::string value_map_svg(const ValueMap& m, bool alone) {
  const std::size_t R = m.rows.size(), C = m.columns.size();
  if (m.texts.size() != R * C || m.shares.size() != R * C)
    throw Error(fmt::format("value map '{}': {} texts and {} colours for {} x {} cells", m.title, m.texts.size(),
                            m.shares.size(), R, C));
  int letters = 4;
  for (const std::string& row : m.rows)
    letters = std::max(letters, std::min(longest_name, static_cast<int>(row.size())));
  const int left = 7 * letters + 10, width = left + static_cast<int>(C) * map_width + 2;
  const int top = 46, height = top + static_cast<int>(R) * map_height + 4;
  std::string svg = fmt::format(
      "<svg {}viewBox='0 0 {} {}' width='{}' style='max-width:100%' font-size='12' font-family='system-ui, sans-serif' "
      "fill='{}' role='img'>\n",
      alone ? "xmlns='http://www.w3.org/2000/svg' " : "", width, height, width, alone ? "#1d2327" : "currentColor");
  if (alone) svg += fmt::format("<rect width='{}' height='{}' fill='#fdfdfb'/>\n", width, height);
  svg += fmt::format("<text x='2' y='16' font-weight='600'>{}</text>\n<g text-anchor='middle'>\n", escaped(m.title));
  const auto middle = [&](std::size_t c) { return left + static_cast<int>(c) * map_width + map_width / 2; };
  for (std::size_t c = 0; c < C; ++c)
    svg += fmt::format("<text x='{}' y='38'>{}</text>\n", middle(c), escaped(m.columns[c]));
  for (std::size_t r = 0; r < R; ++r)
    for (std::size_t c = 0; c < C; ++c) {
      const double share = m.shares[r * C + c];
      const int y = top + static_cast<int>(r) * map_height;
      std::string letters_fill;
      if (std::isfinite(share)) {
        const Rgb rgb = scale_colour(share);
        const auto whole = [](double x) { return static_cast<int>(std::lround(x)); };
        svg += fmt::format("<rect x='{}' y='{}' width='{}' height='{}' fill='#{:02x}{:02x}{:02x}'/>",
                           middle(c) - map_width / 2, y, map_width - 1, map_height - 1, whole(rgb[0]), whole(rgb[1]),
                           whole(rgb[2]));
        letters_fill = luminance(rgb) > .179 ? " fill='#000'" : " fill='#fff'";
      }
      svg += fmt::format("<text x='{}' y='{}'{}>{}</text>\n", middle(c), y + 14, letters_fill,
                         escaped(m.texts[r * C + c]));
    }
  svg += "</g>\n<g text-anchor='end'>\n";
  for (std::size_t r = 0; r < R; ++r)
    svg += fmt::format("<text x='{}' y='{}'>{}<title>{}</title></text>\n", left - 6,
                       top + static_cast<int>(r) * map_height + 14, escaped(shortened(m.rows[r], longest_name)),
                       escaped(m.rows[r]));
  return svg + "</g>\n</svg>\n";
}

}  // namespace ebb::app
