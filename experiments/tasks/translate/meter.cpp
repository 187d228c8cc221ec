#include <fmt/format.h>
#include <ebb/experiments/report/attention_picture.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/tasks/translate/meter.hpp>
#include <ebb/experiments/tasks/translate/network.hpp>

namespace ebb::app {
namespace {

constexpr int looked_through = 40, shown_items = 8, shown_pictures = 2;
constexpr std::size_t widest_line = 90;  // bytes of a line that fit into a table

// The tokens before the first -1.
Sentence tokens_of(const Array& row) {
  Sentence s;
  for (int k = 0; k < row.columns() && row.at_flat(k) >= 0; ++k) s.push_back(static_cast<int>(row.at_flat(k)));
  return s;
}

}  // namespace

std::vector<std::string> Translations::symbols_of(const Sentence& s, const std::vector<std::string>& read,
                                                  const Array& attention) const {
  std::vector<std::string> symbols_of;
  for (std::size_t k = 0; k < s.size(); ++k) {
    int most = 0;
    for (int j = 1; j < static_cast<int>(read.size()); ++j)
      if (attention.at({static_cast<int>(k), j}) > attention.at({static_cast<int>(k), most})) most = j;
    symbols_of.push_back(s[k] == vocabulary.unknown() ? read[static_cast<std::size_t>(most)] : vocabulary[s[k]]);
  }
  return symbols_of;
}

void show_attention(Report& report, std::vector<std::string> read, std::vector<std::string> written,
                    const Array& attention) {
  for (auto* symbols : {&read, &written})
    for (std::string& symbol : *symbols) symbol = readable(symbol);
  written.emplace_back("(end)");
  report.picture("Attention", attention_svg(read, written, attention),
                 "Source across, translation down; darker squares have larger weights.");
}

void TranslateMeter::add(Score& score, const std::vector<std::string>& said, const std::vector<std::string>& wanted) {
  const auto numbers = [this](const std::vector<std::string>& symbols) {
    Sentence s;
    for (const std::string& symbol : symbols) {
      const auto [known, fresh] = numbers_.emplace(symbol, static_cast<int>(numbers_.size()));
      s.push_back(known->second);
    }
    return s;
  };
  score.bleu.add(numbers(said), {numbers(wanted)});
  score.exact += said == wanted;
  ++score.seen;
}

void TranslateMeter::update(const Batch& batch, const Result& r) {
  const auto& b = batch.get<TranslateBatch>();
  beam_ = b.beam.value_or(0);
  for (int row = 0; row < b.rows(); ++row) {
    const int item = b.items[static_cast<std::size_t>(row)];
    const auto at = static_cast<std::size_t>(item);
    const auto& source = all_.source[at];
    const auto& target = all_.target[at];
    const auto said = [&](const SearchOutput& by) {
      return all_.symbols_of(tokens_of(by.tokens.of(r)[row]), source, by.attention.of(r)[row]);
    };
    const auto greedy = said(greedy_output), beam = b.beam ? said(beam_output) : greedy;
    add(greedy_, greedy, target);
    add(copied_, source, target);
    if (b.beam) add(searched_, beam, target);
    if (keeps_) {
      std::string& line = kept_[item] = std::to_string(item - all_.first_test + 1);
      for (const auto* symbols : {&source, &target, &greedy, &beam})
        if (symbols != &beam || b.beam) line += "," + csv_quoted(joined(all_.symbols, *symbols));
    }
    if (item < all_.first_test || item >= all_.first_test + looked_through ||
        joined(all_.symbols, source).size() > widest_line)
      continue;
    const int steps = static_cast<int>(greedy.size()) + 1, S = static_cast<int>(source.size());
    const Array attention = greedy_output.attention.of(r)[row];
    shown_[item] = {source, target, greedy, beam,
                    attention.range(0, std::min(steps, attention.dim(0))).column_block(0, S).compact()};
  }
}

std::optional<OutputTable> TranslateMeter::outputs() const {
  std::string csv = std::string("line,source,reference,greedy") + (searched_.seen > 0 ? ",beam\n" : "\n");
  for (const auto& [item, line] : kept_) csv += line + "\n";
  return OutputTable{"translations", csv};
}

double TranslateMeter::value(const Score& s) const {
  return exact_ ? 100. * static_cast<double>(s.exact) / static_cast<double>(s.seen) : 100 * s.bleu.value();
}

std::vector<Measure> TranslateMeter::measures() const {
  if (greedy_.seen == 0) throw ValueError("nothing was measured");
  const std::string name = *validates_by();
  const std::string unit = exact_ ? "%" : "";
  const auto measure = [&](const std::string& called, const Score& s) {
    return Measure{called, value(s), unit, value(copied_), "a copy of the source"};
  };
  std::vector<Measure> all{measure(name, greedy_)};
  if (searched_.seen > 0) all.push_back(measure(fmt::format("{}, beam {}", name, beam_), searched_));
  return all;
}

void TranslateMeter::show(Report& report) const {
  const bool words = all_.symbols == Symbols::words;
  Table t;
  if (words) t.head = {"", "sentence"};
  else t.head = {"read", "should be", "greedy", "beam"};
  const auto line = [this](const std::vector<std::string>& symbols) { return readable(joined(all_.symbols, symbols)); };
  std::vector<const Shown*> first;
  for (const auto& [item, s] : shown_)
    if (first.size() < shown_items) first.push_back(&s);
  for (const Shown* s : first) {
    if (!words) t.rows.push_back({line(s->source), line(s->target), line(s->greedy), line(s->beam)});
    else
      for (const auto& [what, symbols] :
           {std::pair{"source", &s->source}, {"reference", &s->target}, {"greedy", &s->greedy}, {"beam", &s->beam}})
        t.rows.push_back({what, line(*symbols)});
  }
  report.section("Examples from the test split");
  report.table(t);
  int pictures = 0;
  for (const Shown* s : first)
    if (s->attention.dim(0) == static_cast<int>(s->greedy.size()) + 1 && ++pictures <= shown_pictures)
      show_attention(report, s->source, s->greedy, s->attention);
}

}  // namespace ebb::app
