#include <csignal>
#include <ebb/experiments/sweep/rank_workers.hpp>
#include <ebb/ranks/thread_ranks.hpp>
#include <map>

#include "catch.hpp"
#include "temp_folder.hpp"

namespace rank_workers_test {

using namespace ebb::app::sweep;

namespace {

bool nobody() { return false; }
bool somebody() { return true; }

}  // namespace

TEST_CASE("rank 0 deals calls to all ranks and hears how they ended") {
  const TempFolder f;
  ebb::run_as_ranks(3, [&](ebb::Ranks& ranks) {
    auto own = processes(1, 2, "/bin/sh");
    if (ranks.rank() > 0) return serve(ranks, *own, nobody);
    const auto all = workers_of_ranks(ranks, std::move(own));
    CHECK(all->free() == 3);
    CHECK(all->cores() == 6);
    std::map<std::size_t, Finished> ended;
    std::size_t next = 0;
    while (ended.size() < 9) {
      for (; next < 9 && all->free() > 0; ++next)
        all->start({next, {"-c", "echo $1; exit " + std::to_string(next)}, f / std::to_string(next)}, 9);
      for (const Finished& e : all->wait(10)) ended[e.id] = e;
    }
    for (std::size_t k = 0; k < 9; ++k) {
      CHECK(ended[k].code == static_cast<int>(k));
      CHECK(read_all(f / std::to_string(k)) == "2\n");  // each rank runs one at a time, on its two threads
    }
    CHECK(all->free() == 3);
    all->start({10, {"-c", "sleep .3"}, f / "10"}, 2);
    all->start({9, {"-c", "exit 0"}, f / "none/log"}, 1);  // on another rank, which cannot write the log
    while (ended.size() < 11)
      for (const Finished& e : all->wait(10)) ended[e.id] = e;
    CHECK(ended[9].code == 2);
  });
}

TEST_CASE("a rank that is asked to stop says so, and all are stopped by rank 0") {
  const TempFolder f;
  ebb::run_as_ranks(2, [&](ebb::Ranks& ranks) {
    auto own = processes(1, 1, "/bin/sh");
    if (ranks.rank() > 0) return serve(ranks, *own, somebody);
    const auto all = workers_of_ranks(ranks, std::move(own));
    for (std::size_t k = 0; k < 2; ++k) all->start({k, {"-c", "exec sleep 30"}, f / std::to_string(k)}, 2);
    while (!all->stop_wanted()) all->wait(1);
    all->stop();
    int ended = 0;
    while (ended < 2)
      for (const Finished& e : all->wait(10)) {
        CHECK(e.signal == SIGTERM);
        ++ended;
      }
  });
}

}  // namespace rank_workers_test
