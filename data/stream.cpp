#include <fmt/format.h>
#include <climits>
#include <ebb/data/byte_reader.hpp>
#include <ebb/data/next_symbol.hpp>
#include <ebb/data/stream.hpp>
#include <ebb/data/symbol_table.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <list>

namespace ebb {

struct TokenStream::Data {
  /// One row's reader. It keeps the last symbol it returned, which is the first of the next window.
  struct Row {
    Row(const std::string& path, Symbols kind) : reader(path, detail::content_of(kind)) {}
    detail::ByteReader reader;
    std::uint64_t begin = 0, end = 0;  // of its part of the file
    std::uint64_t at = 0;              // position of the symbol held, or of the next one
    int held = -1;
  };

  Vocabulary vocabulary;
  StreamOptions options;
  std::list<Row> rows;  // a list, since readers cannot be moved
  bool begun = false, ended = false;
  StreamPosition last;  // before the incomplete window, once the epoch has ended
  std::string symbol;

  /// Position of the first symbol that begins at or after a byte.
  std::uint64_t aligned(detail::ByteReader& from, std::uint64_t byte) const {
    const Symbols kind = vocabulary.symbols();
    if (byte == from.start() || kind == Symbols::bytes) return byte;
    from.seek(kind == Symbols::words ? byte - 1 : byte);
    if (kind == Symbols::words)
      while (from.peek() >= 0 && !detail::is_space(from.peek())) from.get();
    else
      for (int k = 0; k < 3 && (from.peek() & ~0x3F) == 0x80; ++k) from.get();
    return from.at();
  }

  bool read(Row& row, int& id, std::uint64_t& at) {
    if (!detail::next_symbol(row.reader, vocabulary.symbols(), symbol, options.line_ends)) return false;
    at = row.reader.at() - symbol.size();
    if (at >= row.end) return false;
    const bool line_end = options.line_ends && symbol == "\n";
    id = line_end ? vocabulary.eos() : vocabulary.find(symbol);
    if (id < 0) id = vocabulary.unknown();
    if (id < 0) row.reader.reject(fmt::format("byte {}: a symbol is not in the vocabulary, which has no <unk>", at));
    return true;
  }

  void go_to(Row& row, std::uint64_t at) {
    row.reader.seek(at);
    row.at = at;
    row.held = -1;
  }
};

TokenStream::TokenStream(const std::string& path, Vocabulary vocabulary, const StreamOptions& o)
    : data_(new Data{std::move(vocabulary), o, {}, false, false, {}, {}}) {
  if (o.steps < 1 || o.rows < 1)
    throw ValueError(fmt::format("stream: steps and rows must be at least 1, but are {} and {}", o.steps, o.rows));
  if (o.line_ends && (data_->vocabulary.eos() < 0 || data_->vocabulary.symbols() != Symbols::words))
    throw ValueError("stream: line_ends needs a vocabulary of words with an <eos>");
  std::uint64_t length = 0;
  for (int b = 0; b < o.rows; ++b) {
    Data::Row& row = data_->rows.emplace_back(path, data_->vocabulary.symbols());
    if (b == 0) length = row.reader.length();
    const std::uint64_t start = row.reader.start();
    row.begin =
        data_->aligned(row.reader, start + (length - start) * static_cast<unsigned>(b) / static_cast<unsigned>(o.rows));
    row.end = length;
    if (b > 0) std::prev(data_->rows.end(), 2)->end = row.begin;
  }
  rewind();
}

TokenStream::TokenStream(TokenStream&&) noexcept = default;
TokenStream& TokenStream::operator=(TokenStream&&) noexcept = default;
TokenStream::~TokenStream() = default;

void TokenStream::rewind() {
  for (Data::Row& row : data_->rows) data_->go_to(row, row.begin);
  data_->begun = data_->ended = false;
}

bool TokenStream::next(TokenWindow& window) {
  const int steps = data_->options.steps, rows = data_->options.rows;
  TokenWindow w{Tokens({steps, rows}), Tokens({steps, rows}), data_->begun};
  if (data_->ended) return false;
  data_->last = position();
  int b = 0;
  for (Data::Row& row : data_->rows) {
    bool there = row.held >= 0 || data_->read(row, row.held, row.at);
    for (int t = 0; there && t < steps; ++t) {
      const std::int64_t k = std::int64_t{t} * rows + b;
      w.tokens.data()[k] = row.held;
      there = data_->read(row, row.held, row.at);
      w.next.data()[k] = row.held;
    }
    if (!there && !data_->begun)
      row.reader.reject(fmt::format("is too short: row {} of {} has fewer than {} + 1 symbols", b, rows, steps));
    if (!there) return !(data_->ended = true);
    ++b;
  }
  window = std::move(w);
  data_->begun = true;
  return true;
}

StreamPosition TokenStream::position() const {
  if (data_->ended) return data_->last;
  StreamPosition p{{}, data_->begun};
  for (const Data::Row& row : data_->rows) p.bytes.push_back(row.at);
  return p;
}

void TokenStream::restore(const StreamPosition& p) {
  if (p.bytes.size() != data_->rows.size())
    throw ValueError(fmt::format("stream: the position has {}, expected {}", detail::counted(p.bytes.size(), "row"),
                                 data_->rows.size()));
  std::size_t b = 0;
  for (const Data::Row& row : data_->rows) {
    if (p.bytes[b] < row.begin || p.bytes[b] > row.end)
      throw ValueError(fmt::format("stream: row {} is at byte {}, outside its part of the file, {} to {}", b,
                                   p.bytes[b], row.begin, row.end));
    ++b;
  }
  b = 0;
  for (Data::Row& row : data_->rows) data_->go_to(row, p.bytes[b++]);
  data_->begun = p.begun;
  data_->ended = false;
}

}  // namespace ebb
