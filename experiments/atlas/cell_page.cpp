#include <fmt/format.h>
#include <algorithm>
#include <cctype>
#include <cmath>
#include <ebb/experiments/atlas/cell_page.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/nn/cell_doc.hpp>
#include <ebb/nn/given_options.hpp>
#include <ebb/nn/registry.hpp>
#include <filesystem>

namespace ebb::app::atlas {
namespace {

struct CellsFile {
  AllMeasures cells;
};
void visit(Fields& f, CellsFile& c) { f("cells", c.cells); }

std::string or_dash(const CellMeasures& m, const char* what, const std::string& text) {
  return m.has(what) ? text : "–";
}

std::string half_life_text(const CellMeasures& m) {
  if (!std::isfinite(m.rate)) return "–";
  if (std::abs(m.rate) <= 2 * m.rate_error || std::abs(m.rate) < 1e-6) return "no decay";
  return m.rate < 0 ? number_text(m.half_life()) : fmt::format("grows: doubles in {}", number_text(-m.half_life()));
}

std::string points_text(const CellMeasures& m) {
  std::vector<std::string> parts;
  const auto add = [&](double n, const char* noun) {
    if (n > 0) parts.push_back(count_text(n, noun));
  };
  add(m.stable, "stable point");
  add(m.saddles, "unstable point");
  add(m.manifolds, "manifold");
  add(m.slow, "slow point");
  return parts.empty() ? "none found" : enumerated(parts);
}

std::string exponents_text(const CellMeasures& m) {
  if (m.exponents.empty()) return "–";
  const double first = m.exponents.front();
  return std::isfinite(first) ? fmt::format("{} ± {}", number_text(first), number_text(m.errors.front()))
                              : number_text(first);
}

std::string measures_table(const CellMeasures& m) {
  std::string t = "| measure | value |\n|---|---|\n";
  const auto row = [&](const std::string& what, const std::string& value) {
    t += fmt::format("| {} | {} |\n", what, value);
  };
  row(fmt::format("weights, H = I = {}", m.hidden), count_text(m.weights));
  if (m.has("time")) row(fmt::format("weights, H = I = {}", m.wide), count_text(m.wide_weights));
  row(fmt::format("numbers of the state, H = {}", m.hidden), count_text(m.state));
  row(fmt::format("time of an update, lstm = 1 (H = {}, one thread)", m.wide),
      or_dash(m, "time", fmt::format("{} ({} ms)", number_text(m.relative), number_text(1e3 * m.update))));
  row("half-life of the gradient, steps", or_dash(m, "gradient", half_life_text(m)));
  row("largest Lyapunov exponent, nats per step", or_dash(m, "exponents", exponents_text(m)));
  if (m.has("exponents") && m.exponents.size() > 1)
    row(fmt::format("exponent {}", m.exponents.size()), number_text(m.exponents.back()));
  row("fixed points with zero input", or_dash(m, "fixed points", points_text(m)));
  if (m.has("fixed points"))
    row("starts of that search", fmt::format("{}: {} ended at a fixed point, {} unfinished", count_text(m.starts),
                                             count_text(m.ended_fixed), count_text(m.unfinished)));
  return t;
}

std::string indented(const std::string& doc) {
  std::string text;
  std::size_t from = 0;
  while (from < doc.size()) {
    const std::size_t end = std::min(doc.find('\n', from), doc.size());
    text += (end > from ? "    " : "") + doc.substr(from, end - from) + "\n";
    from = end + 1;
  }
  return text;
}

}  // namespace

AllMeasures read_cells(const std::string& path) {
  if (!std::filesystem::exists(path)) return {};
  return from_json<CellsFile>(read_file(path), path).cells;
}

std::string cells_json(const AllMeasures& all) { return json_of(CellsFile{all}) + "\n"; }

std::string docstring_of(const std::string& cell) {
  const CellDoc* const doc = Registry<CellDoc>::find(name_before_options(cell));
  return doc ? doc->about : "";
}

std::string file_of_cell(const std::string& cell, const char* ending) {
  std::string name;
  for (const char c : cell)
    name += std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' ? c : '-';
  return name + ending;
}

std::string cell_page(const CellMeasures& m, const std::vector<Comparison>& comparisons) {
  const std::string doc = docstring_of(m.cell);
  std::string text = fmt::format("# {}\n\n{}. Source: `{}`. [All cells](../cells.md)\n\n", m.cell, m.about, m.file);
  text += doc.empty() ? "The struct of this cell has no docstring with its equation.\n" : indented(doc);
  text +=
      fmt::format("\n## With initial weights\n\n![Gradient against the lag, and Lyapunov exponents, of {}]({})\n\n{}",
                  m.cell, file_of_cell(m.cell, ".svg"), measures_table(m));
  for (const auto& [what, why] : m.missing) text += fmt::format("\nNot measured: {} ({}).\n", what, why);
  text += fmt::format("\nMeasured {}, ebb {}, {}, seed 1, normal inputs; [how](../atlas.md).\n", m.date, m.version,
                      m.machine);
  if (comparisons.empty()) return text;
  text += "\n## In comparisons\n\n| where | what | result | beside |\n|---|---|---|---|\n";
  for (const Comparison& c : comparisons)
    text += fmt::format("| {} | {} | {} | {} |\n", markdown_text(c.source), markdown_text(c.what),
                        markdown_text(c.result), markdown_text(c.beside));
  return text;
}

std::string cells_page(const AllMeasures& all, const Comparisons& comparisons) {
  std::string text =
      "# Cells\n\n"
      "One page a cell, from its source and its measures: equation, weights, time, gradient, dynamics, and its row in "
      "every\n"
      "comparison. `ebb atlas --cells all --record` writes these pages, with your own cells too; [atlas.md](atlas.md) "
      "states\n"
      "how each number is measured. All numbers are of initial weights, so they show where training begins.\n\n"
      "| cell | | weights | time | half-life | λ₁ | fixed points | comparisons |\n|---|---|---|---|---|---|---|---|\n";
  int hidden = 0, wide = 0;
  for (const auto& [name, m] : all) {
    const auto rows = comparisons.find(std::string(name_before_options(name)));
    text += fmt::format("| [{}](cells/{}) | {} | {} | {} | {} | {} | {} | {} |\n", markdown_text(name),
                        file_of_cell(name, ".md"), markdown_text(m.about), count_text(m.weights),
                        or_dash(m, "time", number_text(m.relative)), or_dash(m, "gradient", half_life_text(m)),
                        or_dash(m, "exponents", exponents_text(m)), or_dash(m, "fixed points", points_text(m)),
                        rows == comparisons.end() ? 0 : rows->second.size());
    hidden = m.hidden;
    wide = m.wide;
  }
  return text + fmt::format(
                    "\nWeights: at H = I = {}. Time: of an update at H = I = {} on one thread, lstm = 1. Half-life of "
                    "the gradient, steps.\nλ₁: the largest Lyapunov exponent, nats per step.\n",
                    hidden, wide);
}

}  // namespace ebb::app::atlas
