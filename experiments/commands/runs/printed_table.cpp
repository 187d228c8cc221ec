#include <algorithm>
#include <ebb/experiments/commands/runs/printed_table.hpp>
#include <ebb/experiments/report/text_format.hpp>

namespace ebb::app::runs {
namespace {

int characters_in(const std::string& text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string printed_table(const std::vector<PrintedColumn>& columns, int most_columns) {
  std::vector<std::string> lines(columns.empty() ? 0 : columns[0].cells.size());
  for (const PrintedColumn& c : columns) {
    int width = 0;
    for (const std::string& text : c.cells) width = std::max(width, characters_in(text));
    for (std::size_t row = 0; row < lines.size(); ++row)
      lines[row] += (&c == columns.data() ? "" : "  ") + fit(c.cells[row], std::min(width, most_columns), c.right);
  }
  std::string text;
  for (std::string& line : lines) {
    while (line.ends_with(' ')) line.pop_back();
    text += line + "\n";
  }
  return text;
}

}  // namespace ebb::app::runs
