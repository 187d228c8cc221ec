#include <fmt/format.h>
#include <ebb/ranks/mpi_ranks.hpp>

// The only source file that includes mpi.h. Open MPI's and MPICH's C++ classes, which MPI 3 removed, are left out.
#ifdef EBB_WITH_MPI
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>
#include <sched.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <fstream>
#include <vector>
#endif

namespace ebb {

bool has_mpi() {
#ifdef EBB_WITH_MPI
  return true;
#else
  return false;
#endif
}

#ifdef EBB_WITH_MPI
namespace {

using Clock = std::chrono::steady_clock;

/// A process of the computation, as it introduces itself.
struct Process {
  char host[64] = {};
  std::int64_t id = 0, space = 0;  // of the process, and the inode of the name space in which the id is valid

  static Process of_this() {
    Process p;
    gethostname(p.host, sizeof p.host - 1);
    p.id = getpid();
    struct stat s{};
    if (stat("/proc/self/ns/pid", &s) == 0) p.space = static_cast<std::int64_t>(s.st_ino);
    return p;
  }
  bool is_near(const Process& other) const { return std::strcmp(host, other.host) == 0 && space == other.space; }
  /// Only if it is near. A process that was killed remains as a zombie until its launcher has noticed.
  bool is_dead() const {
    std::ifstream file(fmt::format("/proc/{}/stat", id));
    std::string line;
    if (!std::getline(file, line)) return true;
    const std::size_t name_ends = line.rfind(") ");
    return name_ends != std::string::npos && (line[name_ends + 2] == 'Z' || line[name_ends + 2] == 'X');
  }
};

/// Time between looks at messages that have not arrived: none at first, then that of other processes on the same core,
/// then a short sleep, since a rank may wait for seconds while another one tests or writes.
class Patience {
 public:
  void pass() {
    if (++looks_ < 1000) return;
    if (Clock::now() - begun_ < std::chrono::milliseconds(2)) {
      sched_yield();
      return;
    }
    const timespec pause{0, 50'000};
    nanosleep(&pause, nullptr);
  }
  /// Every tenth of a second.
  bool is_time_to_ask() {
    if (looks_ < 1000 || Clock::now() - asked_ < std::chrono::milliseconds(100)) return false;
    asked_ = Clock::now();
    return true;
  }

 private:
  int looks_ = 0;
  Clock::time_point begun_ = Clock::now(), asked_ = begun_;
};

/// A message on its way.
struct Open {
  int peer, expected;  // bytes; below 0: it is sent
  MPI_Request request = MPI_REQUEST_NULL;
};

constexpr int tag = 1;
constexpr std::size_t most_bytes = std::size_t{1} << 30;  // of one message of MPI, which counts in int

class MpiRanks final : public Ranks {
 public:
  MpiRanks() {
    int provided = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_dup(MPI_COMM_WORLD, &world_);
    MPI_Comm_set_errhandler(world_, MPI_ERRORS_RETURN);
    MPI_Comm_rank(world_, &rank_);
    MPI_Comm_size(world_, &size_);
    processes_.resize(static_cast<std::size_t>(size_));
    const Process mine = Process::of_this();
    MPI_Allgather(&mine, sizeof mine, MPI_BYTE, processes_.data(), sizeof mine, MPI_BYTE, world_);
  }

  ~MpiRanks() override {
    if (std::uncaught_exceptions() > 0) MPI_Abort(MPI_COMM_WORLD, 1);
    MPI_Comm_free(&world_);
    MPI_Finalize();
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::string name(int rank) const override {
    const Process& p = process(rank);
    return fmt::format("rank {} (process {} on {})", rank, p.id, p.host);
  }

  void exchange(std::span<const Outgoing> out, std::span<const Incoming> in) override {
    std::vector<Open> open;
    const auto add = [&](int peer, std::size_t bytes, bool comes, auto&& begin) {
      for (std::size_t at = 0; at == 0 || at < bytes; at += most_bytes) {
        const int count = static_cast<int>(std::min(most_bytes, bytes - at));
        open.push_back({peer, comes ? count : -1});
        check(begin(at, count, &open.back().request), peer);
      }
    };
    for (const Incoming& i : in)
      add(i.from, i.bytes, true, [&](std::size_t at, int count, MPI_Request* r) {
        return MPI_Irecv(static_cast<char*>(i.data) + at, count, MPI_BYTE, i.from, tag, world_, r);
      });
    for (const Outgoing& o : out)
      add(o.to, o.bytes, false, [&](std::size_t at, int count, MPI_Request* r) {
        return MPI_Isend(static_cast<const char*>(o.data) + at, count, MPI_BYTE, o.to, tag, world_, r);
      });
    wait(open);
  }

  std::optional<int> waiting() override {
    int any = 0;
    MPI_Status status;
    check(MPI_Iprobe(MPI_ANY_SOURCE, tag, world_, &any, &status), rank_);
    if (!any) return {};
    return status.MPI_SOURCE;
  }

  void abort(int code) override { MPI_Abort(MPI_COMM_WORLD, code); }

 private:
  const Process& process(int rank) const { return processes_[static_cast<std::size_t>(rank)]; }

  void wait(std::vector<Open>& open) {
    Patience patience;
    for (std::size_t k = 0; k < open.size();) {
      Open& o = open[k];
      int done = 0, count = 0;
      MPI_Status status;
      check(MPI_Test(&o.request, &done, &status), o.peer);
      if (done) {
        if (o.expected >= 0) MPI_Get_count(&status, MPI_BYTE, &count);
        if (o.expected >= 0 && count != o.expected)
          lose(fmt::format("{} expected {} bytes from {}, which sent {}: they are not at the same place of the program",
                           name(rank_), o.expected, name(o.peer), count));
        ++k;
        continue;
      }
      patience.pass();
      if (patience.is_time_to_ask()) reject_dead(o.peer);
    }
  }

  void check(int code, int peer) {
    if (code == MPI_SUCCESS) return;
    char text[MPI_MAX_ERROR_STRING] = {};
    int length = 0;
    MPI_Error_string(code, text, &length);
    lose(fmt::format("a message between {} and {} failed: {}", name(rank_), name(peer), text));
  }

  void reject_dead(int peer) {
    if (process(peer).is_near(process(rank_)) && process(peer).is_dead()) lose(fmt::format("{} has died", name(peer)));
  }

  MPI_Comm world_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1;
  std::vector<Process> processes_;
};

}  // namespace

std::unique_ptr<Ranks> mpi_ranks() {
  const Launch launch = launch_of_process();
  if (launch.size < 2) return nullptr;
  auto ranks = std::make_unique<MpiRanks>();
  if (ranks->size() == launch.size) return ranks;
  char version[MPI_MAX_LIBRARY_VERSION_STRING] = {};
  int length = 0;
  MPI_Get_library_version(version, &length);
  const std::string library(version, std::strcspn(version, ",\n"));
  const int seen = ranks->size();
  ranks.reset();
  throw ValueError(
      fmt::format("{} started {} processes, but {}, which this Ebb was built with, sees {}: use the launcher of that "
                  "MPI, with srun its --mpi=pmix or --mpi=pmi2; EBB_MPI=off lets each process run alone",
                  launch.by, launch.size, library, seen));
}
#else

std::unique_ptr<Ranks> mpi_ranks() {
  const Launch launch = launch_of_process();
  if (launch.size < 2) return nullptr;
  throw ValueError(fmt::format(
      "{} started {} processes, but this Ebb was built without MPI: install libopenmpi-dev or libmpich-dev, "
      "whichever the launcher belongs to, and configure it again, without -DEBB_MPI=OFF; EBB_MPI=off lets "
      "each process run alone",
      launch.by, launch.size));
}
#endif

}  // namespace ebb
