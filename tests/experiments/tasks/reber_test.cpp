#include <cmath>
#include <ebb/experiments/tasks/reber/grammar.hpp>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/model.hpp>
#include <functional>
#include <map>
#include <regex>
#include <set>

#include "catch.hpp"
#include "goes_on.hpp"
#include "train_quick.hpp"

namespace reber_test {

using namespace ebb;
using namespace ebb::app;

namespace {

const std::string symbols = "BTPSXVE";

/// The grammar as a regular expression: paths through the nodes of the figure, with its two loops written out.
const std::string from_2 = "T*V(PXT*V)*(V|PS)", inner = "B(TS*X(S|X" + from_2 + ")|P" + from_2 + ")E";
const std::regex embedded{"B(T" + inner + "T|P" + inner + "P)E"};

std::unique_ptr<Task> reber(const std::string& form) { return make_task("reber", {.own = {{"form", form}}}); }

std::string text_of(const std::vector<int>& string) {
  std::string text;
  for (const int s : string) text += symbols[static_cast<std::size_t>(s)];
  return text;
}

/// A predictor: scores of the next symbol from the symbols read so far of a string.
using Scores = std::function<std::vector<double>(const std::string& read)>;

/// The inputs of the recurrence by row, as texts.
std::vector<std::string> rows_of(const Task& task, const Batch& b) {
  const Model m{task, "rnn", TaskSettings{.hidden = 2, .length = 60}, 1};
  std::vector<std::string> rows(static_cast<std::size_t>(b.rows()));
  evaluate(m.w, {.rows = b.rows(), .shards = 1}, [&](Shard& s) {
    const Array x = m.recurrent().recurrence_inputs(s, b).all().value();
    const Lengths lengths = m.recurrent().recurrence_lengths(b);
    for (int row = 0; row < b.rows(); ++row)
      for (int t = 0; t < (lengths ? lengths.data()[row] : b.steps()); ++t)
        for (int k = 0; k < 7; ++k)
          if (x.at({t, row, k}) == 1) rows[static_cast<std::size_t>(row)] += symbols[static_cast<std::size_t>(k)];
    return s.sum(constant(Array::zeros({1}, f32)));
  });
  return rows;
}

/// The measures of the task for a predictor, over batches.
std::map<std::string, double> measured(const Task& task, int batches, int rows, int length, const Scores& predict) {
  const Model m{task, "rnn", TaskSettings{.hidden = 2, .length = length}, 1};
  const auto meter = meter_of(task);
  std::vector<std::string> read(static_cast<std::size_t>(rows));
  for (int number = 0; number < batches; ++number) {
    const Batch b = task.batch(
        {.split = Split::test, .length = length, .rows = rows, .number = static_cast<std::uint64_t>(number)});
    const std::vector<std::string> texts = rows_of(task, b);
    if (!b.continues()) read.assign(static_cast<std::size_t>(rows), "");
    Array scores = Array::zeros({rows, b.steps(), 7}, f32);
    for (int row = 0; row < rows; ++row) {
      std::string& now = read[static_cast<std::size_t>(row)];
      for (std::size_t t = 0; t < texts[static_cast<std::size_t>(row)].size(); ++t) {
        if (std::regex_match(now, embedded)) now.clear();
        now += texts[static_cast<std::size_t>(row)][t];
        const std::vector<double> answer = predict(now);
        for (int k = 0; k < 7; ++k)
          scores.data<float>()[(row * b.steps() + static_cast<int>(t)) * 7 + k] =
              static_cast<float>(answer[static_cast<std::size_t>(k)]);
      }
    }
    meter->update(b, evaluate(m.w, {.rows = rows, .training = false}, [&](Shard& s) {
                    class_scores.put(s, s.rows(scores));
                    return s.mean_rows(constant(Array::zeros({s.rows()}, f32)));
                  }));
  }
  std::map<std::string, double> all;
  for (const Measure& one : meter->measures()) all[one.name] = one.value;
  return all;
}

/// The symbols that follow each beginning in many strings of the language.
const std::map<std::string, std::set<char>>& continuations() {
  static const auto all = [] {
    std::map<std::string, std::set<char>> found;
    for (std::uint64_t k = 0; k < 20'000; ++k) {
      const std::string text = text_of(embedded_reber_string(Key{5}.at(k), 60));
      for (std::size_t n = 0; n < text.size(); ++n) found[text.substr(0, n)].insert(text[n]);
    }
    return found;
  }();
  return all;
}

/// The symbols that can follow, as tested below; after a string, the first symbol of the next.
std::set<char> possible_after(const std::string& read) {
  EmbeddedReber at;
  for (const char c : read) at.read(static_cast<int>(symbols.find(c)));
  std::set<char> possible;
  for (const int s : at.next()) possible.insert(symbols[static_cast<std::size_t>(s)]);
  return possible.empty() ? std::set<char>{'B'} : possible;
}

/// A score of 1 for each possible symbol. Without memory, always T in place of the second symbol at the end.
std::vector<double> right_scores(const std::string& read, bool memory) {
  std::vector<double> scores(7, 0);
  const std::set<char> possible = possible_after(read);
  const bool recall = possible.size() == 1 && read.size() > 2 && *possible.begin() == read[1];
  for (const char c : possible) scores[symbols.find(recall && !memory ? 'T' : c)] = 1;
  return scores;
}

}  // namespace

TEST_CASE("strings are those of the embedded Reber grammar, with its lengths and frequencies") {
  double length = 0, both = 0, t_first = 0;
  std::set<std::string> different;
  const int n = 20'000;
  for (std::uint64_t k = 0; k < n; ++k) {
    const std::string text = text_of(embedded_reber_string(Key{3}.at(k), 60));
    REQUIRE(std::regex_match(text, embedded));
    CHECK(text.size() >= 9);
    length += static_cast<double>(text.size());
    t_first += text[1] == 'T';
    EmbeddedReber at;
    for (const char c : text) {
      both += at.next().size() == 2;
      at.read(static_cast<int>(symbols.find(c)));
    }
    CHECK((at.ended() && at.next().empty()));
    different.insert(text);
  }
  CHECK(length / n == Approx(12).margin(.1));
  CHECK(both / n == Approx(7).margin(.1));
  CHECK(t_first / n == Approx(.5).margin(.015));
  CHECK(different.size() > 500);
}

TEST_CASE("the symbols that can be next are those that follow in some string of the language") {
  for (std::uint64_t k = 0; k < 500; ++k) {
    const std::string text = text_of(embedded_reber_string(Key{4}.at(k), 14));  // frequent beginnings
    EmbeddedReber at;
    for (std::size_t n = 0; n < text.size(); ++n) {
      std::set<char> possible;
      for (const int s : at.next()) possible.insert(symbols[static_cast<std::size_t>(s)]);
      INFO(text.substr(0, n));
      REQUIRE(possible == continuations().at(text.substr(0, n)));
      at.read(static_cast<int>(symbols.find(text[n])));
    }
  }
  EmbeddedReber at;
  CHECK_THROWS_AS(at.read(1), ValueError);
}

TEST_CASE("embedded: a row is a string without its last symbol, and the targets are the next symbols") {
  const auto task = reber("embedded");
  const Batch b = task->batch({.rows = 200, .number = 3, .seed = 2});
  double steps = 0;
  for (const std::string& row : rows_of(*task, b)) {
    CHECK(std::regex_match(row + "E", embedded));
    steps += static_cast<double>(row.size());
  }
  CHECK(b.weight() == steps);
  CHECK_FALSE(b.continues());
  CHECK(rows_of(*task, b) == rows_of(*task, task->batch({.rows = 200, .number = 3, .seed = 2})));
  CHECK(rows_of(*task, b) != rows_of(*task, task->batch({.rows = 200, .number = 4, .seed = 2})));
  CHECK(task->as<FixedLength>() != nullptr);
}

TEST_CASE("continual: rows are streams of strings, continued from batch to batch") {
  const auto task = reber("continual");
  std::vector<std::string> streams(6);
  for (std::uint64_t number = 0; number < 10; ++number) {
    const Batch b = task->batch({.length = 30, .rows = 6, .number = 20 + number, .seed = 2});
    CHECK(b.continues() == (number != 0));
    CHECK(b.steps() == 30);
    const auto rows = rows_of(*task, b);
    for (std::size_t row = 0; row < 6; ++row) streams[row] += rows[row];
  }
  CHECK_FALSE(task->batch({.length = 30, .rows = 6, .number = 30}).continues());
  for (const std::string& stream : streams) {
    std::string rest = stream;
    std::smatch found;
    int strings = 0;
    while (std::regex_search(rest, found, embedded, std::regex_constants::match_continuous)) {
      rest = found.suffix();
      ++strings;
    }
    CHECK(strings > 10);
    CHECK(rest.size() < 61);
  }
  CHECK(streams[0] != streams[1]);
}

TEST_CASE("the baseline of reber is the loss of the grammar without the second symbol") {
  for (const auto& [form, steps] : {std::pair{"embedded", 11.}, {"continual", 12.}}) {
    INFO(form);
    const auto task = reber(form);
    CHECK(task->info().baseline == Approx(8 * std::log(2) / steps));
    // From the strings: ln 2 for each step with two possible symbols, and for the one that needs the memory.
    double loss = 0, n = 0;
    for (std::uint64_t k = 0; k < 20'000; ++k) {
      const std::vector<int> string = embedded_reber_string(Key{8}.at(k), 60);
      EmbeddedReber at;
      for (const int s : string) {
        loss += at.next().size() == 2 ? std::log(2) : 0;
        at.read(s);
      }
      loss += std::log(2);
      n += static_cast<double>(string.size()) - (steps == 11);
    }
    CHECK(loss / n == Approx(task->info().baseline).epsilon(.01));
    CHECK(reber_choices(steps == 12, true) == Approx(7 / steps));
  }
}

TEST_CASE("the measures count strings whose every set of next symbols is right, and recalled second symbols") {
  for (const auto& [form, batches, rows, length] : {std::tuple{"embedded", 3, 100, 60}, {"continual", 10, 20, 100}}) {
    INFO(form);
    const auto task = reber(form);
    const auto score = [&](const Scores& s) { return measured(*task, batches, rows, length, s); };
    const auto all = score([](const std::string& read) { return right_scores(read, true); });
    CHECK(all.at("strings") == 100);
    CHECK(all.at("recalled") == 100);
    const auto forgetful = score([](const std::string& read) { return right_scores(read, false); });
    CHECK(forgetful.at("strings") == Approx(50).margin(9));
    CHECK(forgetful.at("recalled") == Approx(50).margin(9));
    const auto none = score([](const std::string&) { return std::vector<double>(7, 0.); });
    CHECK(none.at("strings") == 0);
    const auto slip = score([](const std::string& read) {  // one mistake, at the second step
      auto s = right_scores(read, true);
      if (read.size() == 2) s[6] = 2;
      return s;
    });
    CHECK(slip.at("strings") == 0);
    CHECK(slip.at("recalled") == 100);
  }
}

TEST_CASE("strings of one length have their frequencies among all strings of that length") {
  for (const int length : {9, 12, 15}) {
    CAPTURE(length);
    const EmbeddedReberOfLength strings{length};
    std::map<std::string, double> drawn, selected;
    double n = 0, of_length = 0;
    for (std::uint64_t k = 0; k < 40'000; ++k) {
      const std::string text = text_of(strings.draw(Key{6}.at(k)));
      REQUIRE(static_cast<int>(text.size()) == length);
      REQUIRE(std::regex_match(text, embedded));
      drawn[text] += 1;
      ++n;
    }
    for (std::uint64_t k = 0; k < 150'000; ++k) {
      const std::string text = text_of(embedded_reber_string(Key{7}.at(k), 60));
      if (static_cast<int>(text.size()) != length) continue;
      selected[text] += 1;
      ++of_length;
    }
    CHECK(drawn.size() == selected.size());
    for (const auto& [text, count] : selected)
      CHECK(drawn[text] / n == Approx(count / of_length).margin(5 * std::sqrt(count) / of_length + .003));
  }
  const std::string longest = text_of(EmbeddedReberOfLength{3000}.draw(Key{6}));
  CHECK(longest.size() == 3000);
  EmbeddedReber at;
  for (const char c : longest) at.read(static_cast<int>(symbols.find(c)));
  CHECK(at.ended());
}

TEST_CASE("reber at another length has strings, or streams from the initial state, of that many symbols") {
  const auto at = [](const Task& task, int length) {
    auto made = task.as<AnyLength>()->with_length(length);
    REQUIRE(made);
    return made;
  };
  const auto strings = reber("embedded"), streams = reber("continual");
  for (const int length : {9, 40}) {
    const auto task = at(*strings, length);
    const Batch b = task->batch({.split = Split::test, .length = length, .rows = 50});
    for (const std::string& row : rows_of(*task, b)) {
      CHECK(static_cast<int>(row.size()) == length - 1);
      CHECK(std::regex_match(row + "E", embedded));
    }
    CHECK(b.weight() == 50 * (length - 1));
    const auto all = measured(*task, 2, 50, length, [](const std::string& read) { return right_scores(read, true); });
    CHECK(all.at("strings") == 100);
  }
  for (const int length : {60, 700}) {
    const auto task = at(*streams, length);
    for (std::uint64_t number : {0u, 1u}) {
      const Batch b = task->batch({.split = Split::test, .length = length, .rows = 6, .number = number});
      CHECK_FALSE(b.continues());
      for (const std::string& row : rows_of(*task, b)) {
        CHECK(static_cast<int>(row.size()) == length);
        CHECK(std::regex_search(row, embedded, std::regex_constants::match_continuous));
      }
    }
    CHECK(task->batches(Split::test, length, 8) >= 8);
  }
  CHECK(strings->as<AnyLength>()->trained_length({.length = 60}) == 60);
  CHECK(streams->as<AnyLength>()->trained_length({.length = 100}) == 1000);
  CHECK_THROWS_AS(strings->as<AnyLength>()->with_length(8), ValueError);
  CHECK_THROWS_AS(streams->as<AnyLength>()->with_length(59), ValueError);
}

TEST_CASE("an LSTM of 8 units learns both forms of reber at --quick", "[science]") {
  for (const char* form : {"embedded", "continual"}) {
    INFO(form);
    const TempFolder folder;
    const auto run = train_quick("reber", folder, {"--cell", "lstm", "--form", form});
    CHECK(run["measures"]["strings"]["value"].get<double>() > 90);
    CHECK(run["loss"].get<double>() < .95 * run["baseline_loss"].get<double>());
    const Outcome o = ebb_command({"evaluate", "--weights", folder / "out/weights.safetensors"});
    REQUIRE(o.code == 0);
    const auto again = nlohmann::json::parse(read_all(folder / "out/evaluation-test.json"));
    CHECK(again["loss"] == run["loss"]);
    CHECK(again["measures"] == run["measures"]);
  }
}

TEST_CASE("reber resumes to the bit") {
  for (const auto& [form, length] : {std::pair{"embedded", 60}, {"continual", 20}})
    goes_on("reber", "gru", {.hidden = 5, .length = length, .batch = 6, .steps = 6, .lr = .01}, {2, 4},
            {.own = {{"form", form}}});
}

}  // namespace reber_test
