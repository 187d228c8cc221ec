#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <array>
#include <ebb/experiments/runs/condition.hpp>
#include <ebb/experiments/runs/database.hpp>
#include <ebb/experiments/runs/run_record.hpp>
#include <ebb/nn/nearest.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/lower_case.hpp>
#include <string_view>

namespace ebb::app::runs {
namespace {

constexpr std::array keywords{"and",  "or",   "not",     "in",     "is",   "null",
                              "like", "glob", "between", "escape", "true", "false"};
constexpr std::array functions{"abs", "round", "lower", "upper", "length", "min", "max", "coalesce", "instr", "substr"};
constexpr std::array<std::string_view, 17> operators{"<=", ">=", "<>", "!=", "==", "||", "<", ">", "=",
                                                     "+",  "-",  "*",  "/",  "%",  "(",  ")", ","};

constexpr std::array comparisons{"=", "==", "!=", "<>", "<", "<=", ">", ">="};
constexpr std::array takers{"and",    "or", "not", "in", "is", "like", "glob", "between",
                            "escape", "||", "+",   "-",  "*",  "/",    "%",    ","};
constexpr std::array enders{")", "and", "or", ","};

template <class List> bool among(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Goes through a condition and writes it as SQL, word by word, with blanks between them: neither comments nor
/// statements can result.
class Translator {
 public:
  Translator(const std::string& text, const std::vector<std::string>& columns,
             const std::function<bool(const std::string&)>& is_number)
      : text_(text), columns_(columns), is_number_(is_number) {}

  std::string sql() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t') ++at_;
      else if (c == '\'') put(quoted('\''), Kind::text);
      else if (c == '"') put_column(unquoted(quoted('"')));
      else if (is_digit(c) || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) put(number());
      else if (begins_name(c)) put_word();
      else put_operator();
    }
    if (words_.empty()) fail("it is empty");
    if (depth_ > 0) fail("a parenthesis is not closed");
    for (std::size_t k = 0; k < words_.size(); ++k) check(k);
    return fmt::format("{}", fmt::join(words_, " "));
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw ValueError(fmt::format("--where \"{}\": {}", text_, why));
  }
  enum class Kind { text, column, other };
  void put(const std::string& word, Kind kind = Kind::other) {
    words_.push_back(word);
    kinds_.push_back(kind);
  }

  // SQL has no type for what a comparison means here.
  void check(std::size_t at) const {
    const auto word = [&](std::size_t k) { return k < words_.size() ? std::string_view(words_[k]) : ""; };
    const bool compares = among(comparisons, word(at));
    if (compares && word(at + 1) == "null")
      fail(fmt::format("nothing is equal to null: use is{} null", word(at) == "!=" || word(at) == "<>" ? " not" : ""));
    if ((among(takers, word(at)) || compares) && (at + 1 == words_.size() || among(enders, word(at + 1))))
      fail(fmt::format("it is incomplete: nothing follows {}", word(at)));
    if (compares && at > 0) check_number(at - 1, at + 1), check_number(at + 1, at - 1);
    if (word(at) == "between" || word(at) == "in")
      check_number(word(at - 1) == "not" ? at - 2 : at - 1, word(at) == "in" ? at + 2 : at + 1);
  }
  void check_number(std::size_t column, std::size_t text) const {
    if (column >= words_.size() || text >= words_.size() || !is_number_) return;
    if (kinds_[column] != Kind::column || kinds_[text] != Kind::text) return;
    const std::string name = unquoted(words_[column]);
    if (is_number_(name))
      fail(fmt::format("{} is a number, so what it is compared with is written without quotes, not as {}", name,
                       words_[text]));
  }

  std::string quoted(char quote) {
    std::size_t end = at_ + 1;
    for (; end < text_.size(); ++end) {
      if (text_[end] != quote) continue;
      if (end + 1 == text_.size() || text_[end + 1] != quote) break;
      ++end;  // a doubled one stands for itself
    }
    if (end >= text_.size()) fail(fmt::format("a {} is not closed", quote));
    const std::string word = text_.substr(at_, end + 1 - at_);
    at_ = end + 1;
    return word;
  }
  static std::string unquoted(const std::string& word) { return word.substr(1, word.size() - 2); }

  std::string number() {
    std::size_t end = at_;
    const auto digits = [&] {
      while (end < text_.size() && is_digit(text_[end])) ++end;
    };
    digits();
    if (end < text_.size() && text_[end] == '.') {
      ++end;
      digits();
    }
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      ++end;
      if (end < text_.size() && (text_[end] == '-' || text_[end] == '+')) ++end;
      digits();
    }
    const std::string word = text_.substr(at_, end - at_);
    if ((end < text_.size() && begins_name(text_[end])) || (!is_digit(word.back()) && word.back() != '.'))
      fail(fmt::format("'{}' is not a number", word + (end < text_.size() ? text_.substr(end, 1) : "")));
    at_ = end;
    return word;
  }

  // The longest column that begins here, since a dash may be part of a name or a minus; or else a word of SQL.
  void put_word() {
    std::size_t end = at_;
    while (end < text_.size() && (begins_name(text_[end]) || is_digit(text_[end]) || text_[end] == '-')) ++end;
    for (std::size_t stop = end; stop > at_; --stop) {
      if (stop < end && text_[stop] != '-') continue;
      const std::string column = column_of(text_.substr(at_, stop - at_));
      if (column.empty()) continue;
      at_ = stop;
      return put(sql_name(column), Kind::column);
    }
    const std::size_t dash = std::min(text_.find('-', at_), end);
    const std::string word = text_.substr(at_, dash - at_), lower = ebb::detail::lower_case(word);
    at_ = dash;
    if (among(keywords, lower)) return put(lower);
    if (!calls(dash)) reject(word);
    if (!among(functions, lower))
      fail(fmt::format("there is no function '{}'; there are {}", word, fmt::join(functions, ", ")));
    put(lower);
  }
  bool calls(std::size_t end) const {
    const std::size_t next = text_.find_first_not_of(" \t", end);
    return next != std::string::npos && text_[next] == '(';
  }

  void put_column(const std::string& name) {
    const std::string column = column_of(name);
    if (column.empty()) reject(name);
    put(sql_name(column), Kind::column);
  }
  std::string column_of(const std::string& name) const {
    const std::string column = column_name(name);
    return among(columns_, column) ? column : std::string();
  }
  [[noreturn]] void reject(const std::string& word) const {
    const std::string near = nearest(column_name(word), columns_);
    const std::string hint = near.empty() ? "" : fmt::format("; did you mean '{}'?", near);
    fail(fmt::format("no run has a column '{}'{}; a text is written in single quotes, as in cell = 'gru'", word, hint));
  }

  void put_operator() {
    for (const std::string_view o : operators)
      if (std::string_view(text_).substr(at_).starts_with(o)) {
        depth_ += o == "(" ? 1 : o == ")" ? -1 : 0;
        if (depth_ < 0) fail("a parenthesis is closed that was not opened");
        at_ += o.size();
        return put(std::string(o));
      }
    fail(fmt::format("'{}' has no meaning here", text_.substr(at_, 1)));
  }

  const std::string& text_;
  const std::vector<std::string>& columns_;
  std::size_t at_ = 0;
  const std::function<bool(const std::string&)>& is_number_;
  int depth_ = 0;
  std::vector<std::string> words_;  // of SQL
  std::vector<Kind> kinds_;
};

}  // namespace

std::string condition_sql(const std::string& text, const std::vector<std::string>& columns,
                          const std::function<bool(const std::string&)>& is_number) {
  return Translator(text, columns, is_number).sql();
}

std::string known_column(const std::string& name, const std::vector<std::string>& columns) {
  const std::size_t begin = std::min(name.find_first_not_of(' '), name.size());
  const std::string column = column_name(name.substr(begin, name.find_last_not_of(' ') + 1 - begin));
  if (among(columns, column)) return column;
  const std::string near = nearest(column, columns);
  throw ValueError(fmt::format(
      "no run has a column '{}'; {}", name,
      near.empty() ? fmt::format("there are {}", fmt::join(columns, ", ")) : fmt::format("did you mean '{}'?", near)));
}

}  // namespace ebb::app::runs
