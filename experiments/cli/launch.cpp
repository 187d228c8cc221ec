#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ebb/experiments/cli/command_line.hpp>
#include <ebb/experiments/cli/launch.hpp>
#include <ebb/experiments/cli/machine.hpp>
#include <ebb/experiments/cli/outcome.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ranks/gather.hpp>
#include <ebb/ranks/mpi_ranks.hpp>
#include <set>

namespace ebb::app {
namespace {

struct World {
  Ranks* ranks = nullptr;
  std::size_t hosts = 1;
  std::string where, what;  // the first complaint of this rank
} the_world;

/// Sends standard output and standard error of ranks other than 0 to the null device. EBB_RANK_OUTPUT=all shows them.
class Muted {
 public:
  explicit Muted(bool muted) {
    const char* const shown = std::getenv("EBB_RANK_OUTPUT");
    if (!muted || (shown && std::string(shown) == "all")) return;
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null < 0) return;
    kept_ = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    close(null);
  }
  ~Muted() {
    if (kept_ >= 0) close(kept_);
  }
  Muted(const Muted&) = delete;
  Muted& operator=(const Muted&) = delete;
  /// To standard error, muted or not.
  void say(const std::string& text) const {
    (void)!write(kept_ >= 0 ? kept_ : STDERR_FILENO, text.data(), text.size());
  }

 private:
  int kept_ = -1;
};

/// Launchers bind ranks to cores of their own, to some that they share, or not at all.
void divide_cores(Ranks& ranks) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  sched_getaffinity(0, sizeof cores, &cores);
  std::string mine = host_name() + "\n";
  for (int c = 0; c < CPU_SETSIZE; ++c) mine += CPU_ISSET(c, &cores) ? '1' : '0';
  const std::vector<std::string> all = gather_all(ranks, "the cores of each rank", mine);
  std::set<std::string> hosts;
  for (const std::string& text : all) hosts.insert(text.substr(0, text.find('\n')));
  the_world.hosts = hosts.size();
  const auto sharing = static_cast<int>(std::count(all.begin(), all.end(), mine));
  if (!std::getenv("OMP_NUM_THREADS")) set_threads(std::max(1, CPU_COUNT(&cores) / sharing));
}

/// All ranks meet when their command has ended, and so learn of one that failed. Returns the exit code.
int meet(Ranks& ranks, int code, const Muted& output) {
  World& w = the_world;
  try {
    if (ranks.lost()) throw RankError(w.what);
    if (w.what.empty()) gather_all(ranks, "the end of the command", "");
    else fail_all(ranks, w.what);
  } catch (const Error& e) {
    if (w.what.empty()) keep_complaint("ebb", e.what());
    if (code == 0) code = 2;
  }
  if (!w.what.empty() && (ranks.lost() || ranks.rank() == 0)) output.say(fmt::format("{}: {}\n", w.where, w.what));
  if (ranks.lost()) ranks.abort(code);
  return code;
}

}  // namespace

Ranks* world() { return the_world.ranks; }

std::string world_text() {
  if (!world()) return {};
  return fmt::format("{} on {}, {} each", count_text(world()->size(), "rank"),
                     count_text(static_cast<double>(the_world.hosts), "host"), count_text(threads(), "thread"));
}

bool keep_complaint(const std::string& where, const std::string& what) {
  if (!world()) return false;
  if (the_world.what.empty()) {
    the_world.where = where;
    the_world.what = what;
  }
  return true;
}

int run_launched(const std::vector<std::string>& words) {
  const Launch launch = launch_of_process();
  if (launch.size < 2) return run_command(words);
  const Muted output(launch.rank > 0);
  std::unique_ptr<Ranks> ranks;
  const int joined = outcome_of("ebb", [&] {
    ranks = mpi_ranks();
    return 0;
  });
  if (joined != 0 || !ranks) return joined;
  the_world.ranks = ranks.get();
  int code = outcome_of("ebb", [&] {
    divide_cores(*ranks);
    return run_command(words);
  });
  code = meet(*ranks, code, output);
  the_world.ranks = nullptr;
  return code;
}

}  // namespace ebb::app
