#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/runs/export.hpp>

namespace ebb::app::runs {
namespace {

std::string csv_field(const std::string& text) {
  return text.find_first_of(",\"\r\n") == std::string::npos ? text : csv_quoted(text);
}

}  // namespace

std::string export_csv(const std::vector<RunRecord>& runs, const std::vector<std::string>& columns) {
  std::string text;
  for (const std::string& column : columns) text += (text.empty() ? "" : ",") + csv_field(column);
  text += "\n";
  for (const RunRecord& run : runs) {
    std::string line;
    for (std::size_t k = 0; k < columns.size(); ++k) line += (k == 0 ? "" : ",") + csv_field(text_of(run[columns[k]]));
    text += line + "\n";
  }
  return text;
}

std::string export_json(const std::vector<RunRecord>& runs, const std::vector<std::string>& columns) {
  std::string text = "[";
  for (const RunRecord& run : runs) text += (text.size() == 1 ? "\n" : ",\n") + json_of(run, columns);
  return text + "\n]\n";
}

}  // namespace ebb::app::runs
