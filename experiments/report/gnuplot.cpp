#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/gnuplot.hpp>
#include <ebb/experiments/report/gnuplot_parts.hpp>
#include <ebb/ops/error.hpp>
#include <iterator>
#include <nlohmann/json.hpp>

namespace ebb::app {
namespace {

using gnuplot::quoted, gnuplot::terminal;
using nlohmann::json;

std::string colour_word(const json& j) { return gnuplot::colour_word(j.get<std::string>()); }

std::string number(const json& j) { return j.is_number() ? fmt::format("{:.9g}", j.get<double>()) : "NaN"; }

int shape_of(const std::string& marker) {
  static const std::pair<const char*, int> shapes[] = {{"circle", 7},   {"square", 5},         {"triangle-up", 9},
                                                       {"diamond", 13}, {"triangle-down", 11}, {"cross", 1}};
  for (const auto& [name, type] : shapes)
    if (marker == name) return type;
  return 7;
}

std::string dash_word(const json& dash) {
  std::string word;
  for (const json& part : dash) word += fmt::format("{}{}", word.empty() ? "" : ",", part.get<int>());
  return word.empty() ? "solid" : fmt::format("({})", word);
}

struct Extent {
  double low = INFINITY, high = -INFINITY;
  void add(const json& j) {
    if (!j.is_number()) return;
    low = std::min(low, j.get<double>());
    high = std::max(high, j.get<double>());
  }
};

/// The range of an axis without values, or with one only, which gnuplot would reject.
Extent drawable(Extent r, bool log) {
  if (r.low < r.high) return r;
  if (r.low > r.high) return log ? Extent{1, 10} : Extent{0, 1};
  const double room = std::max(1., 1e-3 * std::abs(r.low));  // beyond the rounding of large numbers
  return log ? Extent{r.low / 2, 2 * r.low} : Extent{r.low - room, r.low + room};
}

/// Numbers 1, 2, 5, 10, 20, ... within a range of at least a decade; a multiple of one of them apart in a shorter one.
/// gnuplot by itself has ticks at powers of ten only, of which such a range has one or none.
std::string short_log_ticks(const Extent& r) {
  std::vector<double> ticks;
  if (r.high >= 10 * r.low) {
    for (int decade = int(std::floor(std::log10(r.low))); decade <= int(std::log10(r.high)) + 1; ++decade)
      for (const double digit : {1., 2., 5.}) ticks.push_back(digit * std::pow(10, decade));
  } else {
    const double each = (r.high - r.low) / 4, decade = std::pow(10, std::floor(std::log10(each)));
    const double step = decade * (each >= 5 * decade ? 5 : each >= 2 * decade ? 2 : 1);
    for (double k = std::ceil(r.low / step); k * step <= r.high; ++k) ticks.push_back(k * step);
  }
  std::string text;
  for (const double t : ticks)
    if (t >= r.low && t <= r.high) text += fmt::format("{}{:.6g}", text.empty() ? "" : ", ", t);
  return text;
}

/// Ticks at powers of ten, or as numbers where there would be fewer than two.
std::string axis(const char* name, bool log, const Extent& r) {
  if (!log) return fmt::format("set format {} '%g'\n", name);
  if (r.low > 0 && r.high / r.low >= 100) return fmt::format("set logscale {0}\nset format {0} '10^{{%T}}'\n", name);
  return fmt::format("set logscale {0}\nset format {0} '%g'\nset {0}tics ({1})\n", name, short_log_ticks(r));
}

std::string head(const json& f, const Paper& p) {
  std::string text = fmt::format("set encoding utf8\nset terminal {}\n", terminal(p));
  text += fmt::format("set xlabel {} noenhanced offset 0,.4\nset ylabel {} noenhanced offset 1,0\n",
                      quoted(f.at("x").get<std::string>()), quoted(f.at("y").get<std::string>()));
  if (!p.title.empty()) text += fmt::format("set title {} noenhanced\n", quoted(p.title));
  return text + "set border 3 lw .6\nset tics nomirror scale .5\n";
}

bool is_mark(const json& s) { return s.value("mark", false); }

/// The range of the lines and, as on the page, of their bands: as far as these do not compress the lines, or whole.
/// Diverged runs do not set it.
Extent y_range(const json& f, bool log) {
  Extent all, inside, bands;
  for (const json& row : f.at("rows"))
    for (std::size_t k = 1; k < row.size(); ++k) {
      const bool outside = f.at("series").at(k - 1).value("outside", false);
      for (std::size_t part = 0; part < 3; ++part) {
        const json& y = row.at(k).at(part);
        if (!y.is_number() || (log && y.get<double>() < 1e-300)) continue;
        if (!outside) bands.add(y);
        if (part != 1) continue;
        all.add(y);
        if (!outside) inside.add(y);
      }
    }
  if (inside.low > inside.high) return all;
  const auto lines =
      std::count_if(f.at("series").begin(), f.at("series").end(), [](const json& s) { return !is_mark(s); });
  if (f.value("wholeBands", false) || (!log && lines == 1)) return bands;
  constexpr double share = .15;  // of the range of the lines, on either side
  const double room =
      log ? std::exp(share * (std::log(inside.high) - std::log(inside.low))) : share * (inside.high - inside.low);
  return {std::max(bands.low, log ? inside.low / room : inside.low - room),
          std::min(bands.high, log ? inside.high * room : inside.high + room)};
}

/// A range of so many decades is drawn linearly in log10 y: on its logarithmic axis, gnuplot multiplies the ordinates
/// of a band's edges, and the products underflow.
bool is_wide(const Extent& y) { return y.low > 0 && std::log10(y.high) - std::log10(y.low) > 100; }

std::string wide_axis(Extent& y) {
  y = {std::log10(y.low), std::log10(y.high)};
  return fmt::format("set format y '10^{{%.0f}}'\nset ytics {}\n", y.high - y.low > 250 ? 100 : 50);
}

/// Of a number e, or of log10 e.
std::string ordinate(const json& e, bool log10) {
  if (!log10 || !e.is_number()) return number(e);
  return e.get<double>() > 0 ? number(json(std::log10(e.get<double>()))) : "NaN";
}

std::string data_of(const json& f, bool log10) {
  std::string text;
  for (std::size_t k = 0; k < f.at("series").size(); ++k) {
    text += fmt::format("$d{} << EOD\n", k);
    bool any = false;
    for (const json& row : f.at("rows")) {
      const json& e = row.at(k + 1);
      if (!e.at(1).is_number() && e.size() < 4) continue;  // this line has no point here
      text += fmt::format("{} {} {} {}\n", number(row.at(0)), ordinate(e.at(1), log10), ordinate(e.at(0), log10),
                          ordinate(e.at(2), log10));
      any = true;
    }
    text += any ? "EOD\n" : "NaN NaN NaN NaN\nEOD\n";
  }
  return text;
}

bool has_band(const json& f, std::size_t k) {
  for (const json& row : f.at("rows"))
    if (const json& e = row.at(k + 1); e.at(0).is_number() && e.at(0) != e.at(2)) return true;
  return false;
}

/// Lines of one name and one group have one entry in the legend, and marks of one name.
bool is_repeated(const json& series, std::size_t k) {
  const auto is_like = [](const json& a, const json& b) {
    if (is_mark(a) != is_mark(b) || a.value("thin", false) || a.at("name") != b.at("name")) return false;
    return is_mark(a) || a.at("group") == b.at("group");
  };
  for (std::size_t i = 0; i < k; ++i)
    if (is_like(series.at(i), series.at(k))) return true;
  return false;
}

std::string line_of_series(const json& series, std::size_t k, bool markers) {
  const json& s = series.at(k);
  const std::string name =
      is_repeated(series, k) ? "notitle" : fmt::format("title {} noenhanced", quoted(s.at("name").get<std::string>()));
  if (is_mark(s)) return fmt::format("$d{} using 1:2 with lines lc rgb '#8b949a' lw .8 dt (3,3) {}", k, name);
  const std::string colour = colour_word(s.at("light"));
  if (s.value("thin", false))
    return fmt::format("$d{} using 1:2 with lines lc rgb '#90{} lw .7 notitle", k, colour.substr(6));
  const int shape = shape_of(s.at("marker").get<std::string>());
  if (s.value("dots", false))
    return fmt::format("$d{} using 1:2 with points lc {} pt {} ps .5 {}", k, colour, markers ? shape : 7, name);
  const char* const width = s.value("label", "").empty() ? "1.4" : ".9";
  const std::string line = fmt::format("lc {} lw {} dt {}", colour, width, dash_word(s.at("dash")));
  if (s.value("beads", false))
    return fmt::format("$d{} using 1:2 with linespoints {} pt {} ps .25 {}", k, line, markers ? shape : 7, name);
  if (markers)
    return fmt::format("$d{} using 1:2 with linespoints {} pt {} ps .45 pn {} {}", k, line, shape, 5 + k % 3, name);
  return fmt::format("$d{} using 1:2 with lines {} {}", k, line, name);
}

/// The axes as they are drawn: ordinates in log10 on a logarithmic one.
struct Frame {
  bool log_x, log_y;
  Extent x, y;
  double across(double at) const { return share(log_x ? std::log10(at) : at, x); }
  double up(double at) const { return share(log_y ? std::log10(at) : at, y); }

 private:
  static double share(double at, const Extent& of) { return std::clamp((at - of.low) / (of.high - of.low), 0., 1.); }
};

/// The labels of lines that look alike, at the place that the figure names (place_of_labels): at the right edge, at the
/// height at which each line ends, or at its peak; moved apart.
std::string labels_of(const json& f, const Frame& frame) {
  const std::string place = f.value("labels", "ends");
  if (place == "none") return {};
  struct Label {
    double across, up;  // shares of the axes
    std::string text, colour;
  };
  std::vector<Label> labels;
  for (std::size_t k = 0; k < f.at("series").size(); ++k) {
    const json& s = f.at("series").at(k);
    const std::string text = s.value("label", "");
    if (text.empty() || s.value("dots", false)) continue;
    std::pair<double, double> at{NAN, NAN};
    for (const json& row : f.at("rows")) {
      const json& y = row.at(k + 1).at(1);
      if (!y.is_number() || (frame.log_y && y.get<double>() <= 0)) continue;
      if (place == "ends" || !(y.get<double>() <= at.second)) at = {row.at(0).get<double>(), y.get<double>()};
    }
    if (std::isnan(at.second)) continue;
    labels.push_back(
        {place == "ends" ? 1.02 : frame.across(at.first) + .01, frame.up(at.second), text, colour_word(s.at("light"))});
  }
  constexpr double gap = .06;
  std::sort(labels.begin(), labels.end(), [](const Label& a, const Label& b) { return a.up < b.up; });
  for (std::size_t k = 1; k < labels.size(); ++k) labels[k].up = std::max(labels[k].up, labels[k - 1].up + gap);
  double most = 1;
  for (auto l = labels.rbegin(); l != labels.rend(); ++l, most -= gap) l->up = std::min(l->up, most);
  std::string text;
  for (const Label& l : labels)
    text += fmt::format("set label {} at graph {:.4g},{:.3f} left tc {} noenhanced\n", quoted(l.text), l.across, l.up,
                        l.colour);
  return text.empty() || place != "ends" ? text : text + "set rmargin 9\n";
}

/// A sentence in place of a figure.
std::string sentence_program(const std::string& words, const Paper& p) {
  return fmt::format(
      "set encoding utf8\nset terminal {}\nunset border\nunset tics\nunset key\nset label {} at screen .5,.5 center "
      "noenhanced\nplot [0:1][0:1] NaN notitle\n",
      terminal(p), quoted(words));
}

/// Why there is nothing to draw; empty if there is something, or only marks.
std::string why_nothing(const json& f) {
  if (std::all_of(f.at("series").begin(), f.at("series").end(), is_mark)) return {};
  const bool log_x = f.at("logX").get<bool>(), log_y = f.at("logY").get<bool>();
  for (const json& row : f.at("rows"))
    for (std::size_t k = 0; k < f.at("series").size(); ++k)
      if (const json& y = row.at(k + 1).at(1); y.is_number() && !is_mark(f.at("series").at(k)) &&
                                               (!log_x || row.at(0).get<double>() > 0) &&
                                               (!log_y || y.get<double>() > 0))
        return {};
  const std::string words = f.value("nothing", "");
  return words.empty() ? "Nothing to draw: no value is above zero." : words;
}

std::string lines_program(const json& f, const Paper& p) {
  if (const std::string nothing = why_nothing(f); !nothing.empty()) return sentence_program(nothing, p);
  const json& series = f.at("series");
  const bool log_x = f.at("logX").get<bool>(), log = f.at("logY").get<bool>();
  Extent all_x;
  for (const json& row : f.at("rows"))
    if (!log_x || row.at(0).get<double>() > 0) all_x.add(row.at(0));
  const Extent x = drawable(all_x, log_x);
  Extent y = drawable(y_range(f, log), log);
  const bool wide = log && is_wide(y), log_y = log && !wide;
  std::string text = head(f, p) + axis("x", log_x, x) + (wide ? wide_axis(y) : axis("y", log_y, y));
  text += fmt::format("set xrange [{:.9g}:{:.9g}]\n", x.low, x.high);
  const double pad = log_y ? std::pow(10, .04 * (std::log10(y.high) - std::log10(y.low))) : .05 * (y.high - y.low);
  text += fmt::format("set yrange [{:.9g}:{:.9g}]\n", log_y ? y.low / pad : y.low - pad,
                      log_y ? y.high * pad : y.high + pad);
  const double bottom = log_y ? std::log10(y.low / pad) : y.low - pad,
               top = log_y ? std::log10(y.high * pad) : y.high + pad;
  const Extent drawn_x = log_x ? Extent{std::log10(x.low), std::log10(x.high)} : x;
  text += labels_of(f, {log_x, log, drawn_x, {bottom, top}}) + "set grid ytics lc rgb '#dde1e0' lw .4\n";
  if (f.value("equal", false) && !log_x && !log) text += "set size ratio -1\n";
  text += p.legend ? "set key outside top center horizontal reverse Left samplen 2.2 spacing .9 width 1 maxcols 3\n"
                   : "unset key\n";
  text += data_of(f, wide) + "plot ";
  std::string bands, lines;
  std::vector<std::string> groups;
  for (const json& s : series)
    if (!is_mark(s)) groups.push_back(s.at("group").get<std::string>());
  const bool markers = std::any_of(groups.begin(), groups.end(), [&](const std::string& g) { return g != groups[0]; });
  for (std::size_t k = 0; k < series.size(); ++k) {
    const json& s = series.at(k);
    if (!is_mark(s) && !s.value("thin", false) && !s.value("dots", false) && has_band(f, k))
      bands += fmt::format("$d{} using 1:3:4 with filledcurves fc {} fs transparent solid {} noborder notitle, \\\n", k,
                           colour_word(s.at("light")), s.value("dashed", false) ? ".07" : ".15");
    lines += fmt::format("{}{}", lines.empty() ? "" : ", \\\n", line_of_series(series, k, markers));
  }
  return text + bands + (lines.empty() ? "NaN notitle" : lines) + "\n";
}

std::vector<double> edges_of(const json& centres) {
  const auto c = centres.get<std::vector<double>>();
  const std::size_t n = c.size();
  if (n == 0) throw FileError("a heat map in figures.json has no cells");
  if (n == 1) return {c[0] - .5, c[0] + .5};
  std::vector<double> edges{c[0] - (c[1] - c[0]) / 2};
  for (std::size_t k = 1; k < n; ++k) edges.push_back((c[k - 1] + c[k]) / 2);
  edges.push_back(c[n - 1] + (c[n - 1] - c[n - 2]) / 2);
  return edges;
}

std::string heat_program(const json& f, const Paper& p) {
  if (const std::string nothing = f.value("nothing", ""); !nothing.empty()) return sentence_program(nothing, p);
  const auto xs = edges_of(f.at("xs")), ys = edges_of(f.at("ys"));
  const std::size_t across = xs.size() - 1, cells = across * (ys.size() - 1);
  if (f.at("values").size() != cells)
    throw FileError(fmt::format("a heat map in figures.json has {} values for {} cells", f.at("values").size(), cells));
  const double low = f.at("low").get<double>(), high = f.at("high").get<double>();
  std::string text = head(f, p) + "set tics out\nset border 15 lw .6\nunset key\n";
  text += fmt::format("set xrange [{:.9g}:{:.9g}]\nset yrange [{:.9g}:{:.9g}]\nset cbrange [{:.9g}:{:.9g}]\n",
                      xs.front(), xs.back(), ys.front(), ys.back(), low, high > low ? high : low + 1);
  text += fmt::format("set cblabel {} noenhanced offset .5,0\nset palette defined (",
                      quoted(f.at("value").get<std::string>()));
  for (std::size_t k = 0; k < f.at("scale").size(); ++k)
    text += fmt::format("{}{} {}", k ? ", " : "", k, colour_word(f.at("scale").at(k)).substr(4));
  text += ")\n$d << EOD\n";
  for (std::size_t k = 0; k < cells; ++k)
    if (const json& v = f.at("values").at(k); v.is_number())
      text += fmt::format("{:.9g} {:.9g} {:.9g} {:.9g} {}\n", xs[k % across], xs[k % across + 1], ys[k / across],
                          ys[k / across + 1], number(v));
  return text +
         "NaN NaN NaN NaN NaN\nEOD\nplot $d using (.5*($1+$2)):(.5*($3+$4)):1:2:3:4:5 with boxxyerror lc palette fs "
         "solid 1 noborder\n";
}

}  // namespace

std::string gnuplot_program(const std::string& figure_json, const Paper& p) {
  try {
    const json f = json::parse(figure_json);
    if (f.at("kind") == "parallel") return gnuplot::parallel_program(figure_json, p);
    return f.at("kind") == "heat" ? heat_program(f, p) : lines_program(f, p);
  } catch (const json::exception& e) { throw FileError(fmt::format("this is not a figure of a report: {}", e.what())); }
}

}  // namespace ebb::app
