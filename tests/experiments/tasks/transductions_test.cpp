#include <cmath>
#include <ebb/experiments/tasks/formal/transduction.hpp>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <map>

#include "catch.hpp"
#include "goes_on.hpp"
#include "train_quick.hpp"

/// The tasks of Deletang et al.: a word, then an output that depends on all of it.
namespace transductions_test {

using namespace ebb;
using namespace ebb::app;

namespace {

const std::vector<std::string> transductions{"parity", "modular", "reverse", "duplicate", "odds-first", "stack"};

SimpleBatch batch_of(const Task& task, const BatchRequest& r) { return task.batch(r).get<SimpleBatch>(); }

/// A row as text: one character for each symbol of the word, and of the output.
struct Row {
  std::string word, output;
};
Row row_of(const SimpleBatch& b, int row, const std::string& symbols, const std::string& classes) {
  const Array& x = std::get<Array>(b.inputs);
  const auto& y = std::get<EveryStep>(b.targets);
  Row text;
  for (int t = 0; t < b.steps(); ++t) {
    int symbol = -1;
    for (int k = 0; k < x.dim(2); ++k)
      if (x.at({t, row, k}) != 0) {
        CHECK(x.at({t, row, k}) == 1);
        CHECK(symbol == -1);
        symbol = k;
      }
    if (t < y.first) text.word += symbols.at(static_cast<std::size_t>(symbol));
    else {
      CHECK(symbol == static_cast<int>(symbols.size()));  // the empty symbol
      text.output += classes.at(static_cast<std::size_t>(y.tokens.at({t, row})));
    }
  }
  return text;
}

/// The value of an expression, exact and then modulo 5: terms are split at + and -.
int value(const std::string& word) {
  long long sum = 0, sign = 1, product = 1;
  for (const char c : word) {
    if (c == '*') continue;
    if (c != '+' && c != '-') {
      product *= c - '0';
      continue;
    }
    sum += sign * product;
    sign = c == '+' ? 1 : -1;
    product = 1;
  }
  return static_cast<int>(((sum + sign * product) % 5 + 5) % 5);
}

std::string every_second(const std::string& word, std::size_t first) {
  std::string some;
  for (std::size_t k = first; k < word.size(); k += 2) some += word[k];
  return some;
}

/// What a reader of the word outputs; "p", "<" and ">" are pop, push 0 and push 1, "." ends a stack.
std::string reference(const std::string& task, const std::string& word) {
  if (task == "parity") return std::count(word.begin(), word.end(), '1') % 2 == 1 ? "1" : "0";
  if (task == "modular") return std::to_string(value(word));
  if (task == "reverse") return {word.rbegin(), word.rend()};
  if (task == "duplicate") return word + word;
  if (task == "odds-first") return every_second(word, 0) + every_second(word, 1);
  std::string stack;
  for (const char c : word) {
    if (c == 'p') stack = stack.substr(0, stack.empty() ? 0 : stack.size() - 1);
    else stack += c == '<' ? '0' : c == '>' ? '1' : c;
  }
  const std::string popped = std::string(stack.rbegin(), stack.rend()) + ".";
  return popped + std::string(word.size() + 1 - popped.size(), '0');
}

std::pair<std::string, std::string> letters_of(const std::string& task) {
  if (task == "modular") return {"01234+-*", "01234"};
  if (task == "stack") return {"01p<>", "01."};
  return {"01", "01"};
}

/// Outputs of a network that chooses these classes, [B][T].
Result result_of(const SimpleBatch& b, int classes, const std::function<int(int row, int t)>& choice) {
  Array scores = Array::zeros({b.rows(), b.steps(), classes}, f32);
  for (int row = 0; row < b.rows(); ++row)
    for (int t = 0; t < b.steps(); ++t) scores.set_flat((row * b.steps() + t) * classes + choice(row, t), 1);
  Result r;
  r.outputs[class_scores.name] = scores;
  return r;
}

}  // namespace

TEST_CASE("after each word, its translation is to be output") {
  for (const std::string& name : transductions) {
    CAPTURE(name);
    const auto task = make_task(name);
    const auto [symbols, classes] = letters_of(name);
    for (const int length : {1, 2, 7, 12, 39}) {
      const SimpleBatch b = batch_of(*task, {.split = Split::test, .length = length, .rows = 60, .number = 2});
      CHECK(b.steps() == task->steps({.length = length}));
      for (int row = 0; row < b.rows(); ++row) {
        const Row text = row_of(b, row, symbols, classes);
        REQUIRE(text.output == reference(name, text.word));
        CHECK(static_cast<int>(text.word.size()) == (name == "modular" ? length - (length % 2 == 0) : length));
      }
    }
  }
}

TEST_CASE("words are uniform: every symbol at every place, and every height of the first stack") {
  for (const std::string& name : transductions) {
    CAPTURE(name);
    const auto task = make_task(name);
    const auto [symbols, classes] = letters_of(name);
    const int n = 9, rows = 3000;
    const SimpleBatch b = batch_of(*task, {.split = Split::test, .length = n, .rows = rows});
    std::map<std::string, double> seen;  // of the first symbol, and of the second
    std::map<std::size_t, double> initial;
    for (int row = 0; row < rows; ++row) {
      const std::string word = row_of(b, row, symbols, classes).word;
      seen[word.substr(0, 2)] += 1;
      initial[std::min(word.find_first_of("p<>"), word.size())] += 1;
    }
    if (name == "stack") {
      CHECK(initial.size() == 8);  // from 1 to n - 1
      for (const auto& [height, count] : initial) CHECK(count / rows == Approx(1. / 8).margin(.025));
      continue;
    }
    const std::size_t kinds = name == "modular" ? 15 : 4;
    CHECK(seen.size() == kinds);
    for (const auto& [two, count] : seen)
      CHECK(count / rows == Approx(1 / static_cast<double>(kinds)).margin(name == "modular" ? .015 : .035));
  }
}

TEST_CASE("the chance of a transduction is that of the best answers that do not read the word") {
  for (const std::string& name : transductions) {
    CAPTURE(name);
    const auto task = make_task(name);
    const auto& form = *task->as<Transduction>();
    const auto [symbols, classes] = letters_of(name);
    CHECK(task->info().baseline == Approx(std::log(static_cast<double>(classes.size()))));
    for (const int n : {1, 3, 5, 12, 21}) {
      const int rows = 4000;
      const SimpleBatch b = batch_of(*task, {.split = Split::test, .length = n, .rows = rows});
      const auto& y = std::get<EveryStep>(b.targets);
      double right = 0, counted = 0;
      std::vector<bool> ended(rows, false);
      for (int t = y.first; t < b.steps(); ++t) {
        std::map<int, double> count;
        for (int row = 0; row < rows; ++row) {
          if (ended[static_cast<std::size_t>(row)]) continue;
          const int wanted = y.tokens.at({t, row});
          count[wanted] += 1;
          counted += 1;
          if (name == "stack") ended[static_cast<std::size_t>(row)] = wanted == 2;
        }
        double most = 0;
        for (const auto& [wanted, n_of] : count) most = std::max(most, n_of);
        right += most;
      }
      CAPTURE(n);
      CHECK(form.chance(y.first) == Approx(100 * right / counted).margin(2));
    }
  }
  // By hand: of two numbers, 0 comes from + and - with 1/5 and from * with 9/25.
  CHECK(make_task("modular")->as<Transduction>()->chance(3) == Approx(100 * (2. / 3 / 5 + 9. / 25 / 3)));
}

TEST_CASE("accuracy counts outputs up to the end of a stack, and whole strings where guesses are independent") {
  const auto task = make_task("stack");
  const SimpleBatch b = batch_of(*task, {.split = Split::test, .length = 6, .rows = 50});
  const auto& y = std::get<EveryStep>(b.targets);
  const auto meter = meter_of(*task);
  // Right everywhere but after the end, where it does not count.
  const auto up_to_end = [&](int row, int t) {
    bool ended = false;
    for (int k = y.first; k < t; ++k) ended = ended || y.tokens.at({k, row}) == 2;
    return ended ? 1 : y.tokens.at({t, row});
  };
  meter->update(Batch(b), result_of(b, 3, up_to_end));
  CHECK(meter->measures().size() == 1);
  CHECK(meter->measures()[0].value == 100);
  CHECK(meter->measures()[0].baseline == Approx(task->as<Transduction>()->chance(6)));

  const auto reverse = make_task("reverse");
  const SimpleBatch r = batch_of(*reverse, {.split = Split::test, .length = 5, .rows = 8});
  const auto& wanted = std::get<EveryStep>(r.targets).tokens;
  const auto both = meter_of(*reverse);
  both->update(Batch(r), result_of(r, 2, [&](int row, int t) {
                 const int right = wanted.at({t, row});
                 return row == 3 && t == 9 ? 1 - right : right;  // one error
               }));
  const std::vector<Measure> all = both->measures();
  REQUIRE(all.size() == 2);
  CHECK(all[0].value == Approx(100 * 39. / 40));
  CHECK(all[0].baseline == 50);
  CHECK(all[1].name == "sequences");
  CHECK(all[1].value == Approx(100 * 7. / 8));
  CHECK(all[1].baseline == Approx(100. / 32));
}

TEST_CASE("training batches of transductions have words of one length from --shortest to --length") {
  const auto task = make_task("reverse", {.own = {{"shortest", "3"}}});
  std::map<int, int> lengths;
  for (std::uint64_t k = 0; k < 200; ++k) {
    const SimpleBatch b = batch_of(*task, {.length = 8, .rows = 2, .number = k});
    ++lengths[std::get<EveryStep>(b.targets).first];
  }
  CHECK(lengths.size() == 6);
  CHECK(lengths.begin()->first == 3);
  CHECK(lengths.rbegin()->first == 8);
  for (const Split split : {Split::valid, Split::test})
    CHECK(batch_of(*task, {.split = split, .length = 8, .rows = 2, .number = 1}).steps() == 16);
  const auto all = make_task("reverse", {.own = {{"shortest", "0"}}});
  for (std::uint64_t k = 0; k < 20; ++k) CHECK(batch_of(*all, {.length = 8, .rows = 1, .number = k}).steps() == 16);
  CHECK_THROWS_WITH(task->check_sizes({.length = 2}), Catch::Matchers::Contains("--shortest must not be greater"));
}

TEST_CASE("transductions are drawn by key, are learnt, resume to the bit and are evaluated as in training") {
  for (const std::string& name : transductions) {
    CAPTURE(name);
    const auto task = make_task(name);
    const auto [symbols, classes] = letters_of(name);
    const auto word = [&, &symbols = symbols, &classes = classes](Split split, std::uint64_t number,
                                                                  std::uint64_t seed) {
      const SimpleBatch b = batch_of(*task, {.split = split, .length = 24, .rows = 2, .number = number, .seed = seed});
      return row_of(b, 1, symbols, classes).word;
    };
    CHECK(word(Split::train, 3, 1) == word(Split::train, 3, 1));
    CHECK(word(Split::train, 3, 1) != word(Split::train, 4, 1));
    CHECK(word(Split::train, 3, 1) != word(Split::train, 3, 2));
    CHECK(word(Split::test, 3, 1) == word(Split::test, 3, 2));
    CHECK(word(Split::test, 3, 1) != word(Split::valid, 3, 1));
    goes_on(name, "gru", {.hidden = 4, .length = 6, .batch = 4, .steps = 4, .lr = .01}, {2});
  }
  const TempFolder folder;
  const auto run = train_quick("stack", folder, {"--cell", "gru", "--steps", "60", "--test-lengths", "none"});
  CHECK(run["loss"].get<double>() < .9 * run["baseline_loss"].get<double>());
  const Outcome o = ebb_command({"evaluate", "--weights", folder / "out/weights.safetensors"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(nlohmann::json::parse(read_all(folder / "out/evaluation-test.json"))["measures"] == run["measures"]);
}

}  // namespace transductions_test
