#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/assets.hpp>
#include <ebb/experiments/report/figure.hpp>
#include <ebb/experiments/report/pictures.hpp>
#include <ebb/experiments/report/report.hpp>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

namespace ebb::app {
namespace {

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

// The line of a style, with its marker; report.js draws the marker.
std::string swatch(const Style& s) {
  std::string dash;
  for (const int part : dash_pattern(s.dash, false)) dash += fmt::format("{} ", part);
  return fmt::format(
      "<svg class=swatch width=26 height=10 viewBox='0 0 26 10'><line x2=26 y1=5 y2=5 stroke='var(--c{0})' "
      "stroke-dasharray='{1}'/><path transform='translate(13 5)' fill='var(--c{0})' data-marker='{2}'/></svg>",
      s.hue, dash, markers()[static_cast<std::size_t>(s.marker)]);
}

// The hues as CSS variables; `.paper` has those of a white page also in dark mode.
std::string hues_css() {
  std::string light, dark;
  for (std::size_t k = 0; k < hues().size(); ++k) {
    light += fmt::format("--c{}:{};", k, hues()[k].light);
    dark += fmt::format("--c{}:{};", k, hues()[k].dark);
  }
  return fmt::format(":root,.paper{{{0}}}@media screen and (prefers-color-scheme:dark){{:root{{{1}}}.paper{{{0}}}}}",
                     light, dark);
}

}  // namespace

void Report::title(const std::string& text) { title_ = text; }
void Report::lead(const std::string& text) { lead_ = text; }
void Report::badge(const std::string& word) { badges_ += "<span class=badge>" + escaped(word) + "</span>"; }
void Report::section(const std::string& title, const std::string& paragraph) {
  section_ = title;
  body_ += "<h2>" + escaped(title) + "</h2>\n";
  if (!paragraph.empty()) text(paragraph);
}
void Report::note(const std::string& small) { body_ += "<p class=note>" + escaped(small) + "</p>\n"; }
void Report::text(const std::string& paragraph) { body_ += "<p>" + escaped(paragraph) + "</p>\n"; }
void Report::verbatim(const std::string& text) { body_ += "<pre>" + escaped(text) + "</pre>\n"; }

// A figure of another section may have the same title.
std::string Report::free_id(const std::string& id) const {
  const auto used = [&](const std::string& name) {
    return std::any_of(figures_.begin(), figures_.end(), [&](const Figure& f) { return f.id == name; });
  };
  if (!used(id)) return id;
  const std::string longer = section_.empty() ? id : id + "-" + id_of(section_);
  std::string name = longer;
  for (int k = 2; used(name); ++k) name = fmt::format("{}-{}", longer, k);
  return name;
}

void Report::add(const Figure& f, const std::string& finding, const std::string& caption) {
  std::string data = f.json;
  for (std::size_t at = 0; (at = data.find('<', at)) != std::string::npos; at += 6) data.replace(at, 1, "\\u003c");
  body_ += fmt::format(
      "<figure id='{}'><h3>{}</h3>{}<div class=legend></div><div class=plot></div>"
      "<script type='application/json'>{}</script><figcaption>{}</figcaption></figure>\n",
      f.id, escaped(f.title), finding.empty() ? "" : "<p class=finding>" + escaped(finding) + "</p>", data,
      escaped(caption));
  figures_.push_back(f);
}

void Report::plots(const std::vector<Plot>& side_by_side) {
  std::vector<std::string> names;
  for (const Plot& p : side_by_side)
    for (const Series& s : p.series) names.push_back(s.group.empty() ? s.name : s.group);
  palette_.add(names);
  body_ += fmt::format("<div class='plots n{}'>\n", side_by_side.size());
  for (const Plot& p : side_by_side)
    add(figure_of(p, free_id(p.id.empty() ? id_of(p.title) : p.id), palette_), p.finding, p.caption);
  body_ += "</div>\n";
}

void Report::heat_maps(const std::vector<HeatMap>& side_by_side) {
  body_ += fmt::format("<div class='plots n{}'>\n", side_by_side.size());
  for (const HeatMap& m : side_by_side)
    add(figure_of(m, free_id(m.id.empty() ? id_of(m.title) : m.id)), m.finding, caption_of(m));
  body_ += "</div>\n";
}

void Report::parallel_plot(const ParallelPlot& p) {
  body_ += "<div class='plots n1'>\n";
  add(figure_of(p, free_id(p.id.empty() ? id_of(p.title) : p.id)), p.finding, p.caption);
  body_ += "</div>\n";
}

void Report::picture(const std::string& title, const std::string& svg, const std::string& caption) {
  body_ +=
      fmt::format("<figure><h3>{}</h3>{}<figcaption>{}</figcaption></figure>\n", escaped(title), svg, escaped(caption));
}

std::string Report::row_html(const std::vector<Entry>& row) {
  std::string html = "<tr>";
  for (std::size_t k = 0; k < row.size(); ++k) {
    html += k == 0 ? "<th scope=row>" : "<td>";
    if (k == 0) {
      html += fmt::format("<!--swatch {}-->", row_groups_.size());
      row_groups_.push_back(row[k].group.empty() ? row[k].text : row[k].group);
    }
    html += row[k].spark.empty() ? escaped(row[k].text) : spark_svg(row[k]);
  }
  return html + "\n";
}

std::string Report::table_html(const Table& t) {
  std::string html = "<div class=scroll><table><thead><tr>";
  for (const std::string& word : t.head) html += "<th>" + escaped(word);
  html += "</thead><tbody>\n";
  for (const auto& row : t.rows) html += row_html(row);
  html += "</tbody>";
  if (!t.foot.empty()) html += "<tfoot>\n";
  for (const auto& row : t.foot) html += row_html(row);
  html += t.foot.empty() ? "</table></div>\n" : "</tfoot></table></div>\n";
  // Not in the table, which may be wider than the page and then scrolls.
  return t.caption.empty() ? html : html + "<p class=caption>" + escaped(t.caption) + "</p>\n";
}

// Fills the places that tables left for the swatches of their rows.
std::string Report::with_swatches(const std::string& body) const {
  static const std::string open = "<!--swatch ", close = "-->";
  std::string filled;
  std::size_t from = 0;
  for (std::size_t at = 0; (at = body.find(open, from)) != std::string::npos;) {
    const std::size_t number = at + open.size(), end = body.find(close, number);
    filled.append(body, from, at - from);
    if (const Style* style = palette_.find(row_groups_[std::stoul(body.substr(number, end - number))]))
      filled += swatch(*style);
    from = end + close.size();
  }
  return filled.append(body, from);
}

void Report::table(const Table& t) {
  std::vector<std::string> names;
  for (const auto& row : t.rows)  // so that a table above the first plot also has colours
    if (!row.empty() && !row[0].text.empty() && !t.head.empty() && t.head[0] == "cell")
      names.push_back(row[0].group.empty() ? row[0].text : row[0].group);
  palette_.add(names);
  body_ += table_html(t);
}

void Report::details(const std::string& title, const Table& t) {
  body_ += "<details><summary>" + escaped(title) + "</summary>" + table_html(t) + "</details>\n";
}

std::string Report::figures_json() const {
  nlohmann::ordered_json all = {{"title", title_.empty() ? kicker_ : title_},
                                {"figures", nlohmann::ordered_json::array()}};
  for (const Figure& f : figures_) all["figures"].push_back(nlohmann::ordered_json::parse(f.json));
  return all.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
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
  page.append(hues_css()).append(report_css, report_css_size);
  fmt::format_to(
      std::back_inserter(page),
      "</style></head><body><main><header><p class=kicker>{}{}</p><h1>{}</h1><p class=lead>{}</p></header>\n",
      escaped(kicker_), badges_, escaped(title_.empty() ? kicker_ : title_), escaped(lead_));
  const std::string body = with_swatches(body_);
  page.append(body).append("</main>\n");
  if (body.find("<div class=scroll>") != std::string::npos)
    page.append("<script>").append(tables_js, tables_js_size).append("</script>\n");
  if (body.find("class='plots") == std::string::npos && body.find("data-marker") == std::string::npos)
    return page + "</body></html>\n";
  using Script = std::pair<const char*, unsigned long>;
  for (const auto& [text, size] :
       {Script{d3_js, d3_js_size}, Script{drawing_js, drawing_js_size}, Script{heat_map_js, heat_map_js_size},
        Script{parallel_js, parallel_js_size}, Script{report_js, report_js_size}})
    page.append("<script>").append(text, size).append("</script>\n");
  return page + "</body></html>\n";
}

}  // namespace ebb::app
