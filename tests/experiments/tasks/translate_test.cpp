#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/experiments/tasks/translate/network.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/nn/cell_list.hpp>
#include <set>

#include "catch.hpp"
#include "goes_on.hpp"
#include "train_quick.hpp"

namespace translate_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

Outcome says(const TempFolder& folder, std::vector<std::string> more) {
  more.insert(more.begin(),
              {"generate", "--weights", folder / "out/weights.safetensors", "--out", folder / "page.html"});
  return ebb_command(more);
}

const TranslateNetwork& network_of(const Model& m) { return dynamic_cast<const TranslateNetwork&>(m.network()); }

// One sentence of a batch alone, without padding.
struct Alone {
  Tokens tokens;
  Lengths lengths;
  Alone(const TranslateBatch& b, int row)
      : tokens({b.source_lengths.data()[row], 1}), lengths({1}, {b.source_lengths.data()[row]}) {
    for (int s = 0; s < tokens.dim(0); ++s) tokens.data()[s] = b.source.at({s, row});
  }
};

// The most probable token, one after the other.
Sentence step_by_step(const TranslateNetwork& net, const Alone& x) {
  const Memory m = net.read(x.tokens, x.lengths, StepContext{});
  const Var table = transpose(net.to);
  State state = net.decoder->initial_state(1);
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
  const auto run = train_quick("translate", folder);
  CHECK(run["measures"]["exact"]["value"].get<double>() > 60);
  CHECK(run["measures"]["exact, beam 5"]["value"].get<double>() > 60);
  CHECK(run["measures"]["exact"]["baseline"].get<double>() == 0);
  CHECK(run["loss"].get<double>() < .3 * run["baseline_loss"].get<double>());
  const std::string report = read_all(folder / "out/report.html");
  CHECK_THAT(report,
             Contains("<h3>Attention</h3>") && Contains("<th>should be<th>greedy") && Contains("exact, beam 5"));

  const Outcome o = says(folder, {"--prompt", "Thursday, 3 March 2016", "--greedy"});
  CHECK(o.code == 0);
  CHECK(o.out == "2016-03-03\n" + (folder / "page.html") + "\n");
  CHECK(says(folder, {"--prompt", "Thursday, 3 March 2016"}).out == o.out);  // by beam
  const std::string page = read_all(folder / "page.html");
  CHECK_THAT(page, Contains("2016-03-03") && Contains("Thursday, 3 March 2016") && Contains("<svg"));
  CHECK(says(folder, {"--prompt", "Thursday, 3 March 2016", "--length", "4"}).out.substr(0, 5) == "2016\n");
  CHECK_THAT(says(folder, {"--prompt", "3 March 2016", "--top-k", "3"}).err, Contains("a translation is not sampled"));
  CHECK_THAT(says(folder, {"--prompt", "3 March 2016", "--greedy", "--beam", "3"}).err,
             Contains("are mutually exclusive"));
  CHECK_THAT(says(folder, {"--prompt", "3 March 2016", "--length", "0"}).err, Contains("--length must be at least 1"));
  CHECK_THAT(says(folder, {}).err, Contains("nothing to translate"));
}

TEST_CASE("translate's weights record how its data are read, and ebb evaluate reproduces training's result", "[slow]") {
  for (const char* direction : {"forward", "both"}) {
    const TempFolder folder;
    const auto run = train_quick("translate", folder, {"--steps", "30", "--hidden", "12", "--direction", direction});
    const Outcome o = ebb_command({"evaluate", "--weights", folder / "out/weights.safetensors"});
    INFO(o.err);
    REQUIRE(o.code == 0);
    const auto again = nlohmann::json::parse(read_all(folder / "out/evaluation-test.json"));
    CHECK(again["loss"] == run["loss"]);
    CHECK(again["measures"] == run["measures"]);
    CHECK(again["measures"].contains("exact, beam 5"));
  }
}

TEST_CASE("every registered cell works with translate, and the decoder has its own state", "[slow]") {
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

TEST_CASE("resumed runs of translate are bitwise identical") {
  goes_on(
      "translate", "lstm",
      {.hidden = 6, .length = 20, .batch = 7, .steps = 6, .layers = 2, .dropout = .1, .zoneout = .1, .patience = 30},
      {1, 4}, {.data = "generated"});
}

TEST_CASE("batched greedy search gives each sentence the same tokens as alone", "[slow]") {
  const auto task = make_task("translate", {.data = "generated"});
  TaskSettings s = task->settings(Size::quick);
  s.steps = 200;
  for (const char* cell : {"gru", "lstm"}) {
    Model model{*task, cell, s, 2};
    train(model, *task, s, 2);
    const Tape tape;
    const NoGrad off;
    const TranslateNetwork& net = network_of(model);
    const auto b = task->batch({.split = Split::test, .rows = 40}).get<TranslateBatch>();
    const Memory m = net.read(b.source, b.source_lengths, StepContext{});
    const auto together = net.search(m, {.width = 1, .longest = net.sizes.longest});
    const auto beam = net.search(m, {.width = 4, .longest = net.sizes.longest});
    std::set<Sentence> different;
    for (int row = 0; row < b.rows(); ++row) {
      const Alone x(b, row);
      const auto at = static_cast<std::size_t>(row);
      CHECK(together[at] == step_by_step(net, x));
      CHECK(beam[at] ==
            net.search(net.read(x.tokens, x.lengths, StepContext{}), {.width = 4, .longest = net.sizes.longest})[0]);
      different.insert(together[at]);
    }
    CHECK(different.size() > 10);
  }
}

TEST_CASE("the loss of a sentence agrees with the decoder run step by step") {
  const auto task = make_task("translate", {.data = "generated"});
  const Model model{*task, "gru", TaskSettings{.hidden = 9}, 3};
  const auto b = task->batch({.split = Split::valid, .rows = 6}).get<TranslateBatch>();
  const double whole =
      evaluate(model.w, {.rows = 6, .training = false}, [&](Shard& s) { return model.loss(s, b); }).loss;
  const Tape tape;
  const NoGrad off;
  const TranslateNetwork& net = network_of(model);
  double nats = 0, count = 0;
  for (int row = 0; row < 6; ++row) {
    const Alone x(b, row);
    const Memory m = net.read(x.tokens, x.lengths, StepContext{});
    State state = net.decoder->initial_state(1);
    for (int t = 0; t < b.lengths.data()[row]; ++t, ++count)
      nats -= net.next(m, Tokens({1}, {b.given.at({t, row})}), state, transpose(net.to))
                  .value()
                  .at_flat(b.wanted.at({t, row}));
  }
  CHECK(nats / count == Approx(whole).epsilon(1e-5));
  CHECK(b.weight() == count);
}

TEST_CASE(
    "gradients of translate are those of finite differences, through both readers, the attention and the table in two "
    "places") {
  const auto task = make_task("translate", {.data = "generated"});
  const Model model{*task, "gru", TaskSettings{.hidden = 3}, 3};
  const Batch b = task->batch({.length = 7, .rows = 3});
  const GradcheckReport r = gradcheck(model.w, {.rows = 3, .dtype = f64}, [&](Shard& s) { return model.loss(s, b); });
  INFO(r);
  CHECK(r.ok());
  for (const GradcheckEntry& e : r.entries) CHECK(e.influence);
  CHECK_THROWS_WITH((Model{*task, "gru", TaskSettings{.hidden = 0}, 3}), Contains("hidden size must be at least 1"));
}

TEST_CASE("attention weights sum to one at each step, and are zero beyond both sentences") {
  const auto task = make_task("translate", {.data = "generated"});
  const Model model{*task, "lstm", TaskSettings{.hidden = 8}, 3};
  const Tape tape;
  const NoGrad off;
  const TranslateNetwork& net = network_of(model);
  const auto b = task->batch({.split = Split::train, .length = 60, .rows = 3}).get<TranslateBatch>();
  const Memory m = net.read(b.source, b.source_lengths, StepContext{});
  const Array attention = net.attention(m, {{4, 5, 6}, {}, {7}}, 5).value();
  for (int row = 0; row < 3; ++row)
    for (int t = 0; t < 5; ++t) {
      double sum = 0;
      for (int k = 0; k < b.source.dim(0); ++k) {
        const double p = attention.at({row, t, k});
        sum += p;
        if (k >= b.source_lengths.data()[row]) CHECK(p == 0);
      }
      CHECK(sum == Approx(t <= (row == 0 ? 3 : row == 1 ? 0 : 1) ? 1 : 0).margin(1e-5));
    }
}

}  // namespace translate_test
