#include <cmath>
#include <cstdlib>
#include <ebb/experiments/report/attention_picture.hpp>
#include <ebb/experiments/tasks/translate/meter.hpp>
#include <ebb/experiments/tasks/translate/network.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/optim/adam.hpp>
#include <ebb/optim/clip.hpp>
#include <set>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace translate_data_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

const char* const files[] = {"train.en", "train.fr", "val.en", "val.fr", "test2016.en", "test2016.fr"};

std::string why(const std::string& data) {
  try {
    make_task("translate", {.data = data});
  } catch (const FileError& e) { return e.what(); }
  return "nothing";
}

// A folder of the six files, each with these lines.
struct Corpus {
  explicit Corpus(const std::string& lines) {
    for (const char* name : files) write_all(folder / name, lines);
  }
  TempFolder folder;
};

}  // namespace

TEST_CASE("a batch of translations has the source, the target shifted by one step, and the target with its end") {
  const Corpus corpus(
      "a dog runs\nthe dog\na cat runs far away\na dog runs\nthe cat\na cat runs far away\nthe far away cat\n");
  const auto task = make_task("translate", {.data = corpus.folder.path()});
  const auto b = task->batch({.split = Split::test, .rows = 7}).get<TranslateBatch>();
  const int bos = 2, eos = 3, filler = 0;
  REQUIRE(b.items.size() == 7);
  CHECK(b.beam.value_or(0) > 1);
  CHECK_FALSE(task->batch({.split = Split::valid, .rows = 7}).get<TranslateBatch>().beam);
  CHECK(task->batches(Split::test, 60, 3) == 3);
  std::multiset<int> lengths;
  for (int row = 0; row < 7; ++row) {
    const int n = b.lengths.data()[row], S = b.source_lengths.data()[row];
    lengths.insert(S);
    REQUIRE(n == S + 1);  // the sides of this text are the same
    CHECK(b.given.at({0, row}) == bos);
    CHECK(b.wanted.at({n - 1, row}) == eos);
    for (int t = 0; t + 1 < n; ++t) {
      CHECK(b.wanted.at({t, row}) == b.given.at({t + 1, row}));
      CHECK(b.wanted.at({t, row}) == b.source.at({t, row}));
      CHECK(b.wanted.at({t, row}) > eos);  // every word occurs twice
    }
    for (int t = n; t < b.steps(); ++t) CHECK(b.wanted.at({t, row}) == filler);
  }
  CHECK(lengths == std::multiset<int>{2, 2, 3, 3, 4, 5, 5});
  CHECK(task->batch({.length = 2, .rows = 3}).steps() == 2);
}

TEST_CASE("BLEU is computed on the file's own words, and copying the source is the baseline") {
  const Corpus corpus("the cat sat on the mat\na dog , a cat and a bird\n");
  write_all(corpus.folder / "test2016.en", "the cat sat on the mat\na dog , a zebra and a bird\n");
  write_all(corpus.folder / "test2016.fr", "the cat sat on the mat\na dog , a zebra and a bird\n");
  const auto task = make_task("translate", {.data = corpus.folder.path()});
  const auto meter = meter_of(*task);
  CHECK_THROWS_WITH(meter->measures(), Contains("nothing was measured"));
  const Model model{*task, "gru", TaskSettings{.hidden = 4}, 3};
  test_loss(model, *task, Split::test, {.hidden = 4}, 1 << 20, meter.get());
  CHECK(measure_named("BLEU", meter->measures()).baseline == Approx(100));
  CHECK(measure_named("BLEU, beam 5", meter->measures()).value < 50);
  write_all(corpus.folder / "test2016.fr", "the cat sat on a mat\na dog , a zebra and a bird\n");
  const auto other = make_task("translate", {.data = corpus.folder.path()});
  const auto second = meter_of(*other);
  test_loss(Model{*other, "gru", TaskSettings{.hidden = 4}, 3}, *other, Split::test, {.hidden = 4}, 1 << 20,
            second.get());
  // 13 of 14 words, 10 of 12 pairs, 8 of 10 triples, 6 of 8 fours, of equal length
  CHECK(measure_named("BLEU", second->measures()).baseline ==
        Approx(100 * std::pow(13. / 14 * 10 / 12 * 8 / 10 * 6 / 8, .25)));
}

TEST_CASE("an unknown word in a translation is replaced by the source word with the largest attention") {
  const Vocabulary v = Vocabulary::from_text(Symbols::words, "un chien", {.bos = true, .eos = true});
  const Translations all{.symbols = Symbols::words, .vocabulary = v};
  const Array attention = Array::from({3, 2}, {.9, .1, .2, .8, .5, .5});
  CHECK(all.symbols_of({v.find("un"), v.unknown()}, {"a", "zebra"}, attention) ==
        std::vector<std::string>{"un", "zebra"});
  CHECK(all.symbols_of({v.unknown(), v.find("chien")}, {"a", "zebra"}, attention) ==
        std::vector<std::string>{"a", "chien"});
  CHECK(all.symbols_of({}, {"a"}, attention).empty());
}

TEST_CASE("a prompt is converted to the data's form, and output to ordinary text") {
  CHECK(as_multi30k("The woman's dog, a \"Boxer\", runs.") ==
        "the woman &apos;s dog , a  &quot; boxer &quot;  , runs .");
  CHECK(as_multi30k("l' herbe 3.5 m") == "l&apos;  herbe 3.5 m");
  CHECK(as_multi30k("élève à l'École") == "élève à l &apos;École");  // beyond ASCII letters stay as they are
  const auto words = [](const std::string& prompt) {
    return joined(Symbols::words, cut(Symbols::words, as_multi30k(prompt)));
  };
  CHECK(words("He (runs)!! \"Yes.\"\tStop...") == "he ( runs ) ! ! &quot; yes . &quot; stop . . .");
  CHECK(words("'dogs.', a.b") == "&apos;dogs . &apos; , a.b");
  CHECK(cut(Symbols::words, as_multi30k("two men are talking .")) == cut(Symbols::words, "two men are talking ."));
  CHECK(readable("l&apos; herbe &quot;&amp;&quot;") == "l' herbe \"&\"");
  CHECK(cut(Symbols::characters, "né 3") == std::vector<std::string>{"n", "é", " ", "3"});

  const Corpus corpus("the dog &apos;s cat runs\na dog &apos;s cat runs .\n");
  const TempFolder folder;
  REQUIRE(ebb_command({"train", "translate", "--quick", "--data", corpus.folder.path(), "--steps", "2", "--hidden", "4",
                       "--out", folder / "out"})
              .code == 0);
  const Outcome o = ebb_command({"generate", "--weights", folder / "out/weights.safetensors", "--out",
                                 folder / "page.html", "--prompt", "The dog's Zebra runs.", "--beam", "2"});
  INFO(o.err);
  CHECK(o.code == 0);
  CHECK_THAT(read_all(folder / "page.html"),
             Contains("the dog 's zebra runs .") && Contains(">'s</text>") && Contains(">zebra</text>"));
  for (const auto& [prompt, reason] : {std::pair{" \t\n", "nothing to translate: use --prompt"},
                                       {"the dog\nthe cat", "--prompt has more than one line: only one sentence"}}) {
    const Outcome no = ebb_command({"generate", "--weights", folder / "out/weights.safetensors", "--out",
                                    folder / "none.html", "--prompt", prompt});
    CHECK(no.code == 2);
    CHECK_THAT(no.err, Contains(reason));
    CHECK_FALSE(folder.has("none.html"));
  }
}

TEST_CASE(
    "the picture of attention has a square for each pair, the words around it, and no mark of theirs is taken for "
    "HTML") {
  const std::string svg =
      attention_svg({"a", "<b>", "&apos;s"}, {"x", " "}, Array::from({2, 3}, {0, .25, 1, .5, 0, 0}));
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
  CHECK_THROWS_WITH(attention_svg({"a"}, {"x"}, Array::zeros({2, 1}, f32)),
                    Contains("do not match 1 output and 1 input symbols"));
}

TEST_CASE("errors of translate's loader describe the expected files and what is wrong with the given one") {
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
             Contains("train.en' has 2 lines, but '") && Contains("train.fr' has 1: the files must correspond"));
  CHECK_THAT(spoilt("val.en", "a b\n \t\n"), Contains("val.en', line 2: is empty, but a sentence is expected"));
  CHECK_THAT(spoilt("test2016.fr", "\n"), Contains("test2016.fr', line 1: is empty"));
  CHECK_THAT(spoilt("test2016.en", ""), Contains("test2016.en': contains no sentences"));
  CHECK_THAT(spoilt("train.en", "a\n\xff\xfe\n"), Contains("train.en: line 2: is not UTF-8"));
  const TempFolder empty;
  CHECK_THAT(why(empty.path()), Contains(empty.path()) && Contains("'train.en' is missing") && Contains("Multi30k"));
}

TEST_CASE("incomplete sentence files below EBB_DATA are an error, not a fallback to dates") {
  const char* const before = std::getenv("EBB_DATA");
  const std::string kept = before ? before : "";
  const TempFolder root;
  const auto with = [&](const std::string& folder) {
    setenv("EBB_DATA", folder.c_str(), 1);
    return why("");
  };
  CHECK(with(root.path()) == "nothing");  // dates
  CHECK_THAT(with(root / "none"), Contains("EBB_DATA: '" + root / "none" + "' is not a folder"));
  std::filesystem::create_directory(root / "multi30k");
  for (const char* name : files) write_all(root / "multi30k/" + name, "a b\nc d\n");
  CHECK(with(root.path()) == "nothing");
  std::filesystem::remove(root / "multi30k/val.en");
  CHECK_THAT(with(root.path()), Contains("multi30k': 'val.en' is missing"));
  CHECK_THAT(with(root / "multi30k"), Contains("'val.en' is missing"));
  before ? setenv("EBB_DATA", kept.c_str(), 1) : unsetenv("EBB_DATA");
}

TEST_CASE("real sentences are learnt as synthetic dates are", "[slow]") {
  const char* const root = std::getenv("EBB_DATA");
  if (!root || !std::filesystem::exists(std::string(root) + "/multi30k/train.en")) {
    WARN("skipped: EBB_DATA names no folder with multi30k/train.en");
    return;
  }
  const auto task = make_task("translate", {.data = root});
  CHECK_THAT(task->data(),
             Contains("5,921 and 6,482 different words"));  // counted by another program; four more are Ebb's
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
  CHECK(losses.back() < task->info().baseline - .3);
}

}  // namespace translate_data_test
