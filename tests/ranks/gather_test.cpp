#include "catch.hpp"

#include <stdlib.h>

#include <ebb/ranks/gather.hpp>
#include <ebb/ranks/mpi_ranks.hpp>
#include <ebb/ranks/text.hpp>
#include <ebb/ranks/thread_ranks.hpp>
#include <mutex>
#include <string>
#include <vector>

namespace gather_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

/// What each rank's body throws; empty if nothing.
std::vector<std::string> errors_of(int size, const std::function<void(Ranks&)>& body) {
  std::vector<std::string> errors(static_cast<std::size_t>(size));
  run_as_ranks(size, [&](Ranks& ranks) {
    try {
      body(ranks);
    } catch (const Error& e) { errors[static_cast<std::size_t>(ranks.rank())] = e.what(); }
  });
  return errors;
}

/// A variable of the environment, for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = getenv(name)) before_ = before;
    if (value) setenv(name, value, 1);
    else unsetenv(name);
  }
  ~Variable() {
    if (before_) setenv(name_, before_->c_str(), 1);
    else unsetenv(name_);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("All ranks gather the texts of all, by rank", "[shards]") {
  for (int size = 1; size <= 9; ++size) {
    std::vector<std::vector<std::string>> all(static_cast<std::size_t>(size));
    run_as_ranks(size, [&](Ranks& ranks) {
      std::string mine(static_cast<std::size_t>(100 * ranks.rank()), 'x');
      mine += std::to_string(ranks.rank());
      for (int k = 0; k < 3; ++k) all[static_cast<std::size_t>(ranks.rank())] = gather_all(ranks, "test", mine);
    });
    for (const auto& texts : all) {
      REQUIRE(texts.size() == static_cast<std::size_t>(size));
      for (std::size_t r = 0; r < texts.size(); ++r) CHECK(texts[r] == std::string(100 * r, 'x') + std::to_string(r));
    }
  }
}

TEST_CASE("The reason why a rank failed is the error of the others at their next gathering, which is the last",
          "[shards]") {
  const auto errors = errors_of(5, [](Ranks& ranks) {
    gather_all(ranks, "first", "");
    if (ranks.rank() == 3) {
      fail_all(ranks, "no such file");
      fail_all(ranks, "and another reason");  // returns at once
      gather_all(ranks, "second", "");
    }
    try {
      gather_all(ranks, "second", "");
    } catch (const RankError&) {
      fail_all(ranks, "not sent");
      throw;
    }
  });
  for (int r = 0; r < 5; ++r) {
    const std::string& e = errors[static_cast<std::size_t>(r)];
    CHECK(e == (r == 3 ? "rank 3 (a thread): another rank has failed" : "rank 3 (a thread): no such file"));
  }
}

TEST_CASE("Of several ranks that fail, the lowest one is named", "[shards]") {
  const auto errors = errors_of(4, [](Ranks& ranks) {
    if (ranks.rank() >= 2) return fail_all(ranks, "reason of " + std::to_string(ranks.rank()));
    gather_all(ranks, "update", "");
  });
  CHECK(errors[0] == "rank 2 (a thread): reason of 2");
  CHECK(errors[1] == errors[0]);
}

TEST_CASE("Ranks that gather at different places of the program are an error", "[shards]") {
  const auto errors = errors_of(3, [](Ranks& ranks) { gather_all(ranks, ranks.rank() == 1 ? "end" : "update", ""); });
  for (const std::string& e : errors)
    CHECK(e == "ranks are not in step: rank 0 (a thread) is at 'update', but rank 1 (a thread) at 'end'");
}

TEST_CASE("What must be the same on all ranks is compared", "[shards]") {
  const auto errors = errors_of(3, [](Ranks& ranks) {
    check_same(ranks, "the colour", "red", "paint it");
    check_same(ranks, "the colour", ranks.rank() == 2 ? "blue" : "red", "paint it");
  });
  for (const std::string& e : errors)
    CHECK(e == "the colour differs between ranks: red on rank 0 (a thread), blue on rank 2 (a thread); paint it");
}

TEST_CASE("A raised flag is seen by all ranks after the same gathering, and stays up", "[shards]") {
  run_as_ranks(4, [](Ranks& ranks) {
    for (int k = 0; k < 6; ++k) {
      if (k == 2 && ranks.rank() == 3) ranks.raise();
      if (ranks.raised() != (k > 2)) throw Error("round " + std::to_string(k));
      gather_all(ranks, "round", "");
    }
  });
}

TEST_CASE("A rank that waits for one that has ended gets an error that names it", "[shards]") {
  const auto errors = errors_of(3, [](Ranks& ranks) {
    if (ranks.rank() == 1) return;
    try {
      receive_text(ranks, 1);
    } catch (const RankError&) {
      if (!ranks.lost()) throw Error("not lost");
      throw;
    }
  });
  CHECK(errors[0] == "rank 1 (a thread) has ended");
  CHECK(errors[2] == errors[0]);
}

TEST_CASE("A message of another size than expected is an error") {
  const auto errors = errors_of(2, [](Ranks& ranks) {
    int x[2] = {};
    if (ranks.rank() == 0) ranks.send(1, x, sizeof x);
    else ranks.receive(0, x, sizeof x[0]);
  });
  CHECK(errors[1] == "rank 1 (a thread) expected 4 bytes from rank 0 (a thread), which sent 8");
}

TEST_CASE("The sender of a message that has arrived is found without waiting", "[shards]") {
  run_as_ranks(3, [](Ranks& ranks) {
    if (ranks.rank() > 0) return send_text(ranks, 0, "from " + std::to_string(ranks.rank()));
    std::vector<std::string> came(3);
    for (int k = 0; k < 2;)
      if (const std::optional<int> from = ranks.waiting()) {
        came[static_cast<std::size_t>(*from)] = receive_text(ranks, *from);
        ++k;
      }
    if (came[1] != "from 1" || came[2] != "from 2" || ranks.waiting()) throw Error("wrong messages");
  });
}

TEST_CASE("Abort ends the ranks that wait") {
  const auto errors = errors_of(3, [](Ranks& ranks) {
    if (ranks.rank() == 0) ranks.abort(1);
    else receive_text(ranks, 3 - ranks.rank());
  });
  CHECK(errors[0].empty());
  CHECK_THAT(errors[1], Contains("has ended"));
  CHECK_THAT(errors[2], Contains("has ended"));
}

TEST_CASE("The environment shows whether a launcher started several processes") {
  const Variable none[] = {{"EBB_MPI", nullptr},
                           {"OMPI_COMM_WORLD_SIZE", nullptr},
                           {"PMI_SIZE", nullptr},
                           {"MV2_COMM_WORLD_SIZE", nullptr},
                           {"SLURM_STEP_NUM_TASKS", nullptr}};
  CHECK(launch_of_process().size == 1);
  CHECK(mpi_ranks() == nullptr);
  {
    const Variable size("OMPI_COMM_WORLD_SIZE", "4"), rank("OMPI_COMM_WORLD_RANK", "3");
    CHECK(launch_of_process().by == "mpirun (Open MPI)");
    CHECK(launch_of_process().size == 4);
    CHECK(launch_of_process().rank == 3);
    const Variable off("EBB_MPI", "off");
    CHECK(launch_of_process().size == 1);
  }
  {
    const Variable size("PMI_SIZE", "2"), rank("PMI_RANK", "1");
    CHECK(launch_of_process().size == 2);
    if (!has_mpi())
      CHECK_THROWS_WITH(mpi_ranks(),
                        Contains("mpiexec (MPICH or Intel MPI) started 2 processes, but this Ebb was built "
                                 "without MPI: install libopenmpi-dev or libmpich-dev"));
  }
  const Variable one("OMPI_COMM_WORLD_SIZE", "1");
  CHECK(launch_of_process().size == 1);
}

}  // namespace gather_test
