#include <algorithm>
#include <ebb/experiments/commands/runs/printed_table.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <set>

namespace ebb::app::runs {
namespace {

int characters_in(const std::string& text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// The text without its middle, where there is more of it than columns: names often differ at one of their ends.
std::string shortened(const std::string& text, int width) {
  const int all = characters_in(text);
  if (all <= width || width < 3) return text;
  const int begin = (width - 1) / 2, end = all - (width - 1 - begin);
  std::string kept;
  int at = -1;
  for (const char c : text) {
    at += (c & 0xC0) != 0x80 ? 1 : 0;
    if (at < begin || at >= end) kept += c;
    else if (at == begin && (c & 0xC0) != 0x80) kept += "…";
  }
  return kept;
}

// As wide as the column must be for texts that differ to remain different.
int width_of(const PrintedColumn& c, int most) {
  int width = 0;
  for (const std::string& text : c.cells) width = std::max(width, characters_in(text));
  if (width <= most) return width;
  const std::set<std::string> all(c.cells.begin(), c.cells.end());
  std::set<std::string> kept;
  for (const std::string& text : all) kept.insert(shortened(text, most));
  return kept.size() == all.size() ? most : width;
}

}  // namespace

std::string printed_table(const std::vector<PrintedColumn>& columns, int most_columns) {
  std::vector<std::string> lines(columns.empty() ? 0 : columns[0].cells.size());
  for (const PrintedColumn& c : columns) {
    const int width = width_of(c, most_columns);
    for (std::size_t row = 0; row < lines.size(); ++row)
      lines[row] += (&c == columns.data() ? "" : "  ") + fit(shortened(c.cells[row], width), width, c.right);
  }
  std::string text;
  for (std::string& line : lines) {
    while (line.ends_with(' ')) line.pop_back();
    text += line + "\n";
  }
  return text;
}

}  // namespace ebb::app::runs
