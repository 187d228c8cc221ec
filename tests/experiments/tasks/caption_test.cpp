#include <algorithm>
#include <cstring>
#include <ebb/experiments/tasks/caption/meter.hpp>
#include <ebb/experiments/tasks/caption/network.hpp>
#include <ebb/experiments/tasks/caption/scenes.hpp>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/experiments/train/generate.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/optim/adam.hpp>
#include <set>

#include "catch.hpp"
#include "goes_on.hpp"
#include "train_quick.hpp"

namespace caption_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

const std::string fashion = "/usr/share/datasets/fashion-mnist";

}  // namespace

TEST_CASE("a batch has the numbered scenes, with the words before each word") {
  const auto task = make_task("caption", {.data = "generated"});
  const Scenes scenes({.data = "generated"});
  const auto batch = [&](const BatchRequest& r) { return task->batch(r).get<CaptionBatch>(); };
  const CaptionBatch b = batch({.rows = 7, .number = 3, .seed = 5});
  for (int row = 0; row < 7; ++row) {
    const Scene scene = scenes.scene(Split::train, 5, static_cast<std::uint64_t>(21 + row));
    const std::vector<int> said = scenes.sentence(scene);
    const Array picture = scenes.picture(scene);
    REQUIRE(b.lengths.at({row}) == static_cast<int>(said.size()) + 1);
    CHECK(b.given.at({0, row}) == Scenes::end);
    CHECK(b.wanted.at({static_cast<int>(said.size()), row}) == Scenes::end);
    for (int t = 0; t < static_cast<int>(said.size()); ++t) {
      CHECK(b.wanted.at({t, row}) == said[static_cast<std::size_t>(t)]);
      CHECK(b.given.at({t + 1, row}) == said[static_cast<std::size_t>(t)]);
    }
    for (std::int64_t k = 0; k < picture.size(); ++k) REQUIRE(b.pictures[0][row].at_flat(k) == picture.at_flat(k));
  }
  const auto same = [](const CaptionBatch& one, const CaptionBatch& other) {
    const Array &p = one.pictures, &q = other.pictures;
    return p.size() == q.size() && std::memcmp(p.raw(), q.raw(), p.bytes()) == 0;
  };
  CHECK(same(b, batch({.rows = 7, .number = 3, .seed = 5})));
  CHECK(!same(b, batch({.rows = 7, .number = 3, .seed = 6})));
  CHECK(!same(b, batch({.rows = 7, .number = 4, .seed = 5})));
  const BatchRequest test{.split = Split::test, .rows = 7, .number = 28, .seed = 1};
  CHECK(same(batch(test), batch({.split = Split::test, .rows = 7, .number = 28, .seed = 2})));
  CHECK(task->batch(test).rows() == 200 - 28 * 7);  // the last ones
  CHECK(task->batches(Split::test, 0, 7) == 29);
}

TEST_CASE("sentence scores agree with manual computation") {
  SentenceScore s;
  s.add({1, 9, 2, 1, 10}, {1, 9, 2, 1, 10});
  s.add({1, 9, 4, 1}, {1, 9, 2, 1, 11});  // three of five words at their place, and one word short
  CHECK(s.exact() == Approx(50));
  CHECK(s.words() == Approx(100 * 8.0 / 10));
  // n-grams found: 8 of 9, 5 of 7, 3 of 5, 2 of 3; nine words for ten
  CHECK(s.bleu() == Approx(100 * std::exp(1 - 10.0 / 9) * std::pow(8.0 / 9 * 5 / 7 * 3 / 5 * 2 / 3, .25)));
}

TEST_CASE("caption --quick beats the baseline", "[science]") {
  const TempFolder folder;
  const auto run = train_quick("caption", folder);
  const auto measures = run["measures"];
  CHECK(measures["exact captions"]["value"].get<double>() > measures["exact captions"]["baseline"].get<double>() + 25);
  CHECK(measures["words"]["value"].get<double>() > measures["words"]["baseline"].get<double>() + 30);
  CHECK(measures["BLEU"]["value"].get<double>() > measures["BLEU"]["baseline"].get<double>() + 30);
  CHECK(run["loss"].get<double>() < .3 * run["baseline_loss"].get<double>());
  CHECK_THAT(read_all(folder / "out/report.html"), Contains("The first scenes") && Contains("data:image/bmp;base64,"));
}

TEST_CASE("ebb evaluate reports the same captions as training") {
  const TempFolder folder;
  const auto run = train_quick("caption", folder, {"--steps", "40", "--hidden", "6", "--layers", "2"});
  const Outcome o = ebb_command({"evaluate", "--weights", folder / "out/weights.safetensors"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  const auto again = nlohmann::json::parse(read_all(folder / "out/evaluation-test.json"));
  CHECK(again["loss"] == run["loss"]);
  CHECK(again["measures"] == run["measures"]);
}

TEST_CASE("every registered cell works with caption", "[slow]") {
  const auto task = make_task("caption", {.data = "generated"});
  for (const CellInfo& cell : cell_list()) {
    if (cell.about.find("made by the tests") != std::string::npos) continue;
    INFO(cell.name);
    const TaskSettings s{.hidden = 8, .batch = 5, .steps = 2};
    Model m{*task, cell.name, s, 1};
    const TrainRecord r = train(m, *task, s, 1);
    CHECK(r.diverged.empty());
    CHECK(r.curve.size() == 2);
    CHECK(!task->as<Generates>()->generate(m, {.prompt = "0", .beam = 2}).text.empty());
  }
}

TEST_CASE("a resumed run of caption is bitwise identical") {
  goes_on("caption", "lstm",
          {.hidden = 6, .batch = 7, .steps = 6, .layers = 2, .dropout = .1, .zoneout = .1, .patience = 30}, {1, 4},
          {.data = "generated"});
}

TEST_CASE("a scene's caption depends neither on the other scenes nor on how it is requested", "[slow]") {
  const auto task = make_task("caption", {.data = "generated"});
  const Scenes scenes({.data = "generated"});
  TaskSettings s = task->settings(Size::quick);
  s.steps = 60;
  s.layers = 2;
  s.patience = 0;  // enough for the last weights to say different things
  Model m{*task, "lstm", s, 3};
  train(m, *task, s, 3);
  const auto said = [&](const Batch& b) {
    const auto loss = [&](Shard& shard) { return m.loss(shard, b); };
    return evaluate(m.w, {.rows = b.rows(), .training = false}, loss).rows(words_said.name).copy();
  };
  const Array together = said(task->batch({.split = Split::test, .rows = 70}));
  std::set<std::string> different;
  for (const std::uint64_t number : {0u, 17u, 69u}) {
    const Array alone = said(task->batch({.split = Split::test, .rows = 1, .number = number}))[0];
    std::vector<int> words;
    for (int t = 0; t < Scenes::longest; ++t) {
      CHECK(alone.at({t}) == together.at({static_cast<int>(number), t}));
      if (alone.at({t}) != Scenes::end) words.push_back(static_cast<int>(alone.at({t})));
    }
    const std::string wanted = scenes.text(words);
    different.insert(wanted);
    for (const int beam : {0, 1})  // a search that keeps one sentence is the greedy choice
      CHECK_THAT(task->as<Generates>()->generate(m, {.prompt = std::to_string(number), .beam = beam}).text,
                 Contains("scene " + std::to_string(number) + ": " + wanted + "\n"));
  }
  CHECK(different.size() > 1);
}

TEST_CASE("beam search finds no sentence less probable than the greedy one") {
  const auto task = make_task("caption", {.data = "generated"});
  const Model m{*task, "gru", TaskSettings{.hidden = 8}, 2};
  const auto& net = dynamic_cast<const CaptionNetwork&>(m.network());
  const auto b = task->batch({.split = Split::test, .rows = 6}).get<CaptionBatch>();
  Tape tape;
  const NoGrad off;
  const Seen seen = net.look(constant(b.pictures));
  const auto probability = [&](const std::vector<int>& words,
                               int row) {  // in nats, the end counted if there is room for it
    const Seen own = seen.of_rows(Tokens({1}, {row}));
    Speaking now = net.begin(1);
    double sum = 0;
    for (std::size_t t = 0; t <= words.size() && t < Scenes::longest; ++t) {
      now = net.say(Tokens({1}, {t > 0 ? words[t - 1] : Scenes::end}), now, own, StepContext{});
      sum -= cross_entropy(now.scores, Tokens({1}, {t < words.size() ? words[t] : Scenes::end})).value().at_flat(0);
    }
    return sum;
  };
  const auto one = net.beam(seen, 6, 1), many = net.beam(seen, 6, 8);
  bool better = false;
  for (int row = 0; row < 6; ++row) {
    const auto at = static_cast<std::size_t>(row);
    const double greedy = probability(one[at], row), best = probability(many[at], row);
    CHECK(best >= greedy - 1e-5);
    better |= best > greedy + 1e-5;
  }
  CHECK(better);
}

TEST_CASE("ebb generate captions a test scene and writes a page with its attention", "[slow]") {
  const TempFolder folder;
  train_quick("caption", folder, {"--steps", "30", "--hidden", "8"});
  const std::string weights = folder / "out/weights.safetensors", page = folder / "scene.html";
  const Outcome o = ebb_command({"generate", "--weights", weights, "--prompt", "3", "--beam", "3", "--out", page});
  INFO(o.err);
  REQUIRE(o.code == 0);
  const Scenes scenes({.data = "generated"});
  const std::string wanted = scenes.text(scenes.sentence(scenes.scene(Split::test, 0, 3)));
  CHECK_THAT(o.out, Contains("scene 3: ") && Contains("reference: " + wanted));
  CHECK_THAT(read_all(page), Contains("Attention before each word") && Contains("(end)") && Contains("test scene 3"));
  const auto rejected = [&](const std::vector<std::string>& prompt, const std::string& named) {
    std::vector<std::string> words{"generate", "--weights", weights, "--out", folder / "none.html"};
    words.insert(words.end(), prompt.begin(), prompt.end());
    const Outcome no = ebb_command(words);
    CHECK(no.code == 2);
    CHECK_THAT(no.err, Contains("number of a test scene, from 0 to 199, not '" + named + "'"));
    CHECK(!folder.has("none.html"));
  };
  CHECK_THAT(ebb_command({"generate", "--weights", weights, "--out", folder / "none.html"}).err,
             Contains("--prompt is needed: the number of a test scene, from 0 to 199"));
  const auto says_nothing = [&](std::vector<std::string> options, const std::string& reason) {
    options.insert(options.begin(), {"generate", "--weights", weights, "--prompt", "3", "--out", folder / "none.html"});
    const Outcome no = ebb_command(options);
    CHECK(no.code == 2);
    CHECK_THAT(no.err, Contains(reason));
  };
  for (const auto& [draw, value] : {std::pair{"--temperature", ".5"}, {"--top-k", "5"}, {"--top-p", ".5"}})
    says_nothing({draw, value}, "a caption is not sampled");
  says_nothing({"--length", "3"}, "--length does not apply to a caption");
  says_nothing({"--greedy", "--beam", "4"}, "--greedy and --beam are mutually exclusive");
  for (const char* wrong : {"200", "-1", "3.5", "a bag"}) rejected({"--prompt", wrong}, wrong);
}

TEST_CASE("without Fashion-MNIST, caption's error describes the expected files") {
  const TempFolder folder;
  CHECK_THROWS_WITH(make_task("caption", {.data = folder.path()}),
                    Contains(folder.path()) && Contains("is missing; the task caption needs"));
}

TEST_CASE("scenes of real items are learnt as synthetic ones are", "[slow]") {
  if (!std::filesystem::exists(fashion)) {
    WARN("skipped: Debian's package dataset-fashion-mnist is not installed");
    return;
  }
  const auto task = make_task("caption", {.data = fashion});
  const Model m{*task, "gru", TaskSettings{.hidden = 32}, 1};
  Adam adam(m.w, {.lr = 5e-3});
  double loss = 0;
  for (std::uint64_t u = 0; u < 80; ++u) {
    const Batch b = task->batch({.rows = 16, .number = u});
    const auto r = backward(m.w, {.rows = 16, .update = u}, [&](Shard& shard) { return m.loss(shard, b); });
    adam.step(r.grads);
    loss = r.loss;
  }
  CHECK(loss < .6 * task->info().baseline);
  CHECK(task->batches(Split::test, 0, 500) == 4);
}

}  // namespace caption_test
