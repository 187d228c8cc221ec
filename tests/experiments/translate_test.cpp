#include <cstdlib>
#include <cstring>
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/experiments/attention_picture.hpp>
#include <ebb/experiments/checkpoint.hpp>
#include <ebb/experiments/model.hpp>
#include <ebb/experiments/train.hpp>
#include <ebb/experiments/translate_meter.hpp>
#include <ebb/experiments/translate_network.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/optim/adam.hpp>
#include <ebb/optim/clip.hpp>
#include <set>

#include "catch.hpp"
#include "run_ebb.hpp"

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

const char* const files[] = {"train.en", "train.fr", "val.en", "val.fr", "test2016.en", "test2016.fr"};

std::string why(const std::string& data) {
  try {
    make_task("translate", {.data = data});
  } catch (const FileError& e) {
    return e.what();
  }
  return "nothing";
}

// A folder of the six files, each with these lines.
struct Corpus {
  explicit Corpus(const std::string& lines) {
    for (const char* name : files) write_all(folder / name, lines);
  }
  TempFolder folder;
};

nlohmann::json trained(const TempFolder& folder, std::vector<std::string> more = {}) {
  std::vector<std::string> words{"train", "translate", "--quick", "--out", folder / "out"};
  words.insert(words.end(), more.begin(), more.end());
  const Outcome o = ebb_command(words);
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  return summary_of(folder / "out")["runs"]["1"];
}

Outcome says(const TempFolder& folder, std::vector<std::string> more) {
  more.insert(more.begin(), {"generate", "--weights", folder / "out/weights.safetensors", "--out", folder / "page.html"});
  return ebb_command(more);
}

const TranslateNetwork& network_of(const Model& m) { return dynamic_cast<const TranslateNetwork&>(m.network()); }

// One sentence of a batch alone, without padding.
struct Alone {
  Tokens tokens;
  Lengths lengths;
  Alone(const Batch& b, int row) : tokens({b.source_lengths.data()[row], 1}), lengths({1}, {b.source_lengths.data()[row]}) {
    for (int s = 0; s < tokens.dim(0); ++s) tokens.data()[s] = b.source.at({s, row});
  }
};

// The most probable token, one after the other.
Sentence step_by_step(const TranslateNetwork& net, const Alone& x) {
  const Memory m = net.read(x.tokens, x.lengths, Pass{});
  const Var table = transpose(net.to);
  State state = net.decoder->start(1);
  Sentence said;
  Tokens last({1}, {net.sizes.start});
  while (static_cast<int>(said.size()) < net.sizes.longest) {
    last = argmax(net.next(m, last, state, table));
    if (last.data()[0] == net.sizes.end) break;
    said.push_back(last.data()[0]);
  }
  return said;
}

}  // namespace

TEST_CASE("ebb train translate --quick learns to write dates in ISO form", "[science]") {
  const TempFolder folder;
  const auto run = trained(folder);
  CHECK(run["measures"]["exact"]["value"].get<double>() > 60);
  CHECK(run["measures"]["exact, beam 5"]["value"].get<double>() > 60);
  CHECK(run["measures"]["exact"]["guess"].get<double>() == 0);
  CHECK(run["loss"].get<double>() < .3 * run["trivial_loss"].get<double>());
  const std::string report = read_all(folder / "out/report.html");
  CHECK_THAT(report, Contains("Where it looked") && Contains("should be") && Contains("exact, beam 5"));

  const Outcome o = says(folder, {"--prompt", "Thursday, 3 March 2016", "--greedy"});
  CHECK(o.code == 0);
  CHECK(o.out == "2016-03-03\n" + (folder / "page.html") + "\n");
  CHECK(says(folder, {"--prompt", "Thursday, 3 March 2016"}).out == o.out);             // by beam
  const std::string page = read_all(folder / "page.html");
  CHECK_THAT(page, Contains("2016-03-03") && Contains("Thursday, 3 March 2016") && Contains("<svg"));
  CHECK(says(folder, {"--prompt", "Thursday, 3 March 2016", "--length", "4"}).out.substr(0, 5) == "2016\n");
  CHECK_THAT(says(folder, {"--prompt", "3 March 2016", "--top-k", "3"}).err, Contains("a translation is not drawn"));
  CHECK_THAT(says(folder, {"--prompt", "3 March 2016", "--greedy", "--beam", "3"}).err, Contains("exclude each other"));
  CHECK_THAT(says(folder, {"--prompt", "3 March 2016", "--length", "0"}).err, Contains("--length must be at least 1"));
  CHECK_THAT(says(folder, {}).err, Contains("nothing to translate"));
}

TEST_CASE("weights of translate say how it was read, and ebb evaluate measures what training measured") {
  for (const char* direction : {"forward", "both"}) {
    const TempFolder folder;
    const auto run = trained(folder, {"--steps", "30", "--hidden", "12", "--direction", direction});
    const Outcome o = ebb_command({"evaluate", "--weights", folder / "out/weights.safetensors"});
    INFO(o.err);
    REQUIRE(o.code == 0);
    const auto again = nlohmann::json::parse(read_all(folder / "out/evaluation-test.json"));
    CHECK(again["loss"] == run["loss"]);
    CHECK(again["measures"] == run["measures"]);
    CHECK(again["measures"].contains("exact, beam 5"));
  }
}

TEST_CASE("any registered cell translates, and the state of the decoder is its own") {
  const auto task = make_task("translate", {.data = "generated"});
  for (const CellInfo& cell : cell_list()) {
    if (cell.about.find("made by the tests") != std::string::npos) continue;
    INFO(cell.name);
    const TaskSettings s{.hidden = 8, .length = 12, .batch = 5, .steps = 2};
    Model m{*task, cell.name, s, 1};
    const TrainRecord r = train(m, *task, s, 1);
    CHECK(r.diverged.empty());
    CHECK(r.curve.size() == 2);
  }
}

TEST_CASE("runs of translate go on to the same bits") {
  const TempFolder folder;
  const auto task = make_task("translate", {.data = "generated"});
  const TaskSettings s{.hidden = 6, .length = 20, .batch = 7, .steps = 6, .layers = 2, .dropout = .1, .zoneout = .1,
                       .patience = 30};
  Origin origin{.task = "translate", .cell = "lstm", .data = {}, .options = {}};
  Model whole{*task, "lstm", s, 5};
  int saved = 0;
  TrainKeeper each;
  each.every = 1;
  each.save = [&](const TrainPart& part) { save(folder / std::to_string(++saved), origin, part); };
  train(whole, *task, s, 5, {}, each);
  for (const int k : {1, 4}) {
    Model again{*task, "lstm", s, 99};
    TrainKeeper keeper = keep_at(folder / std::to_string(k), 0, origin, true);
    keeper.save = {};
    train(again, *task, s, 5, {}, keeper);
    CHECK(std::memcmp(whole.w.flat().raw(), again.w.flat().raw(), again.w.flat().bytes()) == 0);
  }
}

TEST_CASE("greedy search over many sentences is the most probable token, one after the other, of each alone") {
  const auto task = make_task("translate", {.data = "generated"});
  TaskSettings s = task->settings(Size::quick);
  s.steps = 200;
  for (const char* cell : {"gru", "lstm"}) {
    Model model{*task, cell, s, 2};
    train(model, *task, s, 2);
    const Tape tape;
    const NoGrad off;
    const TranslateNetwork& net = network_of(model);
    const Batch b = task->batch({.split = Split::test, .rows = 40});
    const Memory m = net.read(b.source, b.source_lengths, Pass{});
    const auto together = net.search(m, {.width = 1, .longest = net.sizes.longest});
    const auto beam = net.search(m, {.width = 4, .longest = net.sizes.longest});
    std::set<Sentence> different;
    for (int row = 0; row < b.rows(); ++row) {
      const Alone x(b, row);
      const auto at = static_cast<std::size_t>(row);
      CHECK(together[at] == step_by_step(net, x));
      CHECK(beam[at] == net.search(net.read(x.tokens, x.lengths, Pass{}), {.width = 4, .longest = net.sizes.longest})[0]);
      different.insert(together[at]);
    }
    CHECK(different.size() > 10);
  }
}

TEST_CASE("the loss of a sentence is what the decoder says step by step") {
  const auto task = make_task("translate", {.data = "generated"});
  const Model model{*task, "gru", TaskSettings{.hidden = 9}, 3};
  const Batch b = task->batch({.split = Split::valid, .rows = 6});
  const double whole = evaluate(model.w, {.rows = 6, .training = false}, [&](Shard& s) { return model.loss(s, b); }).loss;
  const Tape tape;
  const NoGrad off;
  const TranslateNetwork& net = network_of(model);
  double nats = 0, count = 0;
  for (int row = 0; row < 6; ++row) {
    const Alone x(b, row);
    const Memory m = net.read(x.tokens, x.lengths, Pass{});
    State state = net.decoder->start(1);
    for (int t = 0; t < b.lengths.data()[row]; ++t, ++count)
      nats -= net.next(m, Tokens({1}, {b.tokens.at({t, row})}), state, transpose(net.to)).value().at_flat(b.next.at({t, row}));
  }
  CHECK(nats / count == Approx(whole).epsilon(1e-5));
  CHECK(b.weight() == count);
}

TEST_CASE("gradients of translate are those of finite differences, through both readers, the attention and the table in two places") {
  const auto task = make_task("translate", {.data = "generated"});
  const Model model{*task, "gru", TaskSettings{.hidden = 3}, 3};
  const Batch b = task->batch({.length = 7, .rows = 3});
  const GradcheckReport r = gradcheck(model.w, {.rows = 3, .dtype = f64}, [&](Shard& s) { return model.loss(s, b); });
  INFO(r);
  CHECK(r.ok());
  for (const GradcheckEntry& e : r.entries) CHECK(e.influence);
  CHECK_THROWS_WITH((Model{*task, "gru", TaskSettings{.hidden = 0}, 3}), Contains("hidden size must be at least 1"));
}

TEST_CASE("attention is a share of what was read at each step, and nothing past either sentence") {
  const auto task = make_task("translate", {.data = "generated"});
  const Model model{*task, "lstm", TaskSettings{.hidden = 8}, 3};
  const Tape tape;
  const NoGrad off;
  const TranslateNetwork& net = network_of(model);
  const Batch b = task->batch({.split = Split::train, .length = 60, .rows = 3});
  const Memory m = net.read(b.source, b.source_lengths, Pass{});
  const Array looks = net.looks(m, {{4, 5, 6}, {}, {7}}, 5).value();
  for (int row = 0; row < 3; ++row)
    for (int t = 0; t < 5; ++t) {
      double sum = 0;
      for (int k = 0; k < b.source.dim(0); ++k) {
        const double p = looks.at({row, t, k});
        sum += p;
        if (k >= b.source_lengths.data()[row]) CHECK(p == 0);
      }
      CHECK(sum == Approx(t <= (row == 0 ? 3 : row == 1 ? 0 : 1) ? 1 : 0).margin(1e-5));
    }
}

TEST_CASE("a batch of translations has the source beside what is written, one step late, and its end") {
  const Corpus corpus("a dog runs\nthe dog\na cat runs far away\na dog runs\nthe cat\na cat runs far away\nthe far away cat\n");
  const auto task = make_task("translate", {.data = corpus.folder.path()});
  const Batch b = task->batch({.split = Split::test, .rows = 7});
  const int bos = 2, eos = 3, filler = 0;
  REQUIRE(b.items.size() == 7);
  CHECK(b.beam > 1);
  CHECK(task->batch({.split = Split::valid, .rows = 7}).beam == 0);
  CHECK(task->batches(Split::test, 60, 3) == 3);
  std::multiset<int> lengths;
  for (int row = 0; row < 7; ++row) {
    const int n = b.lengths.data()[row], S = b.source_lengths.data()[row];
    lengths.insert(S);
    REQUIRE(n == S + 1);                               // the sides of this text are the same
    CHECK(b.tokens.at({0, row}) == bos);
    CHECK(b.next.at({n - 1, row}) == eos);
    for (int t = 0; t + 1 < n; ++t) {
      CHECK(b.next.at({t, row}) == b.tokens.at({t + 1, row}));
      CHECK(b.next.at({t, row}) == b.source.at({t, row}));
      CHECK(b.next.at({t, row}) > eos);                // every word occurs twice
    }
    for (int t = n; t < b.steps(); ++t) CHECK(b.next.at({t, row}) == filler);
  }
  CHECK(lengths == std::multiset<int>{2, 2, 3, 3, 4, 5, 5});
  CHECK(task->batch({.length = 2, .rows = 3}).steps() == 2);
}

TEST_CASE("BLEU is of the words as the file has them, and copying the source is the guess") {
  const Corpus corpus("the cat sat on the mat\na dog , a cat and a bird\n");
  write_all(corpus.folder / "test2016.en", "the cat sat on the mat\na dog , a zebra and a bird\n");
  write_all(corpus.folder / "test2016.fr", "the cat sat on the mat\na dog , a zebra and a bird\n");
  const auto task = make_task("translate", {.data = corpus.folder.path()});
  const auto meter = task->meter();
  CHECK_THROWS_WITH(meter->measures(), Contains("nothing was measured"));
  const Model model{*task, "gru", TaskSettings{.hidden = 4}, 3};
  test_loss(model, *task, Split::test, {.hidden = 4}, 1 << 20, meter.get());
  CHECK(measure_named("BLEU", meter->measures()).guess == Approx(100));
  CHECK(measure_named("BLEU, beam 5", meter->measures()).value < 50);
  write_all(corpus.folder / "test2016.fr", "the cat sat on a mat\na dog , a zebra and a bird\n");
  const auto other = make_task("translate", {.data = corpus.folder.path()});
  const auto second = other->meter();
  test_loss(Model{*other, "gru", TaskSettings{.hidden = 4}, 3}, *other, Split::test, {.hidden = 4}, 1 << 20, second.get());
  // 13 of 14 words, 10 of 12 pairs, 8 of 10 triples, 6 of 8 fours, of equal length
  CHECK(measure_named("BLEU", second->measures()).guess == Approx(100 * std::pow(13. / 14 * 10 / 12 * 8 / 10 * 6 / 8, .25)));
}

TEST_CASE("an unknown word of a translation is the word that was looked at most") {
  const Vocabulary v = Vocabulary::from_text(Symbols::words, "un chien", {.bos = true, .eos = true});
  const Translations all{.symbols = Symbols::words, .vocabulary = v};
  const Array looks = Array::from({3, 2}, {.9, .1, .2, .8, .5, .5});
  CHECK(all.spelt({v.find("un"), v.unknown()}, {"a", "zebra"}, looks) == std::vector<std::string>{"un", "zebra"});
  CHECK(all.spelt({v.unknown(), v.find("chien")}, {"a", "zebra"}, looks) == std::vector<std::string>{"a", "chien"});
  CHECK(all.spelt({}, {"a"}, looks).empty());
}

TEST_CASE("a prompt is brought into the form of the data, and read back by people") {
  CHECK(as_multi30k("The woman's dog, a \"Boxer\", runs.") == "the woman &apos;s dog , a  &quot; boxer &quot;  , runs .");
  CHECK(as_multi30k("l' herbe 3.5 m") == "l&apos;  herbe 3.5 m");
  CHECK(as_multi30k("élève à l'École") == "élève à l &apos;École");   // beyond ASCII letters stay as they are
  CHECK(cut(Symbols::words, as_multi30k("two men are talking .")) == cut(Symbols::words, "two men are talking ."));
  CHECK(readable("l&apos; herbe &quot;&amp;&quot;") == "l' herbe \"&\"");
  CHECK(cut(Symbols::characters, "né 3") == std::vector<std::string>{"n", "é", " ", "3"});

  const Corpus corpus("the dog &apos;s cat runs\na dog &apos;s cat runs .\n");
  const TempFolder folder;
  trained(folder, {"--data", corpus.folder.path(), "--steps", "2", "--hidden", "4"});
  const Outcome o = says(folder, {"--prompt", "The dog's Zebra runs.", "--beam", "2"});
  INFO(o.err);
  CHECK(o.code == 0);
  CHECK_THAT(read_all(folder / "page.html"),
             Contains("the dog 's zebra runs .") && Contains(">'s</text>") && Contains(">zebra</text>"));
}

TEST_CASE("the picture of attention has a square for each pair, the words around it, and no mark of theirs is taken for HTML") {
  const std::string svg = attention_svg({"a", "<b>", "&apos;s"}, {"x", " "}, Array::from({2, 3}, {0, .25, 1, .5, 0, 0}));
  const auto count = [&](const std::string& what) {
    int n = 0;
    for (std::size_t at = svg.find(what); at != std::string::npos; at = svg.find(what, at + 1)) ++n;
    return n;
  };
  CHECK(count("<rect") == 6);
  CHECK(count("<text") == 5);
  CHECK(count("opacity='1.000'") == 1);
  CHECK(count("opacity='0.280'") == 1);
  CHECK_THAT(svg, Contains("&lt;b&gt;") && Contains("&amp;apos;s") && !Contains("<b>"));
  CHECK_THROWS_WITH(attention_svg({"a"}, {"x"}, Array::zeros({2, 1}, f32)), Contains("do not fit 1 symbols written and 1 read"));
}

TEST_CASE("the loader of translations says what it expects, and what is wrong with a file that differs") {
  const Corpus corpus("a b\nc d\n");
  CHECK(why(corpus.folder.path()) == "nothing");
  const auto spoilt = [&](const char* name, const std::string& content) {
    const std::string before = read_all(corpus.folder / name);
    write_all(corpus.folder / name, content);
    const std::string what = why(corpus.folder.path());
    write_all(corpus.folder / name, before);
    return what;
  };
  CHECK_THAT(spoilt("train.fr", "a b\n"),
             Contains("train.en' has 2 lines, but '") && Contains("train.fr' has 1: line beside line"));
  CHECK_THAT(spoilt("val.en", "a b\n \t\n"), Contains("val.en', line 2: is empty; a sentence is expected"));
  CHECK_THAT(spoilt("test2016.fr", "\n"), Contains("test2016.fr', line 1: is empty"));
  CHECK_THAT(spoilt("test2016.en", ""), Contains("test2016.en': has no sentence"));
  CHECK_THAT(spoilt("train.en", "a\n\xff\xfe\n"), Contains("train.en', line 2: is not UTF-8"));
  const TempFolder empty;
  CHECK_THAT(why(empty.path()), Contains(empty.path()) && Contains("has no 'train.en' there") && Contains("Multi30k"));
}

TEST_CASE("real sentences teach what made-up dates do", "[slow]") {
  const char* const root = std::getenv("EBB_DATA");
  if (!root || !std::filesystem::exists(std::string(root) + "/multi30k/train.en")) {
    WARN("skipped: EBB_DATA names no folder with multi30k/train.en");
    return;
  }
  const auto task = make_task("translate", {.data = root});
  CHECK_THAT(task->data(), Contains("5,921 and 6,482 different words"));   // counted by another program; four more are Ebb's
  const Model model{*task, "gru", TaskSettings{.hidden = 32}, 1};
  Adam adam(model.w, {.lr = 1e-2});
  std::vector<double> losses;
  for (std::uint64_t u = 0; u < 60; ++u) {
    const Batch b = task->batch({.length = 60, .rows = 30, .number = u});
    auto r = backward(model.w, {.rows = 30, .update = u}, [&](Shard& shard) { return model.loss(shard, b); });
    clip_by_norm(r.grads, 1);
    adam.step(r.grads);
    losses.push_back(r.loss);
  }
  CHECK(losses.front() > 8);
  CHECK(losses.back() < task->info().trivial - .3);
}
