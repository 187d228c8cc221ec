#include <cstring>
#include <ebb/experiments/train/remedy.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/experiments/train/try_out.hpp>
#include <ebb/ops/parallel.hpp>

#include "catch.hpp"
#include "goes_on.hpp"
#include "message_of.hpp"
#include "train_quick.hpp"

namespace remedies_test {

using namespace ebb;
using namespace ebb::app;
using nlohmann::json;

namespace {

TaskSettings with_remedy(const std::string& remedy, int steps = 6) {
  return {.hidden = 6, .length = 12, .batch = 20, .steps = steps, .lr = 1e-2, .remedy = remedy};
}

const char* const small_floss = "flossing:before=2,every=3,times=1,updates=2,horizon=8,warmup=2,rows=2";

TrainRecord trained_with(const std::string& remedy, Model& m, const Task& task) {
  return train(m, task, with_remedy(remedy), 1);
}

bool same_weights(const Model& a, const Model& b) {
  return std::memcmp(a.w.flat().raw(), b.w.flat().raw(), a.w.flat().bytes()) == 0;
}

/// A penalty that is easy to know: the mean over rows of the squared last state.
class TestRemedy final : public Remedy, public PenaltyOnRun {
 public:
  explicit TestRemedy(GivenOptions& given) : weight_(given.number("weight", 2, "factor")) {}
  PartialLoss penalty(Shard& s, const UnrolledRun& u) const override {
    return weight_ * s.mean_rows(sum(square(u.run.last()), -1));
  }

 private:
  double weight_;
};
EBB_REMEDY_NAMED(test_remedy, "test-remedy", TestRemedy, "the squared last state");

}  // namespace

TEST_CASE("remedies give the same bits for any number of threads, on several cells", "[shards][slow]") {
  const auto remedy =
      GENERATE(as<std::string>{}, "omega:4", "omega:1,form=paper", "omega:1,form=paper,gradient=immediate", small_floss,
               "clip:.1", "test-remedy", "omega:4,form=paper+clip:.5");
  const auto cell = GENERATE(as<std::string>{}, "rnn", "lstm");
  CAPTURE(remedy, cell);
  const auto task = make_task("temporal-order");
  const int before = threads();
  Model one{*task, cell, with_remedy(remedy), 1}, untreated{*task, cell, with_remedy(""), 1};
  set_threads(1);
  trained_with(remedy, one, *task);
  trained_with("", untreated, *task);
  CHECK_FALSE(same_weights(one, untreated));
  for (const int n : {2, 3}) {
    set_threads(n);
    Model many{*task, cell, with_remedy(remedy), 1};
    trained_with(remedy, many, *task);
    CHECK(same_weights(one, many));
  }
  set_threads(before);
}

TEST_CASE("a run with remedies goes on from a checkpoint with the same bits") {
  for (const char* remedy : {"omega:4", small_floss, "omega:2,form=paper+clip:.5"}) {
    CAPTURE(remedy);
    goes_on("temporal-order", "rnn", with_remedy(remedy), {1, 3, 5, 6});
  }
}

TEST_CASE("the recorded loss is the task's, and the penalty stands beside it") {
  const auto task = make_task("temporal-order");
  for (const char* remedy : {"omega:4", "omega:4,form=paper", "test-remedy"}) {
    Model a{*task, "rnn", with_remedy(""), 1}, b{*task, "rnn", with_remedy(""), 1};
    const TrainRecord plain = trained_with("", a, *task), treated = trained_with(remedy, b, *task);
    CAPTURE(remedy);
    CHECK(treated.curve.front().loss == Approx(plain.curve.front().loss).epsilon(1e-6));
    CHECK(treated.curve.back().loss != plain.curve.back().loss);
    REQUIRE(treated.remedies.size() == treated.curve.size());
    for (const RemedyPoint& p : treated.remedies) CHECK(p.value > 0);
  }
}

TEST_CASE("a penalty's gradient is added to that of the loss") {
  const auto task = make_task("temporal-order");
  Model a{*task, "rnn", with_remedy(""), 1};
  const TaskSettings s = with_remedy("test-remedy");
  const Batch batch = task->batch({.length = s.length, .rows = s.batch});
  const Result plain = backward(a.w, {.rows = s.batch}, [&](Shard& shard) { return a.loss(shard, batch); });
  const auto remedies = make_remedies("test-remedy:weight=3");
  const auto penalty = [&](Shard& shard, const UnrolledRun& u) {
    return remedies[0]->as<PenaltyOnRun>()->penalty(shard, u);
  };
  const Result both = backward(a.w, {.rows = s.batch},
                               [&](Shard& shard) { return a.simple().penalised_loss(shard, batch, {}, penalty); });
  const Result alone = backward(a.w, {.rows = s.batch}, [&](Shard& shard) {
    return a.simple().penalised_loss(shard, batch, {}, penalty) + -1. * a.loss(shard, batch);
  });
  CHECK(both.loss == Approx(plain.loss + alone.loss));
  for (const char* name : {"cell/W", "cell/U", "cell/b"}) {
    const Leaf leaf = a.w.find(name);
    for (std::int64_t k = 0; k < leaf.shape().size(); ++k)
      CHECK(both.grads[leaf].at_flat(k) ==
            Approx(plain.grads[leaf].at_flat(k) + alone.grads[leaf].at_flat(k)).margin(1e-6));
  }
}

TEST_CASE("clip as a remedy is --clip, bit by bit") {
  const auto task = make_task("temporal-order");
  TaskSettings by_option = with_remedy(""), by_remedy = with_remedy("clip:.05");
  by_option.clip = .05;
  by_remedy.clip = 7;  // replaced
  Model a{*task, "rnn", by_option, 1}, b{*task, "rnn", by_remedy, 1};
  const TrainRecord r = train(a, *task, by_option, 1), q = train(b, *task, by_remedy, 1);
  CHECK(r.clip_events > 0);
  CHECK(r.clip_events == q.clip_events);
  CHECK(same_weights(a, b));
}

TEST_CASE("flossing moves the exponents to zero before training") {
  const auto task = make_task("xor", {.quick = true});
  const TaskSettings s{.hidden = 10,
                       .length = 40,
                       .batch = 8,
                       .steps = 1,
                       .lr = 0,
                       .remedy = "flossing:before=100,horizon=30,warmup=6,lr=.01"};
  Model m{*task, "rnn", s, 1};
  const TrainRecord r = train(m, *task, s, 1);
  REQUIRE(r.remedies.size() == 100);
  CHECK(r.remedies.back().value < .2 * r.remedies.front().value);
}

TEST_CASE("a remedy that cannot serve a cell, a task or its sizes is refused before any work") {
  TempFolder folder;
  const auto refused = [&](std::vector<std::string> words, const std::string& why) {
    words.insert(words.end(), {"--quick", "--out", folder / "out"});
    check_rejected(ebb_command(words), why);
    CHECK_FALSE(folder.has("out"));
  };
  refused({"train", "adding", "--remedy", "omga:4"},
          "there is no remedy 'omga'; did you mean 'omega'?; the remedies are");
  refused({"train", "adding", "--remedy", "omega:weigth=4"}, "weigth");
  refused({"train", "adding", "--remedy", "omega+omega"}, "'omega+omega' has the remedy 'omega' twice");
  refused({"train", "adding", "--remedy", "none+omega"}, "'none' stands alone");
  refused({"train", "adding", "--remedy", "omega:-1"}, "omega: the weight must be at least 0");
  refused({"train", "adding", "--cell", "tcn", "--remedy", "omega"},
          "it has no cell and no state; this is what the remedy 'omega' needs of the task 'adding'");
  refused({"train", "tags", "--remedy", "omega"},
          "which is not one cell and a linear layer; this is what the remedy 'omega' needs of the task 'tags'");
  refused({"train", "adding", "--cell", "rnn", "--remedy", "flossing:exponents=1000"},
          "exponents must be at most 16, the size of the state of cell rnn, but is 1000");
  refused({"train", "adding", "--cell", "rnn:activation=relu", "--remedy", "flossing"},
          "its loss or gradient is not finite on the first batch: an exponent is infinite if a step maps one of the "
          "directions to zero");
  refused({"vanish", "--tasks", "adding", "--cells", "rnn", "--remedy", "none,omga"}, "there is no remedy 'omga'");
  refused({"vanish", "--tasks", "adding", "--cells", "rnn", "--remedy", "none,none"}, "--remedy names 'none' twice");
}

TEST_CASE("ebb train records the remedy in its options, weights and summary, and resumes with it") {
  TempFolder folder;
  const json run =
      train_quick("temporal-order", folder, {"--cell", "rnn", "--steps", "8", "--remedy", "omega:4+clip:.5"});
  CHECK(run["remedies"]["omega:4"]["updates"] == 8);
  CHECK(run["remedies"]["omega:4"]["first"] > 0.);
  CHECK(summary_of(folder / "out")["options"]["remedy"] == "omega:4+clip:.5");
  CHECK_THAT(read_all(folder / "out/config.toml"), Catch::Matchers::Contains("remedy = \"omega:4+clip:.5\""));
  const Outcome again = ebb_command({"train", "--resume", folder / "out"});
  INFO(again.err);
  CHECK(again.code == 0);
  const Outcome seen = ebb_command({"observe", "--weights", folder / "out/weights.safetensors", "--measure", "lyapunov",
                                    "--quick", "--out", folder / "seen"});
  INFO(seen.err);
  CHECK(seen.code == 0);
  CHECK_THAT(seen.out + read_all(folder / "seen/report.html"), Catch::Matchers::Contains("rnn + omega:4+clip:.5"));
}

TEST_CASE("vanish compares remedies beside the untreated cell") {
  TempFolder folder;
  const Outcome o =
      ebb_command({"vanish", "--quick", "--tasks", "temporal-order", "--cells", "rnn", "--steps", "10", "--seeds", "1",
                   "--remedy", "none,omega:4,clip:.1", "--lags", "30", "--out", folder / "out"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK_THAT(o.out, Catch::Matchers::Contains("Remedies on temporal-order: largest Lyapunov exponent"));
  const json s = summary_of(folder / "out");
  for (const char* cell : {"rnn", "rnn + omega:4", "rnn + clip:.1"}) {
    CAPTURE(cell);
    CHECK(s["tasks"]["temporal-order"]["cells"][cell]["trained"]["decay_per_step"].is_number());
    const json& of_seed = s["remedies"]["temporal-order"][cell]["1"];
    CHECK(of_seed["exponent_before"].is_number());
    CHECK(of_seed["exponent"] != of_seed["exponent_before"]);
  }
  CHECK(s["remedies"]["temporal-order"]["rnn"]["1"]["exponent_before"] ==
        s["remedies"]["temporal-order"]["rnn + omega:4"]["1"]["exponent_before"]);
}

TEST_CASE("every registered remedy lists its options") {
  const Outcome o = ebb_command({"remedies"});
  CHECK(o.code == 0);
  for (const char* words :
       {"omega", "weight=4", "form=code|paper", "flossing", "before=50", "exponents=0", "clip", "norm=1"})
    CHECK_THAT(o.out, Catch::Matchers::Contains(words));
}

}  // namespace remedies_test
