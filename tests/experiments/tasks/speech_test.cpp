#include <ebb/experiments/tasks/speech/meter.hpp>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/optim/adam.hpp>
#include <ebb/optim/clip.hpp>
#include <filesystem>

#include "goes_on.hpp"
#include "speech_parts.hpp"

namespace speech_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

TEST_CASE("speech --quick recognises digits and strings of digits far better than the baseline", "[science]") {
  const Taught t;
  const auto& m = t.run["measures"];
  CHECK(m["single digits"]["baseline"] == 10);
  CHECK(m["single digits"]["value"].get<double>() > 50);
  CHECK(m["digit error rate"]["value"].get<double>() < 45);  // saying nothing: 100
  CHECK(m["exact strings"]["value"].get<double>() > 10);
  CHECK(t.run["loss"].get<double>() < .5 * t.run["baseline_loss"].get<double>());
  CHECK_THAT(read_all(t.folder / "out/report.html"),
             Contains("The network's input and output for one string") && Contains("recognised"));
}

TEST_CASE("a picture of speech ends with its last frame, without the last step's padding") {
  const int T = 5, mels = SpokenStrings::mels;
  SpeechPicture picture{.features = uniform({T, SpokenStrings::width}, Key{4}, .5, 1),
                        .scores = Array::zeros({T, 11}, f32)};
  CHECK_THAT(picture.svg(), Contains(" width=840 height=150 "));
  std::fill_n(picture.features.data<float>() + (3 * T - 2) * mels, 2 * mels, 0.0F);
  CHECK_THAT(picture.svg(), Contains(" width=728 height=150 "));  // 13 frames of 15
}

TEST_CASE("ebb evaluate reproduces training's result of speech, in either direction", "[slow]") {
  for (const char* direction : {"forward", "both"}) {
    const Taught t({"--steps", "4", "--hidden", "6", "--direction", direction});
    const Outcome o = ebb_command({"evaluate", "--weights", t.weights});
    INFO(o.err);
    REQUIRE(o.code == 0);
    const auto again = nlohmann::json::parse(read_all(t.folder / "out/evaluation-test.json"));
    CHECK(again["loss"] == t.run["loss"]);
    CHECK(again["measures"] == t.run["measures"]);
  }
}

TEST_CASE("every registered cell works with speech") {
  const auto task = make_task("speech", {.data = "generated"});
  for (const CellInfo& cell : cell_list()) {
    if (cell.about.find("made by the tests") != std::string::npos) continue;
    INFO(cell.name);
    const TaskSettings s{.hidden = 8, .length = 2, .batch = 3, .steps = 2};
    const Model m{*task, cell.name, s, 1};
    const Batch b = task->batch({.length = 2, .rows = 3});
    const auto r = backward(m.w, {.rows = 3}, [&](Shard& shard) { return m.loss(shard, b); });
    CHECK(std::isfinite(r.loss));
    CHECK(r.grads.norm() > 0);
  }
}

TEST_CASE(
    "a layer with as many positions as the longest string has steps hears the test, however short what it learned "
    "from",
    "[slow]") {
  const Taught model({"--cell", "transformer:positions=learned", "--length", "1", "--steps", "2"});
  CHECK(model.run["measures"].contains("digit error rate"));
  const SpokenStrings strings = made_up();
  for (const Split split : {Split::valid, Split::test})
    for (const SpokenString& s : strings.items(split))
      CHECK(strings.features(s).dim(0) <= strings.longest(SpokenStrings::most_tested));
}

TEST_CASE("a resumed run of speech is bitwise identical", "[slow]") {
  goes_on("speech", "lstm", {.hidden = 6, .length = 3, .batch = 5, .steps = 5, .layers = 2, .dropout = .1}, {1, 3},
          {.data = "generated"});
}

TEST_CASE("the recognised text of a row does not depend on the other rows") {
  const auto task = make_task("speech", {.data = "generated"});
  const Model m{*task, "gru", TaskSettings{.hidden = 8}, 3};
  const auto scores = [&](const Batch& b) {
    return evaluate(m.w, {.rows = b.rows(), .training = false}, [&](Shard& shard) { return m.loss(shard, b); })
        .rows(digit_scores.name);
  };
  const Array many = scores(task->batch({.split = Split::test, .rows = 1000}));
  for (const std::uint64_t number : {0u, 17u, 200u}) {
    const Array one = scores(task->batch({.split = Split::test, .rows = 1, .number = number}))[0];
    for (std::int64_t k = 0; k < one.size(); ++k)
      CHECK(one.at_flat(k) == Approx(many[static_cast<int>(number)].at_flat(k)).margin(1e-5));
  }
}

TEST_CASE("the edits between the reference and the recognised text are listed") {
  CHECK(edits_text({1, 2, 3}, {1, 2, 3}).empty());
  CHECK(edits_text({5, 1}, {9, 1}) == "5 heard as 9");
  CHECK(edits_text({1, 2, 3}, {1, 3}) == "2 missed");
  CHECK(edits_text({1, 3}, {1, 7, 3}) == "7 added");
  CHECK(edits_text({}, {4}) == "4 added");
  CHECK(edits_text({4, 6}, {}) == "4 missed, 6 missed");
}

TEST_CASE("real digits are learnt", "[slow]") {
  const char* const root = std::getenv("EBB_DATA");
  if (no_wav()) return;
  if (!root || !std::filesystem::exists(std::string(root) + "/fsdd/recordings/0_jackson_0.wav")) {
    WARN("skipped: EBB_DATA names no folder with fsdd/recordings");
    return;
  }
  const auto task = make_task("speech", {.data = root});
  CHECK_THAT(task->data(), Contains("3,000 recordings of 6 speakers"));
  const TaskSettings s{.hidden = 48, .length = 2, .batch = 16};
  Model m{*task, "lstm", s, 1};
  Adam adam(m.w, {.lr = 1e-2});
  for (std::uint64_t u = 0; u < 300; ++u) {
    const Batch b = task->batch({.length = s.length, .rows = s.batch, .number = u});
    auto r = backward(m.w, {.rows = s.batch, .update = u}, [&](Shard& shard) { return m.loss(shard, b); });
    clip_by_norm(r.grads, 1);
    adam.step(r.grads);
  }
  const auto meter = meter_of(*task);
  test_loss(m, *task, Split::test, s, 1 << 20, meter.get());
  CHECK(measure_named("single digits", meter->measures()).value > 30);  // a guess: 10
  CHECK(measure_named("digit error rate", meter->measures()).value < 75);
}

}  // namespace speech_test
