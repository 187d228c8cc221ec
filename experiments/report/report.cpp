#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/assets.hpp>
#include <ebb/experiments/report/pictures.hpp>
#include <ebb/experiments/report/report.hpp>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

namespace ebb::app {
namespace {

using nlohmann::json;

// Six digits suffice for drawing, and make the file a third of the size that seventeen would.
json rounded(double x) {
  if (!std::isfinite(x)) return nullptr;
  return json::parse(fmt::format("{:.6g}", x));
}

// dygraphs needs one table: a row for each x, and [low, y, high] for each line.
json rows_of(const std::vector<Series>& series) {
  std::map<double, std::vector<json>> rows;
  for (std::size_t k = 0; k < series.size(); ++k)
    for (std::size_t i = 0; i < series[k].x.size(); ++i) {
      auto& row = rows[series[k].x[i]];
      row.resize(series.size());
      const double y = series[k].y[i];
      const bool band = i < series[k].low.size() && i < series[k].high.size();
      row[k] = {rounded(band ? series[k].low[i] : y), rounded(y), rounded(band ? series[k].high[i] : y)};
    }
  json table = json::array();
  for (auto& [x, row] : rows) {
    json line = json::array();  // braces around a single json would be a copy for some compilers
    line.push_back(rounded(x));
    for (auto& entry : row) line.push_back(entry.is_null() ? json({nullptr, nullptr, nullptr}) : entry);
    table.push_back(std::move(line));
  }
  return table;
}

std::string spark_svg(const Entry& e) {
  constexpr double width = 120, height = 22;
  std::string points;
  const double last = std::max(1.0, static_cast<double>(e.spark.size()) - 1);
  for (std::size_t k = 0; k < e.spark.size(); ++k) {
    const double share = (e.spark[k] - e.low) / (e.high - e.low);
    if (!std::isfinite(share) || share < 0) break;  // below the scale: the line ends here
    points += fmt::format("{:.1f},{:.1f} ", width * static_cast<double>(k) / last,
                          1 + (height - 2) * (1 - std::min(share, 1.0)));
  }
  return fmt::format(
      "<svg class=spark viewBox='0 0 {0} {1}' width={0} height={1} role=img><polyline points='{2}'/></svg>", width,
      height, points);
}

}  // namespace

int Report::colour(const std::string& group) {
  auto at = std::find(groups_.begin(), groups_.end(), group);
  if (at == groups_.end()) at = groups_.insert(at, group);
  return static_cast<int>(at - groups_.begin()) % 8;
}

void Report::title(const std::string& text) { title_ = text; }
void Report::lead(const std::string& text) { lead_ = text; }
void Report::badge(const std::string& word) { badges_ += "<span class=badge>" + escaped(word) + "</span>"; }
void Report::section(const std::string& title, const std::string& paragraph) {
  body_ += "<h2>" + escaped(title) + "</h2>\n";
  if (!paragraph.empty()) text(paragraph);
}
void Report::note(const std::string& small) { body_ += "<p class=note>" + escaped(small) + "</p>\n"; }
void Report::text(const std::string& paragraph) { body_ += "<p>" + escaped(paragraph) + "</p>\n"; }
void Report::verbatim(const std::string& text) { body_ += "<pre>" + escaped(text) + "</pre>\n"; }

void Report::plots(const std::vector<Plot>& side_by_side) {
  body_ += fmt::format("<div class='plots n{}'>\n", side_by_side.size());
  for (const Plot& p : side_by_side) {
    std::vector<Series> all = p.series;
    all.insert(all.end(), p.marks.begin(), p.marks.end());
    json spec = {{"x", p.x_label}, {"y", p.y_label}, {"logY", p.log_y}, {"logX", p.log_x}, {"rows", rows_of(all)}};
    for (const Series& s : p.series)
      spec["series"].push_back({{"name", s.name},
                                {"colour", colour(s.group.empty() ? s.name : s.group)},
                                {"dashed", s.dashed},
                                {"dots", s.dots},
                                {"beads", s.beads}});
    for (const Series& s : p.marks) spec["series"].push_back({{"name", s.name}, {"mark", true}});
    std::string data = spec.dump(-1, ' ', false, json::error_handler_t::replace);
    for (std::size_t at = 0; (at = data.find("</", at)) != std::string::npos; at += 3) data.replace(at, 2, "<\\/");
    body_ += fmt::format(
        "<figure><h3>{}</h3><div class=legend></div><div class=plot></div>"
        "<script type='application/json'>{}</script><figcaption>{}</figcaption></figure>\n",
        escaped(p.title), data, escaped(p.caption));
  }
  body_ += "</div>\n";
}

void Report::picture(const std::string& title, const std::string& svg, const std::string& caption) {
  body_ +=
      fmt::format("<figure><h3>{}</h3>{}<figcaption>{}</figcaption></figure>\n", escaped(title), svg, escaped(caption));
}

std::string Report::table_html(const Table& t) const {
  std::string html = "<div class=scroll><table>";
  if (!t.caption.empty()) html += "<caption>" + escaped(t.caption) + "</caption>";
  html += "<thead><tr>";
  for (const std::string& word : t.head) html += "<th>" + escaped(word);
  html += "</thead><tbody>\n";
  for (const auto& row : t.rows) {
    html += "<tr>";
    for (std::size_t k = 0; k < row.size(); ++k) {
      const auto group = std::find(groups_.begin(), groups_.end(), row[k].group.empty() ? row[k].text : row[k].group);
      html += k == 0 ? "<th scope=row>" : "<td>";
      if (k == 0 && group != groups_.end())
        html += fmt::format("<i class='swatch c{}'></i>", (group - groups_.begin()) % 8);
      html += row[k].spark.empty() ? escaped(row[k].text) : spark_svg(row[k]);
    }
    html += "\n";
  }
  return html + "</tbody></table></div>\n";
}

void Report::table(const Table& t) {
  for (const auto& row : t.rows)  // so that a table above the first plot also has colours
    if (!row.empty() && !row[0].text.empty() && !t.head.empty() && t.head[0] == "cell")
      colour(row[0].group.empty() ? row[0].text : row[0].group);
  body_ += table_html(t);
}

void Report::details(const std::string& title, const Table& t) {
  body_ += "<details><summary>" + escaped(title) + "</summary>" + table_html(t) + "</details>\n";
}

std::string Report::html() const {
  using namespace assets;
  std::string page;
  fmt::format_to(std::back_inserter(page),
                 "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
                 "<meta name=viewport content='width=device-width, initial-scale=1'>"
                 "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'; "
                 "script-src 'unsafe-inline'; img-src data:\"><title>{}</title>\n<style>",
                 escaped(title_.empty() ? kicker_ : title_));
  page.append(dygraph_css, dygraph_css_size).append("</style>\n<style>").append(report_css, report_css_size);
  fmt::format_to(
      std::back_inserter(page),
      "</style></head><body><main><header><p class=kicker>{}{}</p><h1>{}</h1><p class=lead>{}</p></header>\n",
      escaped(kicker_), badges_, escaped(title_.empty() ? kicker_ : title_), escaped(lead_));
  page.append(body_).append("</main>\n<script>").append(dygraph_js, dygraph_js_size).append("</script>\n<script>");
  page.append(report_js, report_js_size).append("</script></body></html>\n");
  return page;
}

}  // namespace ebb::app
