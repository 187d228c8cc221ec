#include <fmt/format.h>
#include <algorithm>
#include <climits>
#include <ebb/data/byte_reader.hpp>
#include <ebb/data/next_symbol.hpp>
#include <ebb/data/symbol_table.hpp>
#include <ebb/data/vocabulary.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

namespace {

using detail::SymbolMap;

/// A text in memory as a source of bytes.
struct TextSource : detail::BytesOf {
  [[noreturn]] void reject(const std::string& why) const { throw ValueError("vocabulary: the text " + why); }
};

template <class Source> std::vector<std::string> counted(Symbols kind, Source& from, const VocabularyOptions& o) {
  if (o.min_count < 1 || o.most < 0)
    throw ValueError(
        fmt::format("vocabulary: min_count {} must be positive and most {} not negative", o.min_count, o.most));
  SymbolMap<std::int64_t> count;
  std::string symbol;
  while (detail::next_symbol(from, kind, symbol)) {
    const auto at = count.find(std::string_view(symbol));
    at == count.end() ? static_cast<void>(count.emplace(symbol, 1)) : static_cast<void>(++at->second);
  }
  std::vector<std::string> list;
  const bool wanted[] = {o.pad, o.unknown, o.bos, o.eos};
  for (std::size_t k = 0; k < 4; ++k) {
    if (wanted[k]) list.emplace_back(detail::special_names[k]);
    if (wanted[k] && kind == Symbols::words)
      count.erase(detail::special_names[k]);  // a special symbol spelt out in the text
  }
  using Entry = std::pair<std::int64_t, std::string>;
  std::vector<Entry> order;
  for (const auto& [name, n] : count)
    if (n >= o.min_count) order.emplace_back(n, name);
  std::sort(order.begin(), order.end(), [](const Entry& a, const Entry& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  if (o.most > 0 && order.size() > static_cast<std::size_t>(o.most)) order.resize(static_cast<std::size_t>(o.most));
  for (Entry& e : order) list.push_back(std::move(e.second));
  return list;
}

}  // namespace

struct Vocabulary::Data {
  Symbols kind;
  std::vector<std::string> list;
  SymbolMap<int> ids;
  int special[4] = {-1, -1, -1, -1};

  Data(Symbols k, std::vector<std::string> symbols) : kind(k), list(std::move(symbols)) {
    for (std::size_t i = 0; i < list.size(); ++i) ids.emplace(list[i], static_cast<int>(i));
    for (std::size_t i = 0; i < 4; ++i)
      if (const auto at = ids.find(detail::special_names[i]); at != ids.end()) special[i] = at->second;
  }
};

Vocabulary Vocabulary::from_text(Symbols kind, std::string_view text, const VocabularyOptions& options) {
  TextSource from{{text}};
  return Vocabulary(std::make_shared<const Data>(kind, counted(kind, from, options)));
}

Vocabulary Vocabulary::from_file(Symbols kind, const std::string& path, const VocabularyOptions& options) {
  detail::ByteReader from(path, detail::content_of(kind));
  return Vocabulary(std::make_shared<const Data>(kind, counted(kind, from, options)));
}

Vocabulary Vocabulary::load(const std::string& path) {
  Symbols kind{};
  std::vector<std::string> list = detail::load_symbols(path, kind);
  return Vocabulary(std::make_shared<const Data>(kind, std::move(list)));
}

void Vocabulary::save(const std::string& path) const { detail::save_symbols(path, data_->kind, data_->list); }

int Vocabulary::size() const { return static_cast<int>(data_->list.size()); }
Symbols Vocabulary::symbols() const { return data_->kind; }
int Vocabulary::pad() const { return data_->special[0]; }
int Vocabulary::unknown() const { return data_->special[1]; }
int Vocabulary::bos() const { return data_->special[2]; }
int Vocabulary::eos() const { return data_->special[3]; }

const std::string& Vocabulary::operator[](int id) const {
  if (id < 0 || id >= size()) throw ValueError(fmt::format("vocabulary: id {} is outside its {} symbols", id, size()));
  return data_->list[static_cast<std::size_t>(id)];
}

int Vocabulary::find(std::string_view symbol) const {
  const auto at = data_->ids.find(symbol);
  return at == data_->ids.end() ? -1 : at->second;
}

Tokens Vocabulary::encode(std::string_view text) const {
  std::vector<int> ids;
  if (bos() >= 0) ids.push_back(bos());
  TextSource from{{text}};
  std::string symbol;
  while (detail::next_symbol(from, data_->kind, symbol)) {
    const int id = find(symbol);
    if (id < 0 && unknown() < 0)
      throw ValueError(fmt::format("vocabulary: '{}' is not one of its {} symbols, and there is no <unk>",
                                   detail::escaped(symbol, data_->kind), size()));
    ids.push_back(id < 0 ? unknown() : id);
  }
  if (eos() >= 0) ids.push_back(eos());
  if (ids.size() > INT_MAX) throw ValueError("vocabulary: the text has more symbols than an array has entries");
  Tokens tokens({static_cast<int>(ids.size())});
  std::copy(ids.begin(), ids.end(), tokens.data());
  return tokens;
}

std::string Vocabulary::decode(const Tokens& tokens) const {
  if (tokens.rank() != 1)
    throw ShapeError(fmt::format("vocabulary: tokens to decode have rank {}, expected 1", tokens.rank()));
  std::string text;
  bool first = true;
  for (std::int64_t i = 0; i < tokens.size(); ++i) {
    const int id = tokens.data()[i];
    const std::string& symbol = (*this)[id];
    if (id == pad() || id == bos() || id == eos()) continue;
    if (data_->kind == Symbols::words && !first) text += ' ';
    text += symbol;
    first = false;
  }
  return text;
}

}  // namespace ebb
