#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/atlas/cell_page.hpp>

namespace ebb::app::atlas {
namespace {

/// A panel of the figure: a rectangle with two axes.
struct Panel {
  double left, right, top, bottom;      // pixels
  double x_low, x_high, y_low, y_high;  // values
  double x(double v) const { return left + (v - x_low) / (x_high - x_low) * (right - left); }
  double y(double v) const { return bottom - (v - y_low) / (y_high - y_low) * (bottom - top); }
};

/// A step of 1, 2 or 5 times a power of ten that divides the range into at most five parts.
double tick_step(double range) {
  const double power = std::pow(10, std::floor(std::log10(range / 5)));
  for (const double step : {1., 2., 5.})
    if (range / (step * power) <= 5) return step * power;
  return 10 * power;
}

std::string tick_text(double v, double step) { return fmt::format("{:g}", std::abs(v) < 1e-9 * step ? 0 : v); }

std::string axes(const Panel& p, const std::string& title, const std::string& x_label) {
  std::string svg =
      fmt::format("<text x='{:g}' y='{:g}' font-weight='600'>{}</text>\n", p.left - 36, p.top - 14, title);
  const auto line = [&](double x1, double y1, double x2, double y2) {
    svg += fmt::format("<path d='M{:.1f} {:.1f}L{:.1f} {:.1f}' stroke='#dde1e0'/>", x1, y1, x2, y2);
  };
  const double dy = tick_step(p.y_high - p.y_low), dx = tick_step(p.x_high - p.x_low);
  for (double v = std::ceil(p.y_low / dy) * dy; v <= p.y_high + 1e-9 * dy; v += dy) {
    line(p.left, p.y(v), p.right, p.y(v));
    svg += fmt::format("<text x='{:.1f}' y='{:.1f}' text-anchor='end'>{}</text>\n", p.left - 5, p.y(v) + 4,
                       tick_text(v, dy));
  }
  for (double v = std::ceil(p.x_low / dx) * dx; v <= p.x_high + 1e-9 * dx; v += dx)
    svg += fmt::format("<text x='{:.1f}' y='{:.1f}' text-anchor='middle'>{}</text>\n", p.x(v), p.bottom + 16,
                       tick_text(v, dx));
  return svg +
         fmt::format("<text x='{:.1f}' y='{:.1f}' text-anchor='end'>{}</text>\n", p.right, p.bottom + 32, x_label);
}

/// ln of a norm as a power of ten.
double in_decades(double ln) { return ln / std::log(10.0); }

struct Curve {
  const CellMeasures* of;
  const char *colour, *dash;
};

std::string gradient_panel(const std::vector<Curve>& curves) {
  double low = -1, high = 1, lags = 1;
  for (const Curve& c : curves)
    for (std::size_t k = 0; k < c.of->curve.size(); ++k) {
      lags = std::max(lags, static_cast<double>(k) * c.of->lag_step);
      if (!std::isfinite(c.of->curve[k])) continue;
      low = std::min(low, in_decades(c.of->curve[k]));
      high = std::max(high, in_decades(c.of->curve[k]));
    }
  const Panel p{50, 330, 40, 200, 0, lags, low, high};
  std::string svg = axes(p, "log₁₀ of the gradient's norm", "lag T - t");
  double legend = p.left;
  for (const Curve& c : curves) {
    std::string path;
    bool pen = false;
    for (std::size_t k = 0; k < c.of->curve.size(); ++k) {
      if (!std::isfinite(c.of->curve[k])) {
        pen = false;
        continue;
      }
      path += fmt::format("{}{:.1f} {:.1f}", pen ? "L" : "M", p.x(static_cast<double>(k) * c.of->lag_step),
                          p.y(in_decades(c.of->curve[k])));
      pen = true;
    }
    svg += fmt::format("<path d='{}' fill='none' stroke='{}' stroke-width='2'{}/>\n", path, c.colour, c.dash);
    svg += fmt::format(
        "<path d='M{0:.1f} 250h22' stroke='{1}' stroke-width='2'{2}/><text x='{3:.1f}' y='254'>{4}</text>\n", legend,
        c.colour, c.dash, legend + 27, c.of->cell);
    legend += 42 + 7 * static_cast<double>(c.of->cell.size());
  }
  return svg;
}

std::string exponent_panel(const CellMeasures& m) {
  double low = 0, high = 0;
  for (const double e : m.exponents)
    if (std::isfinite(e)) {
      low = std::min(low, e);
      high = std::max(high, e);
    }
  const double margin = std::max(.05 * (high - low), .01);
  const Panel p{410, 640, 40, 200, .5, static_cast<double>(m.exponents.size()) + .5, low - margin, high + margin};
  std::string svg = axes(p, "Lyapunov exponents, nats per step", "number");
  svg += fmt::format("<path d='M{0} {1:.1f}H{2}' stroke='#8b949a'/>\n", p.left, p.y(0), p.right);
  for (std::size_t k = 0; k < m.exponents.size(); ++k)
    if (std::isfinite(m.exponents[k]))
      svg += fmt::format("<circle cx='{:.1f}' cy='{:.1f}' r='3.5' fill='#1d6fb8'/>\n", p.x(static_cast<double>(k) + 1),
                         p.y(m.exponents[k]));
  return svg;
}

}  // namespace

std::string cell_svg(const CellMeasures& m, const AllMeasures& all) {
  std::vector<Curve> curves{{&m, "#1d6fb8", ""}};
  const auto beside = [&](const char* name, const char* colour, const char* dash) {
    const auto at = all.find(name);
    if (at != all.end() && m.cell != name && at->second.has("gradient")) curves.push_back({&at->second, colour, dash});
  };
  beside("rnn", "#c2410c", " stroke-dasharray='6 4'");
  beside("lstm", "#5c666d", " stroke-dasharray='2 3'");
  const bool two = m.has("exponents") && !m.exponents.empty();
  const int width = two ? 660 : 350;
  std::string svg = fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {0} 266' width='{0}' font-size='12' "
      "font-family='system-ui, sans-serif' fill='#1d2327'>\n<rect width='{0}' height='266' fill='#fdfdfb'/>\n",
      width);
  if (m.has("gradient")) svg += gradient_panel(curves);
  if (two) svg += exponent_panel(m);
  return svg + "</svg>\n";
}

}  // namespace ebb::app::atlas
