#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/cli/version.hpp>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/train/rank_training.hpp>
#include <ebb/experiments/train/remedy.hpp>
#include <ebb/ops/isa.hpp>
#include <ebb/ranks/gather.hpp>
#include <string_view>

namespace ebb::app {
namespace {

std::string weights_sum(const Model& m) {
  const Array all = m.w.flat();
  return fmt::format("{:08x}", crc32c({static_cast<const char*>(all.raw()), all.bytes()}));
}

/// The smallest batch with that many shards.
int rows_for(int ranks) {
  int rows = 16;
  while (shard_count(rows) < ranks) rows *= 2;
  return rows;
}

void check_shards(int ranks, const TaskSettings& s) {
  for (const auto& remedy : make_remedies(s.remedy))
    if (const auto* const penalty = remedy->as<PenaltyOnRun>(); penalty && penalty->whole_batch())
      throw ValueError(
          fmt::format("the remedy '{}' is a mean over the whole batch, which ranks cannot share: train without mpirun",
                      remedy->text()));
  const int shards = shard_count(s.batch);
  if (ranks > shards)
    throw ValueError(fmt::format(
        "a batch of {} rows has {} shard{}, so at most {} of the {} ranks would have work: start {}, or use --batch {}",
        s.batch, shards, shards == 1 ? "" : "s", shards, ranks,
        shards == 1 ? "one process" : fmt::format("{} ranks", shards), rows_for(ranks)));
}

}  // namespace

void check_ranks(Ranks* ranks, const Model& m, const Task& task, const TaskSettings& s) {
  if (!ranks) return;
  check_shards(ranks->size(), s);
  check_same(*ranks, "the version of Ebb", version_and_commit(), "start the same program on every host");
  check_same(*ranks, "the instruction set", name_of(isa()),
             "results would depend on it: set EBB_ISA to the least of them, with a build that has it "
             "(-DEBB_KERNELS=all)");
  check_same(*ranks, "the data", task.data(), "every host needs the same data, best in one file system");
  check_same(*ranks, "the checksum of the initial weights", weights_sum(m), "start all ranks with the same options");
}

TrainKeeper among_ranks(TrainKeeper keeper, const Model& m) {
  if (!m.ranks) return keeper;
  Ranks& ranks = *m.ranks;
  keeper.load = [&ranks, &m, load = keeper.load](TrainPart& run) {
    if (load) load(run);
    check_same(ranks, "the checksum of the first weights", weights_sum(m),
               "all ranks must read the same checkpoint: the folder of the run has to be in a file system that all "
               "hosts share");
  };
  keeper.save = [&ranks, &m, save = keeper.save](const TrainPart& run) {
    check_same(ranks, "the checksum of the weights", weights_sum(m),
               "a layer or task of your own depends on more than the batch, the seed and the row");
    if (save && ranks.rank() == 0) save(run);
  };
  if (ranks.rank() > 0) keeper.observe = {};
  return keeper;
}

}  // namespace ebb::app
