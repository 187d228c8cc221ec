#include <cstring>
#include <ebb/experiments/train/checkpoint.hpp>
#include <ebb/experiments/train/rank_training.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ranks/thread_ranks.hpp>
#include <optional>

#include "catch.hpp"
#include "message_of.hpp"
#include "of_ranks.hpp"
#include "same_bits.hpp"
#include "temp_folder.hpp"
#include "thread_scope.hpp"

/// The training loop of the commands, among ranks that are threads; tests/scripts/ranks_test.sh runs the command.
namespace rank_training_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;
using test::of_ranks;
using test::same_bits;
using test::ThreadScope;

namespace {

const TaskSettings sizes{.hidden = 6,
                         .length = 7,
                         .batch = 64,
                         .steps = 40,
                         .lr = .02,
                         .layers = 2,
                         .dropout = .2,
                         .zoneout = .1,
                         .schedule = "cosine",
                         .patience = 30};

struct Trained {
  Array weights;
  TrainRecord record;
};

/// Trains on the built-in text, whose state is carried from batch to batch, with validation and patience.
Trained trained(Ranks* ranks, const TaskSettings& s = sizes, const std::string& checkpoint = "", int stop_at = 0) {
  const auto task = make_task("chars");
  Model model{*task, "lstm", s, 1};
  model.ranks = ranks;
  check_ranks(ranks, model, *task, s);
  Origin origin{.task = "chars", .cell = "lstm", .data = "", .options = {}};
  TrainKeeper keeper;
  if (!checkpoint.empty()) keeper = keep_at(checkpoint, 10, origin, true);
  const TrainRecord record = train(
      model, *task, s, 1,
      [&](const CurvePoint& p) {
        if (p.step == stop_at && ranks && ranks->rank() == ranks->size() - 1) ranks->raise();
      },
      among_ranks(keeper, model));
  return {model.w.flat().copy(), record};
}

bool same_curve(const TrainRecord& a, const TrainRecord& b) {
  const auto same = [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); };
  return std::equal(a.curve.begin(), a.curve.end(), b.curve.begin(), b.curve.end(),
                    [&](const CurvePoint& p, const CurvePoint& q) {
                      return p.step == q.step && p.loss == q.loss && p.gradient_norm == q.gradient_norm &&
                             p.clipped == q.clipped && p.lr == q.lr && same(p.valid, q.valid);
                    });
}

}  // namespace

TEST_CASE("A training that ranks share has the weights and the curve of one process") {
  const ThreadScope one_each(1);
  const Trained one = trained(nullptr);
  CHECK(one.record.curve.size() == 40);
  for (const int size : {2, 3, 4})
    for (const Trained& t : of_ranks(size, [](Ranks* ranks) { return trained(ranks); })) {
      CAPTURE(size);
      CHECK(same_bits(t.weights, one.weights));
      CHECK(same_curve(t.record, one.record));
      CHECK(t.record.kept == one.record.kept);
    }
}

TEST_CASE("A signal on one rank ends a training on all after the same update, and another number of ranks resumes it") {
  const ThreadScope one_each(1);
  const Trained one = trained(nullptr);
  const TempFolder folder;
  const std::string checkpoint = folder / "checkpoint";
  for (const Trained& t : of_ranks(4, [&](Ranks* ranks) { return trained(ranks, sizes, checkpoint, 13); })) {
    CHECK(t.record.interrupted);
    CHECK(t.record.curve.size() == 14);  // the next update after the flag was raised
  }
  CHECK(folder.has("checkpoint"));
  for (const Trained& t : of_ranks(2, [&](Ranks* ranks) { return trained(ranks, sizes, checkpoint, 27); }))
    CHECK(t.record.curve.size() == 28);
  const Trained last = trained(nullptr, sizes, checkpoint);
  CHECK(same_bits(last.weights, one.weights));
  CHECK(same_curve(last.record, one.record));
}

TEST_CASE("More ranks than shards, and a remedy that needs the whole batch, are errors with their cure") {
  const auto message = [](int size, const TaskSettings& s) {
    return test::message_of<Error>([&] { run_as_ranks(size, [&](Ranks& ranks) { trained(&ranks, s); }); });
  };
  TaskSettings s = sizes;
  CHECK(message(5, s) ==
        "a batch of 64 rows has 4 shards, so at most 4 of the 5 ranks would have work: start 4 ranks, or use --batch "
        "128");
  s.batch = 8;
  CHECK(message(2, s) ==
        "a batch of 8 rows has 1 shard, so at most 1 of the 2 ranks would have work: start one process, or use --batch "
        "16");
  s = sizes;
  s.remedy = "omega:4";
  CHECK_THAT(message(2, s), Contains("the remedy 'omega:4' is a mean over the whole batch"));
}

TEST_CASE("Different initial weights are an error on every rank") {
  std::vector<std::string> errors(2);
  run_as_ranks(2, [&](Ranks& ranks) {
    const auto task = make_task("chars");
    const Model model{*task, "lstm", sizes, ranks.rank() == 0 ? 1U : 2U};
    errors[static_cast<std::size_t>(ranks.rank())] =
        test::message_of<Error>([&] { check_ranks(&ranks, model, *task, sizes); });
  });
  CHECK_THAT(errors[0], Contains("the checksum of the initial weights differs between ranks"));
  CHECK(errors[0] == errors[1]);
}

}  // namespace rank_training_test
