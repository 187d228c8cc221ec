#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/cli/config.hpp>
#include <ebb/experiments/papers/protocol.hpp>
#include <ebb/experiments/sweep/axis.hpp>
#include <ebb/nn/nearest.hpp>
#include <functional>
#include <map>
#include <sstream>
#include <utility>

namespace ebb::app::papers {
namespace {

/// Reads the keys of a protocol, section by section.
class ProtocolReader {
 public:
  ProtocolReader(std::string name, std::string file, std::string text)
      : p_{.name = std::move(name), .file = std::move(file), .text = std::move(text)} {}

  Protocol read() {
    for (const ConfigLine& l : config_lines(p_.file, p_.text)) {
      line_ = &l;
      const auto dots = std::count(l.section.begin(), l.section.end(), '.');
      if (l.section.empty()) set(of_paper(), "a paper");
      else if (dots == 0) set(of_experiment(experiment(l.section)), "an experiment");
      else if (dots == 1) set(of_row(row(l.section)), "a row");
      else fail(fmt::format("[{}]: a section is an experiment, [adding], or a row of one, [adding.lstm]", l.section));
    }
    check();
    return std::move(p_);
  }

 private:
  using Keys = std::map<std::string, std::function<void()>>;

  [[noreturn]] void fail(const std::string& what) const { fail_at(line_->line, what); }
  [[noreturn]] void fail_at(int line, const std::string& what) const {
    throw ValueError(fmt::format("'{}', line {}: {}", p_.file, line, what));
  }

  void set(const Keys& keys, const char* whose) const {
    const auto at = keys.find(line_->key);
    if (at != keys.end()) return at->second();
    std::vector<std::string> known;
    for (const auto& [key, unused] : keys) known.push_back(key);
    const std::string near = nearest(line_->key, known);
    fail(fmt::format("{} has no key '{}'{}", whose, line_->key,
                     near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
  }

  Keys of_paper() {
    return {{"title", [&] { p_.title = text(); }},
            {"authors", [&] { p_.authors = text(); }},
            {"year", [&] { p_.year = whole(1900, 2100); }},
            {"source", [&] { p_.source = text(); }},
            {"code", [&] { p_.code = text(); }},
            {"about", [&] { p_.about = list(); }},
            {"differs", [&] { p_.differs = list(); }},
            {"seeds", [&] { p_.seeds = whole(1, 1000); }},
            {"reduced-seeds", [&] { p_.reduced_seeds = whole(1, 1000); }}};
  }

  Keys of_experiment(Experiment& e) const {
    return {{"question", [&] { e.question = text(); }},
            {"where", [&] { e.where = text(); }},
            {"train", [&] { e.train = words(); }},
            {"reduced", [&] { e.reduced = options(); }},
            {"measure", [&] { e.measure = text(); }},
            {"solved", [&] { e.solved = rule(); }},
            {"differs", [&] { e.differs = list(); }},
            {"lengths", [&] { e.beyond = one_of({"trained", "beyond"}) == 1; }},
            {"rates", [&] { e.rates = rates(); }},
            {"reduced-rates", [&] { e.reduced_rates = rates(); }},
            {"number", [&] { e.pick = static_cast<Pick>(one_of({"mean", "highest", "lowest"})); }}};
  }

  Keys of_row(Row& r) const {
    return {{"name", [&] { r.label = text(); }},         {"options", [&] { r.options = options(); }},
            {"reduced", [&] { r.reduced = options(); }}, {"paper", [&] { read_paper(r); }},
            {"spread", [&] { r.spread = spread(); }},    {"note", [&] { r.note = text(); }},
            {"agrees", [&] { r.agrees = rule(); }},      {"agrees-reduced", [&] { r.agrees_reduced = rule(); }}};
  }

  Experiment& experiment(const std::string& name) {
    if (p_.experiments.empty() || p_.experiments.back().name != name)
      p_.experiments.push_back({.name = name, .line = line_->line});
    return p_.experiments.back();
  }

  Row& row(const std::string& section) {
    const std::string of = section.substr(0, section.find('.')), name = section.substr(of.size() + 1);
    if (p_.experiments.empty() || p_.experiments.back().name != of)
      fail(fmt::format("[{0}] belongs to the experiment [{1}], whose section must precede it", section, of));
    std::vector<Row>& rows = p_.experiments.back().rows;
    if (rows.empty() || rows.back().name != name)
      rows.push_back({.name = name, .label = name, .paper = {}, .line = line_->line});
    return rows.back();
  }

  std::string text() const {
    if (line_->values.size() != 1 || line_->values[0].empty())
      fail(fmt::format("'{}' takes one text, in quotes", line_->key));
    return line_->values[0];
  }
  std::vector<std::string> list() const {
    std::vector<std::string> all = line_->values;
    std::erase(all, std::string());
    return all;
  }
  Words words() const {
    Words all;
    for (const std::string& part : list()) {
      std::istringstream in(part);
      for (std::string word; in >> word;) all.push_back(word);
    }
    return all;
  }
  Words options() const {
    const Words all = words();
    if (!all.empty() && !all[0].starts_with("--"))
      fail(fmt::format("'{}' must begin with an option of `ebb train`, not with '{}'", line_->key, all[0]));
    return all;
  }
  double number(const std::string& word) const {
    const double x = sweep::number_of(word);
    if (!std::isfinite(x)) fail(fmt::format("'{}' takes a finite number, not '{}'", line_->key, word));
    return x;
  }
  double spread() const {
    const double x = number(text());
    if (x < 0) fail(fmt::format("'{}' takes a number from 0 on, not {}", line_->key, text()));
    return x;
  }
  int whole(int low, int high) const {
    const double x = number(text());
    if (x != std::floor(x) || x < low || x > high)
      fail(fmt::format("'{}' takes a whole number from {} to {}, not {}", line_->key, low, high, text()));
    return static_cast<int>(x);
  }
  Rule rule() const {
    try {
      return rule_of(text());
    } catch (const ValueError& e) { fail(fmt::format("{}: {}", line_->key, e.what())); }
  }

  // One number, one for each of the paper's seeds, or a word such as "not solved".
  void read_paper(Row& r) const {
    double sum = 0;
    for (const std::string& word : list()) {
      r.paper += (r.paper.empty() ? "" : ", ") + word;
      const bool is_number = list().size() > 1 || word == "inf" || word == "-inf" || word == "nan";
      sum += is_number ? number(word) : sweep::number_of(word);
    }
    r.number = sum / static_cast<double>(list().size());
  }

  /// The index of the value among these words.
  int one_of(const Words& words) const {
    const auto at = std::find(words.begin(), words.end(), text());
    if (at == words.end()) fail(fmt::format("'{}' takes {}", line_->key, fmt::join(words, " or ")));
    return static_cast<int>(at - words.begin());
  }
  Words rates() const {
    if (list().empty()) fail(fmt::format("'{}' takes at least one learning rate", line_->key));
    for (const std::string& word : list())
      if (!(number(word) > 0)) fail(fmt::format("'{}' takes learning rates above 0", line_->key));
    return list();
  }

  void check() const {
    const auto need = [&](bool given, int line, const char* key) {
      if (!given) fail_at(line, fmt::format("'{}' is missing", key));
    };
    need(!p_.title.empty(), 1, "title");
    need(!p_.source.empty(), 1, "source");
    need(!p_.authors.empty(), 1, "authors");
    need(p_.year > 0, 1, "year");
    if (p_.experiments.empty()) fail_at(1, "the protocol has no experiment: [NAME], with a row [NAME.ROW]");
    for (const Experiment& e : p_.experiments) {
      need(!e.train.empty(), e.line, "train");
      need(!e.question.empty(), e.line, "question");
      if (e.rows.empty()) fail_at(e.line, fmt::format("the experiment [{0}] has no row: [{0}.ROW]", e.name));
      check_number(e);
      for (const Row& r : e.rows) check_row(r, need);
    }
  }

  void check_number(const Experiment& e) const {
    if (e.pick != Pick::mean && e.solved)
      fail_at(e.line, fmt::format("[{}]: 'solved' counts seeds, and 'number' takes one of them: choose", e.name));
    if (e.pick == Pick::mean && (!e.rates.empty() || !e.reduced_rates.empty()))
      fail_at(e.line, fmt::format("[{}]: with several rates, 'number' must be highest or lowest", e.name));
  }

  template <class Need> void check_row(const Row& r, const Need& need) const {
    need(!r.paper.empty(), r.line, "paper");
    for (const auto* rule : {&r.agrees, &r.agrees_reduced})
      if (*rule && (*rule)->around && std::isnan(r.number))
        fail_at(r.line, fmt::format("'{}' needs a number of the paper, which has '{}'", (*rule)->text, r.paper));
  }

  Protocol p_;
  const ConfigLine* line_ = nullptr;
};

bool is_name(const std::string& word) { return word.starts_with("--"); }

void take(Words& all, const Words& more) {
  for (std::size_t k = 0; k < more.size(); ++k) {
    Words option{more[k]};
    while (is_name(more[k]) && k + 1 < more.size() && !is_name(more[k + 1])) option.push_back(more[++k]);
    if (is_name(option[0]))
      if (const auto old = std::find(all.begin(), all.end(), option[0]); old != all.end())
        all.erase(old, std::find_if(old + 1, all.end(), is_name));
    all.insert(all.end(), option.begin(), option.end());
  }
}

}  // namespace

std::string Protocol::short_title() const {
  const std::size_t comma = authors.find(", ");
  const std::string first = authors.substr(0, comma);
  const auto names = std::count(authors.begin(), authors.end(), ',') + 1;
  const std::string others = names == 1 ? "" : names == 2 ? " & " + authors.substr(comma + 2) : " et al.";
  return fmt::format("{}{} {}", first, others, year);
}

Protocol protocol_of(const std::string& name, const std::string& file, const std::string& text) {
  return ProtocolReader{name, file, text}.read();
}

std::string Experiment::quantity() const {
  if (solved) return fmt::format("% of seeds with {} {}", measured(), solved->text);
  return (pick == Pick::highest ? "highest " : pick == Pick::lowest ? "lowest " : "") + measured();
}

Words words_of(const Experiment& e, const Row& r, bool full, const std::string& rate) {
  Words all;
  take(all, e.train);
  take(all, r.options);
  if (!full) {
    take(all, e.reduced);
    take(all, r.reduced);
  }
  if (!rate.empty()) take(all, {"--lr", rate});
  return all;
}

}  // namespace ebb::app::papers
